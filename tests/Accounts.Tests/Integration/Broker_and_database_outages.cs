using System.Net;
using Hikyaku.Platform.Testing;

namespace Hikyaku.Accounts.Tests.Integration;

/// <summary>The broker or the database is away.</summary>
public sealed class Broker_and_database_outages
{
    [Fact, Trait("Rule", "REL-1")]
    public async Task With_the_broker_down_fifty_commands_are_answered_and_all_published_later()
    {
        await using var rabbit = await RabbitServer.StartDedicatedAsync();
        var (bus, nodes) = (await rabbit.AddVirtualHostAsync(), await rabbit.AddVirtualHostAsync());
        await using var own = new AccountsService();
        await own.StartAsync(await PostgresServer.NewDatabaseAsync(), bus, nodes);
        var domain = await own.DomainAsync();
        await Eventually.Async(() => ReadyAsync(own), IsReady);

        await rabbit.ShutDownAsync();
        var replies = new List<Reply>();
        for (var i = 0; i < 50; i++)
            replies.Add(await own.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/accounts", new { name = $"user{i:00}", password = AccountsService.GoodPassword }));
        Assert.All(replies, r => Assert.Equal(HttpStatusCode.Created, r.Status));
        await Eventually.Async(() => ReadyAsync(own), r => !IsReady(r), TimeSpan.FromSeconds(30));

        await rabbit.StartAgainAsync();
        await Eventually.Async(() => ReadyAsync(own), IsReady, TimeSpan.FromSeconds(120));
        await using var source = Npgsql.NpgsqlDataSource.Create(own.Database);
        await using var lag = source.CreateCommand(
            "select (select max(seq_id) from mt_events) - (select last_seq_id from mt_event_progression where name like 'publisher%')");
        await Eventually.Async(async () => await lag.ExecuteScalarAsync() is long and 0, TimeSpan.FromSeconds(30));
    }

    [Fact, Trait("Rule", "REL-8")]
    public async Task With_the_database_down_the_answer_is_503_and_it_goes_on_when_it_is_back()
    {
        await using var postgres = await PostgresServer.StartDedicatedAsync();
        await using var own = new AccountsService();
        await own.StartAsync(await postgres.AddDatabaseAsync(), await RabbitServer.NewVirtualHostAsync(), await RabbitServer.NewVirtualHostAsync());
        var domain = await own.DomainAsync();

        await postgres.StopAsync();
        var reply = await own.SendAsync(HttpMethod.Get, $"/api/v1/domains/{domain}");
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "platform.unavailable"), (reply.Status, reply.Codes.Single()));
        var write = await own.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/accounts", new { name = "taro", password = AccountsService.GoodPassword });
        Assert.Equal(HttpStatusCode.ServiceUnavailable, write.Status);

        await postgres.StartAgainAsync();
        await Eventually.Async(async () => (await own.GetAsync($"/api/v1/domains/{domain}")).Status == HttpStatusCode.OK, TimeSpan.FromSeconds(30));
        await own.AccountAsync(domain);
        await Eventually.Async(() => ReadyAsync(own), IsReady, TimeSpan.FromSeconds(120));
    }

    // With what each check says, so that a failure names the part that stands still.
    private static async Task<string> ReadyAsync(AccountsService service)
    {
        using var answer = await service.Http.GetAsync(new Uri("/health/ready", UriKind.Relative));
        return $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}";
    }

    private static bool IsReady(string answer) => answer.StartsWith("200 ", StringComparison.Ordinal);
}
