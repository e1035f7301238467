using System.Collections.Concurrent;
using System.Net;
using Hikyaku.Accounts.Contracts;
using Hikyaku.Contracts;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using Hikyaku.Routing.Contracts;
using MassTransit;
using static Hikyaku.Platform.Testing.ServiceUnderTest;

namespace Hikyaku.Routing.Tests.Integration;

/// <summary>What the routing service tells others over the broker, and what it does when it hears of a deletion.</summary>
public sealed class Telling_others(RoutingService service) : IAsyncLifetime
{
    private readonly Target _account = NewAccount();
    private readonly ConcurrentQueue<object> _heard = [];
    private IBusControl _bus = null!, _nodes = null!;

    public async ValueTask InitializeAsync()
    {
        _bus = await Listener.StartAsync(service.VirtualHost, e =>
        {
            e.Handler<ForwardingRuleSet>(c => KeepAsync(c.Message.AccountId, c.Message));
            e.Handler<RoutingSummarized>(c => KeepAsync(c.Message.AccountId, c.Message));
            e.Handler<NoticeRaised>(c => KeepAsync(c.Message.AccountId, c.Message));
            e.Handler<AccountErased>(c => KeepAsync(c.Message.AccountId, c.Message));
        });
        _nodes = await Listener.StartAsync(service.NodeVirtualHost, e => e.Handler<RoutingState>(c => KeepAsync(c.Message.AccountId, c.Message)));
    }

    public async ValueTask DisposeAsync()
    {
        await _bus.StopAsync();
        await _nodes.StopAsync();
    }

    [Fact, Trait("Rule", "RTE-11"), Trait("Rule", "NTC-1")]
    public async Task A_new_destination_outside_is_told_to_the_owner_once_and_one_inside_is_not()
    {
        await _bus.Publish(new DomainAdded(Guid.NewGuid(), 1, 1, DateTimeOffset.UtcNow, new("operator", "operator", "", "api", ""), "inside.example", 1, 1, 1));
        await Eventually.Async(() => service.AskAsync<bool>($"select exists (select from served_domain where domain = 'inside.example')"));
        await service.ForwardAsync(_account, "all", null, "a@inside.example");
        await service.ForwardAsync(_account, "all", null, "b@outside.test");
        var notice = await HeardAsync<NoticeRaised>(_ => true);
        Assert.Equal(("new-outside-destination", true, false, _account.Address), (notice.Kind, notice.Audience.Owner, notice.Audience.Administrators, notice.Address));
        Assert.Contains("b@outside.test", notice.Texts["ja"], StringComparison.Ordinal);
        Assert.DoesNotContain("inside.example", notice.Texts["en"], StringComparison.Ordinal);
        await service.ForwardAsync(_account, "subject", "x", "b@outside.test", "c@outside.test");
        var second = await HeardAsync<NoticeRaised>(n => n.NoticeId != notice.NoticeId);
        Assert.Contains("c@outside.test", second.Texts["en"], StringComparison.Ordinal);
        Assert.DoesNotContain("b@outside.test", second.Texts["en"], StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "OPS-2"), Trait("Rule", "RTE-10")]
    public async Task A_change_is_told_to_nodes_to_the_feed_and_to_the_list_of_accounts()
    {
        await service.ForwardAsync(_account, "subject", "秘密", "b@outside.test");
        var state = await HeardAsync<RoutingState>(s => s.Version == 1);
        Assert.Equal([new Forward(1, "b@outside.test")], state.Forwards);
        var told = await HeardAsync<ForwardingRuleSet>(_ => true);
        Assert.Equal((1, "subject", 1, _account.Domain, "user"), (told.Rule, told.Condition, told.Destinations, told.Domain, told.By.Role));
        await service.SendAsync(HttpMethod.Put, _account, "reception", new { enabled = false, confirm = true });
        Assert.Equal(new(_account.AccountId, 2, Forwarding: true, Autoreply: false, Reception: false), await HeardAsync<RoutingSummarized>(s => s.Version == 2));
    }

    [Fact, Trait("Rule", "ACC-5"), Trait("Rule", "OPS-6")]
    public async Task A_deleted_accounts_settings_are_erased_everywhere()
    {
        await service.ForwardAsync(_account, "subject", "himitsu", "b@outside.test");
        await service.SendAsync(HttpMethod.Put, _account, "autoreply", new { text = "himitsu too" });
        await _bus.Publish(new MailAccountDeletionStarted(Guid.NewGuid(), 2, 2, DateTimeOffset.UtcNow, new("admin", "admin1", "", "api", ""), _account.AccountId, "accounts-1", _account.Domain));
        Assert.Equal("routing", (await HeardAsync<AccountErased>(_ => true)).Participant);
        var state = await HeardAsync<RoutingState>(s => s.Deleted);
        Assert.Equal(("", 0, true), (state.Script, state.Forwards.Count, state.Receives));
        var traces = await service.AskAsync<long>(
            $"select (select count(*) from mt_events where stream_id = {_account.AccountId} and data::text ~ 'himitsu|outside') + (select count(*) from mt_doc_mailbox_routing where id = {_account.AccountId} and data::text ~ 'himitsu|outside')");
        Assert.Equal(0, traces);
        Assert.Equal(HttpStatusCode.NotFound, (await service.GetAsync(_account, "forwarding-rules")).Status);
    }

    private Task KeepAsync(string? account, object message)
    {
        if (account == _account.AccountId) _heard.Enqueue(message);
        return Task.CompletedTask;
    }

    private async Task<T> HeardAsync<T>(Func<T, bool> wanted) where T : class
        => (await Eventually.Async(() => _heard.OfType<T>().FirstOrDefault(wanted), m => m is not null))!;
}
