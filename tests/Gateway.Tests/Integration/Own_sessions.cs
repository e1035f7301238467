using System.Net;
using System.Text.Json.Nodes;
using Hikyaku.Gateway.Sessions;
using Hikyaku.Platform.Testing;
using Npgsql;

namespace Hikyaku.Gateway.Tests.Integration;

[Trait("Rule", "GWY-2")]
public sealed class Own_sessions(Deployment deployment)
{
    private readonly Client _client = deployment.Client;

    [Fact]
    public async Task They_show_network_program_and_times_and_which_one_asks()
    {
        var tenant = await deployment.TenantAsync();
        var gateway = await deployment.NewGatewayAsync(deployment.AccountsAddress, "--Hikyaku:TrustedProxies=127.0.0.1");
        using var client = new Client(gateway.Urls.First());
        var before = DateTimeOffset.UtcNow;
        await client.TrySignInAsync(tenant.Admin, Deployment.Password, ("X-Forwarded-For", "2001:db8:1:2:3::4"), ("User-Agent", "Telephone/1.0 (iOS)"));
        var mine = await client.TrySignInAsync(tenant.Admin, Deployment.Password, ("X-Forwarded-For", "203.0.113.77"), ("User-Agent", $"Desk/2.0 {new string('x', 300)}"));

        var items = await ItemsAsync(client, mine.Body!["token"]!.GetValue<string>());

        Assert.Equal(["203.0.113.0/24", "2001:db8:1:2::/64"], items.Select(i => i["network"]!.GetValue<string>()));
        Assert.Equal([true, false], items.Select(i => i["current"]!.GetValue<bool>()));
        Assert.Equal("Telephone/1.0 (iOS)", items[1]["program"]!.GetValue<string>());
        Assert.Equal(200, items[0]["program"]!.GetValue<string>().Length);
        Assert.All(items, i => Assert.InRange(i["lastUsedAt"]!.GetValue<DateTimeOffset>(), before.AddSeconds(-1), DateTimeOffset.UtcNow.AddSeconds(1)));
    }

    [Fact]
    public async Task Using_one_moves_its_last_use_at_most_once_a_minute()
    {
        var tenant = await deployment.TenantAsync();
        var gateway = await deployment.NewGatewayAsync(deployment.AccountsAddress);
        using var client = new Client(gateway.Urls.First());
        var token = await client.SignInAsync(tenant.Admin, Deployment.Password);
        await using var database = NpgsqlDataSource.Create(gateway.Configuration["ConnectionStrings:Postgres"]!);
        var id = Guid.ParseExact((await ItemsAsync(client, token))[0]["id"]!.GetValue<string>(), "N");

        var recent = await BackdateAsync(TimeSpan.FromSeconds(30));
        var old = await BackdateAsync(TimeSpan.FromMinutes(10));
        Assert.True(old < recent);
        await Eventually.Async(async () => (await ItemsAsync(client, token))[0]["lastUsedAt"]!.GetValue<DateTimeOffset>() > recent, TimeSpan.FromSeconds(5));

        var kept = await BackdateAsync(TimeSpan.FromSeconds(20));
        Assert.NotNull(await new SessionStore(database, TimeProvider.System).FindAsync(SessionToken.HashOf(token)!.Value)); // one that remembers nothing yet
        Assert.Equal(kept, (await ItemsAsync(client, token))[0]["lastUsedAt"]!.GetValue<DateTimeOffset>());

        async Task<DateTimeOffset> BackdateAsync(TimeSpan age)
        {
            await using var command = database.CreateCommand("update session set last_used_at = date_trunc('second', now() - $2) where id = $1 returning last_used_at");
            command.Parameters.Add(new() { Value = id });
            command.Parameters.Add(new() { Value = age });
            return new DateTimeOffset((DateTime)(await command.ExecuteScalarAsync())!);
        }
    }

    [Fact]
    public async Task All_others_end_at_once_and_those_of_other_logins_stay()
    {
        var tenant = await deployment.TenantAsync();
        var (mine, user) = (await _client.SignInAsync(tenant.Admin, Deployment.Password), await _client.SignInAsync(tenant.User, Deployment.Password));
        for (var i = 0; i < 3; i++) await _client.SignInAsync(tenant.Admin, Deployment.Password);

        await _client.MustAsync(HttpStatusCode.NoContent, HttpMethod.Delete, "/api/v1/me/sessions", mine);

        Assert.Single(await ItemsAsync(_client, mine));
        Assert.Single(await ItemsAsync(_client, user));
    }

    private static async Task<List<JsonNode>> ItemsAsync(Client client, string token)
        => [.. (await client.MustAsync(HttpStatusCode.OK, HttpMethod.Get, "/api/v1/me/sessions", token)).Body!["items"]!.AsArray().Select(i => i!)];
}
