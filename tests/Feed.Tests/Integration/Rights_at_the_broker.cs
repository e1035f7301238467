using System.Text.RegularExpressions;
using Hikyaku.Platform.Testing;

namespace Hikyaku.Feed.Tests.Integration;

[Trait("Rule", "SEC-4")]
public sealed partial class Rights_at_the_broker
{
    [Fact]
    public async Task Those_that_dev_up_gives_it_are_enough_and_are_not_all()
    {
        var rights = Rights().Match(await File.ReadAllTextAsync(Path.Combine(Repository(AppContext.BaseDirectory), "deploy", "local", "rabbitmq.sh"))).Groups[1].Value
            .Replace(@"\\", @"\", StringComparison.Ordinal); // it stands in JSON
        Assert.DoesNotMatch(rights, "gateway-sessions");
        var host = await RabbitServer.NewVirtualHostAsync();
        var own = await (await RabbitServer.SharedAsync()).AddUserAsync(host, rights);
        await using var feed = await FeedService.StartAsync(await PostgresServer.NewDatabaseAsync(), host, $"--Hikyaku:Rabbit={own}");
        var account = new Published_contracts(Published_contracts.NewDomain());

        await feed.RecordAsync(account.Created(), account.DeletionStarted());

        await Eventually.Async(() =>
        {
            lock (feed.Erased) return feed.Erased.Count == 1;
        });
    }

    private static string Repository(string folder)
        => File.Exists(Path.Combine(folder, "platform.sln")) ? folder : Repository(Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("Not within the repository"));

    [GeneratedRegex(@"\bfeed='([^']+)'")]
    private static partial Regex Rights();
}
