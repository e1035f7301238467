using System.Collections.Concurrent;
using System.Net;
using Hikyaku.Contracts;
using Hikyaku.Platform.Testing;
using MassTransit;

namespace Hikyaku.Gateway.Tests.Integration;

[Trait("Rule", "GWY-2"), Trait("Rule", "NTC-1")]
public sealed class Networks_of_sign_ins(Deployment deployment)
{
    [Fact]
    public async Task One_that_was_never_seen_is_told_once_to_whoever_signed_in()
    {
        var tenant = await deployment.TenantAsync();
        await using var gateway = await NetworksUnderTest.StartAsync(deployment);

        await gateway.SignInAsync(tenant.Admin, "203.0.113.5"); // the first one
        await gateway.SignInAsync(tenant.Admin, "203.0.113.200"); // the same network
        await gateway.SignInAsync(tenant.Admin, "198.51.100.7", "Strange/1.0");
        await gateway.SignInAsync(tenant.Admin, "198.51.100.8");
        await gateway.SignInAsync(tenant.Admin, "2001:db8::1");

        var told = await gateway.ToldAsync(tenant.Admin, 2);
        var strange = Assert.Single(told, n => n.Texts["en"].Contains("198.51.100.7 (Strange/1.0)", StringComparison.Ordinal));
        Assert.Single(told, n => n.Texts["ja"].Contains("2001:db8::1", StringComparison.Ordinal));
        Assert.Equal(("sign-in-from-new-network", new NoticeAudience(false, false, false, tenant.Admin)), (strange.Kind, strange.Audience));
    }

    [Fact]
    public async Task Many_first_sign_ins_at_once_count_one_network_as_the_first()
    {
        var tenant = await deployment.TenantAsync();
        await using var gateway = await NetworksUnderTest.StartAsync(deployment);
        await Task.WhenAll(Enumerable.Range(1, 6).Select(i => gateway.SignInAsync(tenant.Admin, $"10.0.{i}.1")));
        Assert.Equal(5, (await gateway.ToldAsync(tenant.Admin, 5)).Count);
    }

    [Fact]
    public async Task Failed_sign_ins_and_those_of_users_are_not_told()
    {
        var tenant = await deployment.TenantAsync();
        await using var gateway = await NetworksUnderTest.StartAsync(deployment);
        await gateway.SignInAsync(tenant.User, "203.0.113.5");
        await gateway.SignInAsync(tenant.User, "198.51.100.7");
        await gateway.SignInAsync(tenant.Admin, "203.0.113.5");
        Assert.Equal(HttpStatusCode.Unauthorized, (await gateway.Client.TrySignInAsync(tenant.Admin, "wrong", ("X-Forwarded-For", "192.0.2.1"))).Status);
        await gateway.SignInAsync(tenant.Admin, "198.51.100.7");

        var told = Assert.Single(await gateway.ToldAsync(tenant.Admin, 1));
        Assert.Contains("198.51.100.7", told.Texts["en"], StringComparison.Ordinal);
        Assert.Empty(await gateway.ToldAsync(tenant.User, 0));
    }

    // A gateway behind a trusted proxy, and what is told on its virtual host.
    private sealed class NetworksUnderTest(Client client, IBusControl bus, ConcurrentDictionary<Guid, NoticeRaised> told) : IAsyncDisposable
    {
        public Client Client => client;

        public static async Task<NetworksUnderTest> StartAsync(Deployment deployment)
        {
            var gateway = await deployment.NewGatewayAsync(deployment.AccountsAddress, "--Hikyaku:TrustedProxies=127.0.0.1");
            var told = new ConcurrentDictionary<Guid, NoticeRaised>();
            var bus = await Listener.StartAsync(gateway.Configuration["Hikyaku:Rabbit"]!, e => e.Handler<NoticeRaised>(c =>
            {
                told[c.Message.NoticeId] = c.Message;
                return Task.CompletedTask;
            }));
            return new(new Client(gateway.Urls.First()), bus, told);
        }

        public async Task SignInAsync(string login, string from, string program = "Desk/1.0")
            => Assert.Equal(HttpStatusCode.Created, (await Client.TrySignInAsync(login, Deployment.Password, ("X-Forwarded-For", from), ("User-Agent", program))).Status);

        public async Task<List<NoticeRaised>> ToldAsync(string login, int count)
            => await Eventually.Async(() => told.Values.Where(n => n.Audience.StartedBy == login).ToList(), n => n.Count >= count);

        public async ValueTask DisposeAsync()
        {
            client.Dispose();
            await bus.StopAsync();
        }
    }
}
