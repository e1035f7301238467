using Hikyaku.Contracts;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using Marten;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Npgsql;

namespace Hikyaku.Accounts.Tests.Integration;

/// <summary>Which nodes count for what is in force, by a clock that the test moves.</summary>
public sealed class Leases : IAsyncLifetime
{
    private readonly AccountsService _own = new();
    private readonly InternalKeys _keys = InternalKeys.Create("living", "dead");
    private readonly SteppedTime _time = new();

    public ValueTask InitializeAsync() => _own.InitializeAsync();

    public async ValueTask DisposeAsync()
    {
        await _own.DisposeAsync();
        _keys.Dispose();
    }

    [Fact, Trait("Rule", "NOD-5")]
    public async Task A_node_without_a_lease_for_ten_minutes_does_not_count_until_it_renews()
    {
        await RenewAsync("living", applied: 7);
        await RenewAsync("dead", applied: 3);
        Assert.False(await InForceAsync(7)); // as long as it may come back
        _time.Pass(TimeSpan.FromSeconds(599));
        await RenewAsync("living", applied: 7);
        Assert.False(await InForceAsync(7));

        _time.Pass(TimeSpan.FromSeconds(1));
        Assert.True(await InForceAsync(7)); // without the dead one
        await RenewAsync("dead", applied: 3);
        Assert.False(await InForceAsync(7));
        await RenewAsync("dead", applied: 7);
        Assert.True(await InForceAsync(7));

        _time.Pass(NodeLease.Length);
        Assert.False(await InForceAsync(7)); // nobody serves
    }

    [Fact, Trait("Rule", "NOD-5"), Trait("Rule", "ACC-3")]
    public async Task A_node_that_rebuilds_its_replica_delays_in_force_and_a_new_node_does_not()
    {
        await RenewAsync("living", applied: 7);
        await RenewAsync("dead", applied: 0, listed: false);
        Assert.True(await InForceAsync(7));
        await RenewAsync("dead", applied: 7);
        await RenewAsync("dead", applied: 7, listed: false); // its servers go on with what they know
        await RenewAsync("dead", applied: 7, listed: false);
        Assert.False(await InForceAsync(7));
        var leases = Kept;
        Assert.Contains("dead", await leases.CountingAsync(default)); // what is deleted is still to be erased there
        await RenewAsync("dead", applied: 7);
        Assert.True(await InForceAsync(7));

        _time.Pass(NodeLease.Length); // away for long
        await RenewAsync("living", applied: 7);
        await RenewAsync("dead", applied: 0, listed: false);
        Assert.True(await InForceAsync(7));
    }

    [Fact, Trait("Rule", "NOD-5")]
    public async Task A_renewal_tells_the_newest_position_and_the_time()
    {
        var before = await RenewAsync("living", applied: 0);
        await _own.AccountAsync(await _own.DomainAsync());
        var after = await RenewAsync("living", applied: 0);
        Assert.True(after.Position > before.Position);
        Assert.Equal(_time.GetUtcNow(), after.Now);
    }

    [Fact, Trait("Rule", "NOD-5"), Trait("Rule", "ACC-7")]
    public async Task One_account_that_is_pending_holds_back_itself_and_what_is_asked_for_all()
    {
        await RenewAsync("living", applied: 9, pending: new Dictionary<string, long> { ["slow"] = 7 });
        Assert.True(await InForceAsync("other", 9));
        Assert.False(await InForceAsync("slow", 8));
        Assert.True(await InForceAsync("slow", 7)); // what was before
        Assert.False(await InForceAsync(9));
        Assert.True(await InForceAsync(7));
        await RenewAsync("living", applied: 9);
        Assert.True(await InForceAsync("slow", 9));
        Assert.True(await InForceAsync(9));
    }

    private NodeLeases Kept => new("accounts", _own.Get<IDocumentStore>(), _time, _own.Get<INodeRegistry>());

    private Task<bool> InForceAsync(string account, long position) => Kept.IsInForceAsync(account, position, default);

    private Task<bool> InForceAsync(long position) => Kept.HaveAllAppliedAsync(position, default);

    private async Task<LeaseAnswer> RenewAsync(string node, long applied, bool listed = true, IReadOnlyDictionary<string, long>? pending = null)
    {
        var credentials = new NodeCredentials(new ConfigurationBuilder().AddCommandLine(_keys.ForService()).Build());
        var http = new DefaultHttpContext();
        http.Request.Headers.Authorization = $"Bearer {_keys.NodeBearer(node)}";
        var body = new LeaseReport(new Dictionary<string, long> { ["accounts"] = applied }, null, listed, Pending: pending);
        var answer = await NodeEndpoints.Renew(node, body, http, credentials, Kept, _own.Get<NpgsqlDataSource>(), _time, default);
        return Assert.IsType<LeaseAnswer>(Assert.IsAssignableFrom<IValueHttpResult>(answer).Value);
    }

    private sealed class SteppedTime : TimeProvider
    {
        private DateTimeOffset _now = new(2026, 11, 24, 0, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => _now;

        public void Pass(TimeSpan time) => _now += time;
    }
}
