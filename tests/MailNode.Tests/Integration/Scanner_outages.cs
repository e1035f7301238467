using System.Net.Sockets;
using System.Text;
using Hikyaku.Platform.Testing;
using static Hikyaku.MailNode.Tests.Integration.ScannedMail;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>A node whose mail waits while it cannot be judged, and whose judge asks a name server of the test.</summary>
public sealed class NodeThatWaits : NodeFixture, IAsyncLifetime
{
    public NameServer Dns { get; } = new();

    async ValueTask IAsyncLifetime.InitializeAsync()
    {
        await base.InitializeAsync();
        await Dns.StartAsync();
        await Node.RestartAgentAsync("--Hikyaku:Unscanned=wait");
        await Node.RenderAsync("HIKYAKU_UNSCANNED=wait", $"HIKYAKU_DNS=127.0.0.1:{Dns.Port}");
        await Node.StopPostfixAsync();
        await Node.StartPostfixAsync();
        await Node.StartScannerAsync();
    }

    async ValueTask IAsyncDisposable.DisposeAsync()
    {
        await Dns.DisposeAsync();
        await base.DisposeAsync();
    }
}

/// <summary>The tests that share it.</summary>
[CollectionDefinition(Name)]
public sealed class OneNodeThatWaits : ICollectionFixture<NodeThatWaits>
{
    public const string Name = "one node that waits";
}

/// <summary>Mail that cannot be judged waits with its sender, and nothing is lost.</summary>
[Collection(OneNodeThatWaits.Name), Trait("Rule", "SPM-1")]
public sealed class Scanner_outages(NodeThatWaits fixture)
{
    private readonly MailNodeUnderTest _node = fixture.Node;

    [Fact]
    public async Task Without_the_virus_scanner_mail_from_outside_waits_and_comes_when_it_is_back()
    {
        var account = await Account.OpenAsync(_node);
        await _node.StopClamAvAsync();
        Assert.StartsWith("451 4.7.1", await account.DeliverTextAsync("Subject: waits", "text"), StringComparison.Ordinal);
        Assert.Null((await account.TraceAsync("Subject: sample", "text")).Verdict); // it would wait, too
        Assert.Empty(await account.InboxAsync());
        await _node.StartClamAvAsync();
        await Eventually.Async(async () => (await account.DeliverTextAsync("Subject: waits", "text")).StartsWith("250", StringComparison.Ordinal));
        Assert.Equal("clean", (await account.HeaderAsync("waits"))["X-Virus-Status"]);
    }

    [Fact]
    public async Task What_people_submit_goes_out_without_the_virus_scanner()
    {
        var account = await Account.OpenAsync(_node);
        await _node.StopClamAvAsync();
        Assert.StartsWith("250", await account.SubmitRawAsync(account.Address, Bytes($"From: {account.Address}\nSubject: to myself\n\ntext\n")), StringComparison.Ordinal);
        Assert.Equal("unscanned", (await account.HeaderAsync("to myself"))["X-Virus-Status"]);
        await _node.StartClamAvAsync();
    }

    [Fact]
    public async Task A_judge_that_dies_within_a_message_loses_none_and_is_asked_again()
    {
        var account = await Account.OpenAsync(_node);
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", _node.Port("SMTP"));
        using var reader = new StreamReader(client.GetStream(), Encoding.ASCII);
        await RawSmtp.ReplyAsync(reader);
        foreach (var command in new[] { "EHLO outside.test", "MAIL FROM:<somebody@outside.test>", $"RCPT TO:<{account.Address}>", "DATA" })
        {
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(command + "\r\n"));
            await RawSmtp.ReplyAsync(reader);
        }

        var message = RawSmtp.Stuffed(Bytes($"Subject: within\n\n{string.Concat(Enumerable.Repeat("text\n", 100_000))}"));
        await client.GetStream().WriteAsync(message.AsMemory(0, message.Length / 2));
        await _node.StopSpamScannerAsync();
        await client.GetStream().WriteAsync(message.AsMemory(message.Length / 2));
        Assert.StartsWith("451", await RawSmtp.ReplyAsync(reader), StringComparison.Ordinal);
        Assert.StartsWith("451", await account.DeliverTextAsync("Subject: too early", "text"), StringComparison.Ordinal);
        Assert.Null((await account.TraceAsync("Subject: sample", "text")).Verdict);
        await _node.StartSpamScannerAsync();
        await Eventually.Async(async () => (await account.DeliverTextAsync("Subject: within", "text")).StartsWith("250", StringComparison.Ordinal));
        Assert.Equal("NO", (await account.HeaderAsync("within"))["X-Spam-Flag"]);
        Assert.Single(await account.InboxAsync());
    }
}
