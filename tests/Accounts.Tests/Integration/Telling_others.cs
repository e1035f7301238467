using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Hikyaku.Accounts.Contracts;
using Hikyaku.Contracts;
using Hikyaku.Platform.Testing;
using MassTransit;

namespace Hikyaku.Accounts.Tests.Integration;

/// <summary>What the service publishes, what a node lists, and what counts as in force.</summary>
public sealed class Telling_others(AccountsService accounts)
{
    [Fact, Trait("Rule", "NOD-5")]
    public async Task A_change_reaches_nodes_as_state_and_bookmark_and_others_as_an_event()
    {
        var (states, bookmarks, events) = (new ConcurrentQueue<MailboxState>(), new ConcurrentQueue<NodeStateBookmark>(), new ConcurrentQueue<MailAccountCreated>());
        await using var node = await ListenAsync(accounts.NodeVirtualHost, e =>
        {
            e.Handler<MailboxState>(c => { states.Enqueue(c.Message); return Task.CompletedTask; });
            e.Handler<NodeStateBookmark>(c => { bookmarks.Enqueue(c.Message); return Task.CompletedTask; });
        });
        await using var others = await ListenAsync(accounts.VirtualHost, e => e.Handler<MailAccountCreated>(c =>
        {
            Assert.Equal(c.MessageId, c.Message.EventId);
            events.Enqueue(c.Message);
            return Task.CompletedTask;
        }));

        var domain = await accounts.DomainAsync();
        var address = await accounts.AccountAsync(domain, capacityMb: 321);

        var state = await Eventually.Async(() => states.FirstOrDefault(s => s.Address == address), s => s is not null);
        Assert.Equal((321, 1, 1L, false), (state!.CapacityMb, state.Life, state.Version, state.Deleted));
        Assert.StartsWith("$argon2id$v=19$", state.PasswordHash, StringComparison.Ordinal);
        Assert.Null((await Eventually.Async(() => states.FirstOrDefault(s => s.Address == $"postmaster@{domain}"), s => s is not null))!.PasswordHash);
        await Eventually.Async(() => bookmarks.Any(b => b.Service == "accounts" && b.Position >= state.Position));
        var told = await Eventually.Async(() => events.FirstOrDefault(e => e.Address == address), e => e is not null);
        Assert.Equal(("operator", "operator", "192.0.2.1", "api", "session-1"), (told!.By.Role, told.By.Login, told.By.Address, told.By.Via, told.By.Session));
    }

    [Fact, Trait("Rule", "NOD-3")]
    public async Task A_node_lists_every_present_state_and_the_position_it_covers()
    {
        var domain = await accounts.DomainAsync();
        var address = await accounts.AccountAsync(domain, capacityMb: 77);
        await accounts.SendAsync(HttpMethod.Patch, $"/api/v1/accounts/{address}", new { capacityMb = 78 });
        var lines = await Eventually.Async(ListAsync, l => l.Any(n => n["state"]?["address"]?.GetValue<string>() == address) && l[^1]["position"]!.GetValue<long>() > 0);

        Assert.Contains(lines, n => n["part"]?.GetValue<string>() == "DomainState" && n["state"]!["domain"]!.GetValue<string>() == domain);
        var state = Assert.Single(lines, n => n["state"]?["address"]?.GetValue<string>() == address)["state"]!;
        Assert.Equal((78, 2), (state["capacityMb"]!.GetValue<int>(), state["version"]!.GetValue<int>()));
        Assert.Equal(lines[^1]["position"]!.GetValue<long>(), state["position"]!.GetValue<long>());
    }

    [Fact, Trait("Rule", "NOD-5"), Trait("Rule", "ACC-3")]
    public async Task In_force_turns_false_with_a_write_and_true_when_every_node_has_applied_it()
    {
        await using var own = new AccountsService();
        await own.InitializeAsync();
        var domain = await own.DomainAsync();
        var address = await own.AccountAsync(domain);
        Assert.False(await InForceAsync(own, address)); // no node serves

        await own.RenewLeaseAsync(applied: long.MaxValue, listed: false);
        Assert.False(await InForceAsync(own, address)); // the node's copy is not complete
        await own.RenewLeaseAsync(applied: 1, listed: true);
        Assert.False(await InForceAsync(own, address)); // it lags
        var position = await PositionAsync(own, address);
        await own.RenewLeaseAsync(applied: position, listed: true);
        Assert.True(await InForceAsync(own, address));

        var changed = await own.SendAsync(HttpMethod.Patch, $"/api/v1/accounts/{address}", new { comment = "no node cares, but it is a write" });
        Assert.False(changed.Body!["inForce"]!.GetValue<bool>());
        Assert.False(await InForceAsync(own, address));
        await own.RenewLeaseAsync(applied: await PositionAsync(own, address), listed: true);
        Assert.True(await InForceAsync(own, address));
    }

    private static async Task<bool> InForceAsync(AccountsService service, string address)
        => (await service.GetAsync($"/api/v1/accounts/{address}")).Body!["inForce"]!.GetValue<bool>();

    private static async Task<long> PositionAsync(AccountsService service, string address)
    {
        var row = await service.Get<Hikyaku.Accounts.MailAccounts.MailAccountReader>().ReadAsync((await service.TargetAsync(address))!.AccountId, default);
        return row!.Position;
    }

    private async Task<List<JsonNode>> ListAsync()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/internal/node-state");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", accounts.Keys.NodeBearer(AccountsService.Node));
        using var answer = await accounts.Http.SendAsync(request);
        answer.EnsureSuccessStatusCode();
        return [.. (await answer.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonNode.Parse(l)!)];
    }

    // One that keeps its place is told what is published while it is not connected.
    internal static async Task<Listening> ListenAsync(string virtualHost, Action<IReceiveEndpointConfigurator> handlers, bool keepsItsPlace = false)
    {
        var bus = MassTransit.Bus.Factory.CreateUsingRabbitMq(rabbit =>
        {
            var address = new Uri(virtualHost);
            var login = address.UserInfo.Split(':');
            rabbit.Host(address.Host, (ushort)address.Port, address.AbsolutePath.TrimStart('/'), h => { h.Username(login[0]); h.Password(login[1]); });
            rabbit.ReceiveEndpoint($"test-{Guid.NewGuid():N}", e =>
            {
                ((IRabbitMqReceiveEndpointConfigurator)e).AutoDelete = !keepsItsPlace;
                handlers(e);
            });
        });
        await bus.StartAsync();
        return new Listening(bus);
    }

    internal sealed class Listening(IBusControl bus) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await bus.StopAsync();
    }
}
