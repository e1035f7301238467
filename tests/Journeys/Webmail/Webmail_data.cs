using Hikyaku.Platform.Testing;
using MailKit;
using Npgsql;

namespace Hikyaku.Journeys.Webmail;

/// <summary>What webmail keeps: drafts and attachments while people write, contacts and settings until the account is deleted.</summary>
[Trait("Rule", "WEB-1")]
public sealed class Webmail_data(PlatformUnderTest platform, WebmailBrowser browser) : IClassFixture<WebmailBrowser>
{
    [Fact, Trait("Rule", "ACC-5")]
    public async Task A_deleted_account_leaves_nothing_and_a_later_one_has_no_contact()
    {
        var domain = await platform.DomainAsync();
        var account = await platform.AccountAsync(domain);
        var neighbour = await platform.AccountAsync(domain, "hanako");
        await using var window = await browser.LogInAsync(account);
        await using var other = await browser.LogInAsync(neighbour);
        foreach (var w in new[] { window, other }) await w.AddContactAsync("Friend", "friend@elsewhere.example");

        await Eventually.Async(async () => await CountsAsync(account) is { Users: 1, Identities: 1, Contacts: 1, Sessions: > 0 });
        var deleted = await platform.Operator.SendAsync(HttpMethod.Delete, $"/api/v1/accounts/{account}");
        Assert.Equal(202, deleted.Status);
        await platform.JobAsync(deleted, "succeeded");

        Assert.Equal(new Kept(0, 0, 0, 0), await CountsAsync(account));
        Assert.True(await CountsAsync(neighbour) is { Users: 1, Contacts: 1, Sessions: > 0 });
        await window.GoAsync("?_task=addressbook");
        await window.Page.WaitForSelectorAsync("#rcmloginuser");

        await platform.AccountAsync(domain);
        await window.LogInAsync(account, PlatformUnderTest.Password);
        await window.Page.WaitForSelectorAsync("a.logout");
        Assert.Equal(0, (await CountsAsync(account)).Contacts);
    }

    [Fact]
    public async Task A_draft_is_there_after_webmail_was_killed()
    {
        var domain = await platform.DomainAsync();
        var account = await platform.AccountAsync(domain);
        var other = await platform.AccountAsync(domain, "hanako");
        await using var window = await browser.LogInAsync(account);
        await window.ComposeAsync(other, "Unfinished", "the beginning");
        await window.Button("save").ClickAsync();
        await window.Notice("下書き").WaitForAsync();

        var before = await platform.ProcessAsync("webmail");
        await platform.KillAsync("webmail");
        // Its workers serve on until the next one ends them.
        await Eventually.Async(() => platform.ProcessAsync("webmail"), now => now != before && now != "0", TimeSpan.FromSeconds(60));
        await ReadyAsync();
        await window.GoAsync("?_task=mail&_mbox=Drafts");
        await window.Message("Unfinished").Locator("td.subject").DblClickAsync();
        await window.ShownAsync("_action=compose");
        Assert.Contains("the beginning", await window.Page.InputValueAsync("#composebody"), StringComparison.Ordinal);
        await window.SendAsync();
        await platform.ArrivesAsync(other, "Unfinished");
    }

    [Fact, Trait("Rule", "NOD-4")]
    public async Task An_attachment_of_72_MB_goes_and_a_larger_one_is_refused_with_the_limit()
    {
        var domain = await platform.DomainAsync();
        var account = await platform.AccountAsync(domain, capacityMb: 500);
        var other = await platform.AccountAsync(domain, "hanako", capacityMb: 500);
        var (fits, tooLarge) = (Path.GetTempFileName(), Path.GetTempFileName());
        try
        {
            await using (var file = File.OpenWrite(fits)) file.SetLength(72 * 1024 * 1024);
            await using (var file = File.OpenWrite(tooLarge)) file.SetLength(73 * 1024 * 1024);
            await using var window = await browser.LogInAsync(account);
            await window.ComposeAsync(other, "Large", "with a file");
            Assert.Contains("72 MB", await window.Page.InnerTextAsync("#compose-attachments"), StringComparison.Ordinal); // said before

            await window.Page.SetInputFilesAsync("#uploadform input[type=file]", tooLarge);
            await window.Page.Locator("#messagestack", new() { HasText = "上限(72 MB)" }).First.WaitForAsync();
            Assert.Equal(0, await window.Attachments.CountAsync());

            await window.Page.SetInputFilesAsync("#uploadform input[type=file]", fits);
            await window.Attachments.WaitForAsync(new() { Timeout = 120_000 });
            await window.SendAsync();
            await window.ShownAsync("_mbox=INBOX", seconds: 240);
        }
        finally
        {
            File.Delete(fits);
            File.Delete(tooLarge);
        }

        await platform.ArrivesAsync(other, "Large");
        using var imap = await platform.ImapAsync(other);
        await imap.Inbox.OpenAsync(FolderAccess.ReadOnly);
        var summary = Assert.Single(await imap.Inbox.FetchAsync(0, -1, MessageSummaryItems.Size));
        Assert.InRange(summary.Size!.Value, 98_000_000u, 104_857_600u);
    }

    private Task ReadyAsync() => Eventually.Async(async () =>
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        try
        {
            using var answer = await http.GetAsync(new Uri(platform.Endpoints["webmail"]!.GetValue<string>() + "/health/ready"));
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return false; // it does not even answer
        }
    });

    private async Task<Kept> CountsAsync(string account)
    {
        var (host, port) = platform.Server("postgres");
        var password = await File.ReadAllTextAsync(Path.Combine(platform.Home, "secrets", "postgres-webmail"));
        await using var database = NpgsqlDataSource.Create($"Host={host};Port={port};Database=webmail;Username=webmail;Password={password}");
        await using var command = database.CreateCommand(
            """
            select (select count(*) from users where username = $1),
                (select count(*) from identities where email = $1),
                (select count(*) from contacts c join users u using (user_id) where u.username = $1),
                (select count(*) from session where encode(decode(vars, 'base64'), 'escape') like '%' || $1 || '%')
            """);
        command.Parameters.Add(new() { Value = account });
        await using var reader = await command.ExecuteReaderAsync();
        Assert.True(await reader.ReadAsync());
        return new(reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3));
    }

    private sealed record Kept(long Users, long Identities, long Contacts, long Sessions);
}
