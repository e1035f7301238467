using System.Net;
using System.Net.Http.Json;
using Hikyaku.Platform.Testing;

namespace Hikyaku.MailNode.Tests.Integration;

public sealed class A_full_disk
{
    [Fact, Trait("Rule", "REL-8"), Trait("Rule", "NOD-2")]
    public async Task With_a_full_disk_states_and_logins_wait_and_health_says_so()
    {
        await using var node = await MailNodeUnderTest.StartAsync(diskMb: 48);
        var account = await Account.OpenAsync(node);
        var filler = Path.Combine(node.Home, "mailnode", "filler");
        Fill(filler);
        var applied = node.Accounts.Applied;
        var changed = account;
        for (var capacity = 11; capacity <= 60; capacity++)
            changed = await changed.ChangeAsync(s => s with { CapacityMb = capacity }, account.Password, wait: false);
        await Eventually.Async(async () => (await HealthAsync(node)).Contains("cannot be written", StringComparison.Ordinal), TimeSpan.FromSeconds(30));
        Assert.InRange(node.Accounts.Applied, applied, node.Accounts.Position - 1);
        using (var http = new HttpClient { BaseAddress = node.AgentAddress })
        {
            for (var i = 0; i < 20; i++)
                (await http.PostAsJsonAsync("/auth-policy?command=report", new { login = "full@example.jp", protocol = "imap", remote = "192.0.2.1", success = false })).Dispose();
        }

        File.Delete(filler);
        await Eventually.Async(() => node.Accounts.Applied == node.Accounts.Position, TimeSpan.FromSeconds(30));
        Assert.Equal(60, node.AskReplica("SELECT capacity_mb FROM mailbox WHERE account_id = $1", account.State.AccountId));
        await Eventually.Async(() => node.Broker.LoginsOf("full@example.jp").Sum(l => l.Count), sum => sum == 20, TimeSpan.FromSeconds(30));
        await node.ReadyAsync();
        (await account.LoggedInAsync()).Dispose();
    }

    [Fact, Trait("Rule", "REL-8"), Trait("Rule", "NOD-2")]
    public async Task Mail_is_put_off_while_the_disk_is_full_and_comes_once_when_it_is_not()
    {
        await using var node = await MailNodeUnderTest.StartAsync(diskMb: 400);
        var account = await Account.OpenAsync(node, capacityMb: 1000);
        await node.DeliverAsync(account.Address, "before");
        await Eventually.Async(account.InboxAsync, inbox => inbox.SequenceEqual(["before"]));
        await node.StopDovecotAsync();
        for (var i = 0; i < 3; i++) await node.DeliverAsync(account.Address, $"taken {i}", 200_000);
        await Eventually.Async(node.QueueAsync, queue => queue.Count(m => m.Queue == "deferred") == 3, TimeSpan.FromSeconds(30));
        await node.StartDovecotAsync();

        var filler = Path.Combine(node.Home, "mailnode", "filler");
        Fill(filler);
        foreach (var port in new[] { "SMTP", "SUBMISSION" })
        {
            using var smtp = await node.SmtpAsync(port);
            if (port == "SUBMISSION") await smtp.AuthenticateAsync(account.Address, account.Secret);
            Assert.StartsWith("452", await smtp.SayMessageAsync(account.Address, account.Address, "Subject: put off"), StringComparison.Ordinal);
        }

        Assert.StartsWith("4", await node.HandOverAsync(account.Address, 200_000), StringComparison.Ordinal);
        await node.FlushQueueAsync();
        await Eventually.Async(() => node.Log.Split("status=deferred").Length > 6, TimeSpan.FromSeconds(30)); // each a second time
        Assert.Equal(["before"], await account.InboxAsync());

        File.Delete(filler);
        await node.FlushQueueAsync();
        await node.DeliverAsync(account.Address, "afterwards");
        await Eventually.Async(account.InboxAsync, inbox => inbox.Order().SequenceEqual(["afterwards", "before", "taken 0", "taken 1", "taken 2"]), TimeSpan.FromSeconds(60));
        Assert.Empty(await node.QueueAsync());
        Assert.DoesNotContain("status=bounced", node.Log, StringComparison.Ordinal);
    }

    private static void Fill(string file)
    {
        using var disk = new FileStream(file, new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, BufferSize = 0 });
        try
        {
            while (true) disk.Write(new byte[4096]);
        }
        catch (IOException)
        {
            // full
        }
    }

    private static async Task<string> HealthAsync(MailNodeUnderTest node)
    {
        using var http = new HttpClient { BaseAddress = node.AgentAddress };
        using var answer = await http.GetAsync(new Uri("/health/ready", UriKind.Relative));
        Assert.True(answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.ServiceUnavailable);
        return await answer.Content.ReadAsStringAsync();
    }
}
