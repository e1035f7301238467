using System.Net.Http.Json;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform.Testing;
using MailKit.Security;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace Hikyaku.MailNode.Tests.Integration;

public sealed class Telling_facts(NodeToBreak fixture) : IClassFixture<NodeToBreak>
{
    [Fact, Trait("Rule", "RST-2"), Trait("Rule", "NOD-2"), Trait("Rule", "REL-3")]
    public async Task Every_login_is_told_once_also_when_broker_and_replica_were_away()
    {
        await using var rabbit = await RabbitServer.StartDedicatedAsync();
        await using var node = await MailNodeUnderTest.StartAsync(rabbit);
        var account = await Account.OpenAsync(node);
        using (var imap = await node.ImapAsync("IMAPS", SecureSocketOptions.SslOnConnect)) await imap.AuthenticateAsync(account.Address, account.Secret);
        var first = await Eventually.Async(() => node.Broker.LoginsOf(account.Address).FirstOrDefault(), l => l is not null);
        Assert.Equal((account.State.AccountId, "127.0.0.1", "imap", true, true, 1), (first!.AccountId, first.Source, first.Protocol, first.Tls, first.Success, first.Count));
        Assert.InRange(first.At, DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow);

        await rabbit.ShutDownAsync();
        await ReportAsync(node, account.Address, "192.0.2.", 40, success: true);
        await ReportAsync(node, "nobody@example.jp", "198.51.100.", 30, success: false);
        await Tell(node, new MailboxErased("mail1", "erased", DateTimeOffset.UtcNow));
        await Eventually.Async(() => Waiting(node) >= 2);

        // A new replica while there is something to tell.
        var identity = Identity(node);
        node.RemoveReplica();
        await Eventually.Async(() => Identity(node) != identity);
        await ReportAsync(node, account.Address, "192.0.2.", 20, success: true);

        // And another agent.
        await node.StopAgentAsync();
        await node.StartAgentAsync();
        await ReportAsync(node, account.Address, "192.0.2.", 10, success: false);

        await rabbit.StartAgainAsync();
        await Eventually.Async(() => Waiting(node) == 0, TimeSpan.FromSeconds(60));
        await Eventually.Async(() => node.Broker.LoginsOf(account.Address).Sum(l => l.Count), sum => sum == 71, TimeSpan.FromSeconds(60));
        await Eventually.Async(() => node.Broker.LoginsOf("nobody@example.jp").Sum(l => l.Count), sum => sum == 30);
        Assert.Equal(61, node.Broker.LoginsOf(account.Address).Where(l => l.Success).Sum(l => l.Count));
        Assert.All(node.Broker.LoginsOf("nobody@example.jp"), l => Assert.Null(l.AccountId));
        Assert.Single(node.Broker.Facts.Values.OfType<MailboxErased>());
    }

    [Theory, Trait("Rule", "RST-2"), Trait("Rule", "SEC-6")]
    [InlineData("a\u0000b@example.jp", "192.0.2.1", null, "192.0.2.1")]
    [InlineData("", "::ffff:192.0.2.1", null, "192.0.2.1")]
    [InlineData("TARO@example.jp", "no address", "taro@example.jp", null)]
    [InlineData("' OR 1=1 --", "2001:DB8::1", "' or 1=1 --", "2001:db8::1")]
    public async Task Whatever_somebody_gives_as_a_name_is_counted(string login, string remote, string? told, string? source)
    {
        var node = fixture.Node;
        node.Broker.Facts.Clear(); // of the other names
        await ReportAsync(node, login, remote, 1, success: false);
        var seen = await Eventually.Async(() => node.Broker.Facts.Values.OfType<LoginsObserved>().SelectMany(f => f.Logins).FirstOrDefault(), l => l is not null);
        Assert.Equal((told, source, 1L), (seen!.Login, seen.Source, seen.Count));
    }

    // As Dovecot reports it; a source that ends with a dot is a different one each time.
    private static async Task ReportAsync(MailNodeUnderTest node, string login, string source, int times, bool success)
    {
        using var http = new HttpClient { BaseAddress = node.AgentAddress };
        for (var i = 1; i <= times; i++)
        {
            var remote = source.EndsWith('.') ? $"{source}{i}" : source;
            using var answer = await http.PostAsJsonAsync("/auth-policy?command=report", new { login, protocol = "imap", remote, secured = "", success, tls = true });
            answer.EnsureSuccessStatusCode();
        }
    }

    private static Task<bool> Tell(MailNodeUnderTest node, object fact)
        => node.Agent.GetRequiredService<Replica>().WriteAsync(r => { FactOutbox.Add(r, fact); return true; });

    private static long Waiting(MailNodeUnderTest node) => node.AskReplica("SELECT count(*) FROM fact");

    private static string Identity(MailNodeUnderTest node)
    {
        using var replica = new SqliteConnection($"Data Source={node.Replica};Mode=ReadOnly;Pooling=False");
        replica.Open();
        return replica.One<string>("SELECT identity FROM replica")!;
    }
}
