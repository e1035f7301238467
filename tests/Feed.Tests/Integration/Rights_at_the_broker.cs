using System.Text.Json.Nodes;
using Hikyaku.Platform.Testing;

namespace Hikyaku.Feed.Tests.Integration;

[Trait("Rule", "SEC-4")]
public sealed class Rights_at_the_broker
{
    [Fact]
    public async Task Those_that_dev_up_gives_it_are_enough_and_are_not_all()
    {
        var rights = await RightsAsync();
        Assert.DoesNotMatch(rights, "gateway-sessions");
        var host = await RabbitServer.NewVirtualHostAsync();
        var own = await (await RabbitServer.SharedAsync()).AddUserAsync(host, rights);
        await using var feed = await FeedService.StartAsync(await PostgresServer.NewDatabaseAsync(), host, $"--Hikyaku:Rabbit={own}");
        var account = new Published_contracts(Published_contracts.NewDomain());

        await feed.PublishAsync(BoardClient.Notice(new Published_contracts(account.Domain, "hanako")));
        await new BoardClient(feed, BoardClient.Admin(account.Domain)).ItemsAsync(1);
        await feed.RecordAsync(account.Created(), account.DeletionStarted());

        await Eventually.Async(() =>
        {
            lock (feed.Erased) return feed.Erased.Count == 1;
        });
    }

    // As ./dev up writes them for the broker: to configure, to write and to read are the same.
    private static async Task<string> RightsAsync()
    {
        var written = await GuardedProcess.RunAsync("root", "env", $"repo={Repository(AppContext.BaseDirectory)}",
            "bash", "-euc", ". \"$repo/deploy/local/services.sh\"; . \"$repo/deploy/local/rabbitmq.sh\"; service_permissions feed");
        var permission = JsonNode.Parse(written)!;
        Assert.Equal("hikyaku", permission["vhost"]!.GetValue<string>());
        return Assert.Single(new[] { "configure", "write", "read" }.Select(to => permission[to]!.GetValue<string>()).Distinct());
    }

    private static string Repository(string folder)
        => File.Exists(Path.Combine(folder, "platform.sln")) ? folder : Repository(Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("Not within the repository"));
}
