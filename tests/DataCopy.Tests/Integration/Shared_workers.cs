using System.Net.Sockets;
using System.Text.Json.Nodes;
using Hikyaku.Copier.Tests.Integration;
using Hikyaku.Platform.Testing;

namespace Hikyaku.DataCopy.Tests.Integration;

/// <summary>A platform with two workers, which take one copy from a host at a time and give way at once when others wait.</summary>
public sealed class PlatformWithTwoWorkers : CopyPlatform
{
    protected override IReadOnlyList<string> Settings => [.. base.Settings, "--Hikyaku:CopyJobs=2", "--Hikyaku:Copy:PerHost=1", "--Hikyaku:Copy:TurnSeconds=0"];
}

/// <summary>Takes connections and says nothing.</summary>
internal sealed class SilentSource : LoopbackServer
{
    protected override async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            var buffer = new byte[1024];
            try
            {
                while (await client.GetStream().ReadAsync(buffer, Stop) > 0)
                {
                }
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
                return; // the client has left, or the test is over
            }
        }
    }
}

[Trait("Rule", "CPY-6")]
public sealed class Shared_workers(PlatformWithTwoWorkers platform) : IClassFixture<PlatformWithTwoWorkers>
{
    [Fact]
    public async Task A_source_is_read_by_one_copy_and_others_go_on_beside_it()
    {
        await using var silent = new SilentSource();
        var (first, second, third) = (platform.NewCopy(), platform.NewCopy(), platform.NewCopy());
        var held = await first.StartAsync(first.SourceBody(silent.Port));
        await StateAsync(first, held.Body!, "running");

        var sameHost = await second.StartAsync(second.SourceBody());
        var otherHost = await third.StartAsync(Elsewhere(third, third.Source.Server.Port));

        Assert.Equal("succeeded", (string)(await third.EndedAsync((string)otherHost.Body!["id"]!))["state"]!);
        Assert.Equal("queued", (string)(await second.ReadAsync((string)sameHost.Body!["id"]!))["state"]!);
        await first.SendAsync(HttpMethod.Delete, $"/{held.Body!["id"]}");
        Assert.Equal("succeeded", (string)(await second.EndedAsync((string)sameHost.Body["id"]!))["state"]!);
    }

    [Fact]
    public async Task Copies_that_take_long_give_way_to_one_that_waits()
    {
        await using var silent = new SilentSource();
        var (first, second, third) = (platform.NewCopy(), platform.NewCopy(), platform.NewCopy());
        var one = await first.StartAsync(Elsewhere(first, silent.Port, "::ffff:127.0.0.1"));
        var two = await second.StartAsync(Elsewhere(second, silent.Port));
        await Eventually.Async(async () => await platform.AskAsync<long>($"select count(*) from copy_work where until > now()") >= 2);

        var waits = await third.StartAsync();

        Assert.Equal("succeeded", (string)(await third.EndedAsync((string)waits.Body!["id"]!))["state"]!);
        foreach (var (copy, begun) in new[] { (first, one), (second, two) }) await copy.SendAsync(HttpMethod.Delete, $"/{begun.Body!["id"]}");
        foreach (var (copy, begun) in new[] { (first, one), (second, two) }) await copy.EndedAsync((string)begun.Body!["id"]!);
    }

    [Fact, Trait("Rule", "CPY-5")]
    public async Task A_mail_waits_until_the_mail_server_is_back()
    {
        var copy = platform.NewCopy();
        await platform.Outbox.StopAsync();

        var ended = await copy.RunAsync();

        await Eventually.Async(() => platform.AskAsync<bool>($"select exists (select from copy_mail where job_id = {(string)ended["id"]!})"));
        await platform.Outbox.StartAgainAsync();
        Assert.Equal(Mails.EndMail.Completed, (await copy.MailAsync()).Subject);
        await Eventually.Async(async () => !await platform.AskAsync<bool>($"select exists (select from copy_mail where job_id = {(string)ended["id"]!})"));
    }

    private static Task<JsonNode> StateAsync(CopyingAccount copy, JsonNode begun, string state) => Eventually.Async(() => copy.ReadAsync((string)begun["id"]!), c => (string)c["state"]! == state);

    private static object Elsewhere(CopyingAccount copy, int port, string host = "localhost") => new { host, port, security = "plain", userName = copy.Source.User, password = MailServer.Password };
}
