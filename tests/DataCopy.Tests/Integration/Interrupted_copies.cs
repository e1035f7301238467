using System.Net;
using System.Text.Json.Nodes;
using Hikyaku.Copier.Tests.Integration;
using Hikyaku.DataCopy.Mails;
using Hikyaku.Platform.Testing;

namespace Hikyaku.DataCopy.Tests.Integration;

public sealed class Interrupted_copies(CopyPlatform platform)
{
    [Fact, Trait("Rule", "CPY-4"), Trait("Rule", "CPY-5")]
    public async Task A_full_mailbox_ends_the_copy_and_a_larger_one_lets_a_repetition_go_on()
    {
        var copy = platform.NewCopy(small: true);
        await copy.Source.StoreAsync("INBOX", [.. Enumerable.Range(0, 30).Select(i => Mailbox.Message($"m{i}", 10_000))]);

        var full = await copy.RunAsync();

        Assert.Equal(("failed", "capacity", "capacity"), ((string)full["state"]!, (string)full["reason"]!, (string)full["cause"]!));
        var mail = await copy.MailAsync();
        Assert.Equal(EndMail.Repeat, mail.Subject);
        Assert.Contains("メールボックスの容量が不足している可能性があります", mail.TextBody, StringComparison.Ordinal);
        Assert.Contains("Ask your administrator", mail.TextBody!.ReplaceLineEndings(" "), StringComparison.OrdinalIgnoreCase);
        var before = await copy.Destination.CountAsync();
        platform.SetCapacity(copy.Destination.User, 10_000_000);

        var again = await copy.RunAsync();

        Assert.Equal(("succeeded", null), ((string)again["state"]!, (string?)again["reason"]));
        Assert.Equal((30 - before, before), ((int)again["messages"]!["copied"]!, (int)again["messages"]!["alreadyThere"]!));
        Assert.Equal(30, await copy.Destination.CountAsync());
        Assert.Equal(EndMail.Completed, (await copy.MailAsync(2)).Subject);
    }

    [Fact, Trait("Rule", "CPY-6")]
    public async Task While_the_source_is_away_the_copy_is_paused_and_then_goes_on()
    {
        var copy = platform.NewCopy();
        await copy.Source.StoreAsync("INBOX", Mailbox.Message("a"), Mailbox.Message("b"));
        await using var proxy = new CuttingProxy(copy.Source.Server.Port) { AtAnswer = "FETCH" };

        var id = (string)(await copy.StartAsync(copy.SourceBody(proxy.Port))).Body!["id"]!;

        var paused = await Eventually.Async(() => copy.ReadAsync(id), c => (string)c["state"]! == "paused");
        Assert.Equal("connection-lost", (string)paused["cause"]!);
        Assert.NotNull(paused["pausedUntil"]);
        proxy.Cuts = 0;
        Assert.Equal(("succeeded", 2), Outcome(await copy.EndedAsync(id)));
        Assert.Equal(2, await copy.Destination.CountAsync());
        var history = await platform.SendAsync(HttpMethod.Get, $"/api/v1/accounts/{copy.Account.Address}/history?limit=50", ServiceUnderTest.UserOf(copy.Account), copy.Account);
        Assert.Contains(history.Body!["items"]!.AsArray(), i => (string)i!["type"]! == "datacopy.copy-paused");
    }

    [Fact, Trait("Rule", "CPY-6"), Trait("Rule", "CPY-7")]
    public async Task A_cancelled_copy_ends_and_is_continued_by_another()
    {
        var copy = platform.NewCopy();
        await copy.Source.StoreAsync("INBOX", [.. Enumerable.Range(0, 20).Select(i => Mailbox.Message($"m{i}"))]);
        await using var proxy = new CuttingProxy(copy.Source.Server.Port) { AtAnswer = "FETCH" };
        var id = (string)(await copy.StartAsync(copy.SourceBody(proxy.Port))).Body!["id"]!;
        await Eventually.Async(() => copy.ReadAsync(id), c => (string)c["state"]! is "paused" or "running");

        Assert.Equal(HttpStatusCode.OK, (await copy.SendAsync(HttpMethod.Delete, $"/{id}")).Status);

        Assert.Equal("cancelled", (string)(await copy.EndedAsync(id))["state"]!);
        Assert.Equal(HttpStatusCode.Conflict, (await copy.SendAsync(HttpMethod.Delete, $"/{id}")).Status);
        Assert.Equal(0, await platform.AskAsync<long>($"select count(*) from copy_work where job_id = {id}"));
        Assert.Equal(("succeeded", 20), Outcome(await copy.RunAsync()));
        Assert.Equal(20, await copy.Destination.CountAsync());
        Assert.Single(await platform.Outbox.ToAsync(copy.Notify, 1)); // of the one that the user has cancelled nothing is told
    }

    [Fact, Trait("Rule", "CPY-4")]
    public async Task A_folder_that_the_source_renamed_is_not_copied_again()
    {
        var copy = platform.NewCopy();
        await copy.Source.StoreAsync("INBOX.Old", Mailbox.Message("a"), Mailbox.Message("a"), Mailbox.Message("b"));
        Assert.Equal(("succeeded", 3), Outcome(await copy.RunAsync()));
        await copy.Source.UseAsync(async client =>
        {
            await (await client.GetFolderAsync("INBOX.Old")).RenameAsync(client.GetFolder(client.PersonalNamespaces[0]), "New");
            return 0;
        });
        await copy.Source.StoreAsync("INBOX.New", Mailbox.Message("c"));

        Assert.Equal(("succeeded", 1), Outcome(await copy.RunAsync()));
        Assert.Equal(4, await copy.Destination.CountAsync());
        Assert.Equal(("succeeded", 0), Outcome(await copy.RunAsync()));
    }

    [Fact, Trait("Rule", "CPY-6")]
    public async Task Followers_see_a_copy_move_until_its_end()
    {
        var copy = platform.NewCopy();
        await copy.Source.StoreAsync("INBOX", Mailbox.Message("a"));
        var id = (string)(await copy.StartAsync()).Body!["id"]!;

        var events = await copy.SendAsync(HttpMethod.Get, $"/{id}/events");

        var views = events.Text.Split('\n').Where(l => l.StartsWith("data: ", StringComparison.Ordinal)).Select(l => JsonNode.Parse(l[6..])!).ToList();
        Assert.Equal("succeeded", (string)views[^1]["state"]!);
        Assert.Equal(1, (int)views[^1]["messages"]!["copied"]!);
    }

    private static (string State, int Copied) Outcome(JsonNode copy) => ((string)copy["state"]!, (int)copy["messages"]!["copied"]!);
}
