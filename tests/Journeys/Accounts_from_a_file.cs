using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Hikyaku.Platform.Testing;
using MailKit.Net.Imap;

namespace Hikyaku.Journeys;

/// <summary>A company moves in with a file that Japanese Excel has saved.</summary>
public sealed class Accounts_from_a_file(PlatformUnderTest platform)
{
    private static readonly int Accounts = Campaign.Size("accounts", everyDay: 200);
    private static readonly TimeSpan Within = TimeSpan.FromMinutes(10);

    [Fact, Trait("Rule", "ACC-9"), Trait("Rule", "ACC-10"), Trait("Rule", "ACC-12"), Trait("Size", "accounts")]
    public async Task A_CP932_file_becomes_accounts_that_log_in_and_another_one_changes_them()
    {
        Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);
        var domain = await platform.DomainAsync(maxAccounts: 20_000, maxCapacityMb: 10_000_000);

        var registration = new StringBuilder("mail_account,password,mail_capacity,comment\r\n");
        for (var i = 0; i < Accounts; i++) registration.Append(CultureInfo.InvariantCulture, $"user{i:00000},{PasswordOf(i)},50,\"営業部, 内線{i}\"\r\n");
        var registered = await FinishedAsync(await UploadAsync(domain, "imports", registration.ToString()));
        Assert.Equal(Accounts, registered["result"]!["registered"]!.GetValue<int>());
        foreach (var i in Sample())
        {
            using var imap = await platform.ImapAsync(Address(i, domain), password: PasswordOf(i));
        }

        Assert.Equal($"営業部, 内線{Accounts - 1}", (await platform.Operator.GetAsync($"/api/v1/accounts/{Address(Accounts - 1, domain)}")).Body!["comment"]!.GetValue<string>());

        var change = new StringBuilder("mail_account,password,mail_capacity\r\nnobody,,\r\n");
        for (var i = 0; i < Accounts; i += 2) change.Append(CultureInfo.InvariantCulture, $"user{i:00000},{PasswordOf(i + 1_000_000)},60\r\n");
        var changed = await FinishedAsync(await UploadAsync(domain, "bulk-changes", change.ToString()));
        Assert.Equal(((Accounts + 1) / 2, 1), (changed["result"]!["changed"]!.GetValue<int>(), changed["result"]!["skipped"]!.GetValue<int>()));
        foreach (var i in Sample())
        {
            await LogsInAfterAChangeAsync(Address(i, domain), PasswordOf(i % 2 == 0 ? i + 1_000_000 : i));
        }

        await PlatformUnderTest.VerifyAsync();
    }

    private static IEnumerable<int> Sample() => Enumerable.Range(0, Math.Min(Accounts, 200)).Select(i => i * Accounts / Math.Min(Accounts, 200));

    private static string Address(int account, string domain) => string.Create(CultureInfo.InvariantCulture, $"user{account:00000}@{domain}");

    // At most five digits in a row (ACC-2).
    private static string PasswordOf(int account) => string.Create(CultureInfo.InvariantCulture, $"Koko-{account / 1000:0000}-{account % 1000:000}xY");

    // Sessions end in two rounds, a second apart: who comes in between is thrown out once more, and comes back as mail programs do.
    private async Task LogsInAfterAChangeAsync(string address, string password)
    {
        try
        {
            using var imap = await platform.ImapAsync(address, password: password);
        }
        catch (ImapProtocolException)
        {
            using var again = await platform.ImapAsync(address, password: password);
        }
    }

    private async Task<Reply> UploadAsync(string domain, string what, string text)
    {
        using var content = new ByteArrayContent(Encoding.GetEncoding(932).GetBytes(text)) { Headers = { ContentType = new MediaTypeHeaderValue("text/csv") } };
        var reply = await platform.Operator.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/{what}", content);
        Assert.Equal(202, reply.Status);
        return reply;
    }

    private async Task<JsonNode> FinishedAsync(Reply begun)
    {
        var ended = await Eventually.Async(
            () => platform.Operator.GetAsync($"/api/v1/jobs/{begun.Body!["id"]!.GetValue<string>()}"), r => r.Body?["finishedAt"] is not null, Within);
        Assert.True(ended.Body!["state"]!.GetValue<string>() == "succeeded", ended.Text);
        return ended.Body;
    }
}
