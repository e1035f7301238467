using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using Hikyaku.Accounts.Contracts;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using Hikyaku.Spam.Contracts;
using MassTransit;
using static Hikyaku.Platform.Testing.ServiceUnderTest;

namespace Hikyaku.Spam.Tests.Integration;

/// <summary>What the spam service tells others over the broker, and what it does when it hears of a deletion.</summary>
public sealed class Telling_others(SpamService service) : IClassFixture<SpamService>, IAsyncLifetime
{
    private readonly Target _account = NewAccount();
    private readonly ConcurrentQueue<object> _heard = [];
    private IBusControl _bus = null!, _nodes = null!;

    public async ValueTask InitializeAsync()
    {
        _bus = await Listener.StartAsync(service.VirtualHost, e =>
        {
            e.Handler<SubjectTaggingTurnedOn>(c => KeepAsync(c.Message.AccountId, c.Message));
            e.Handler<SpamSummarized>(c => KeepAsync(c.Message.AccountId, c.Message));
            e.Handler<AccountErased>(c => KeepAsync(c.Message.AccountId, c.Message));
        });
        _nodes = await Listener.StartAsync(service.NodeVirtualHost, e =>
        {
            e.Handler<SpamState>(c => KeepAsync(c.Message.AccountId, c.Message));
            e.Handler<DomainStandingState>(c => KeepAsync(c.Message.Domain == _account.Domain ? _account.AccountId : "", c.Message));
        });
    }

    public async ValueTask DisposeAsync()
    {
        await _bus.StopAsync();
        await _nodes.StopAsync();
    }

    [Fact, Trait("Rule", "OPS-2"), Trait("Rule", "SPM-4")]
    public async Task A_change_is_told_to_nodes_to_the_feed_and_to_the_list_of_accounts()
    {
        await service.SetAsync(_account, true, false);
        var told = await HeardAsync<SubjectTaggingTurnedOn>(_ => true);
        Assert.Equal((_account.Domain, "user", 1), (told.Domain, told.By.Role, told.Version));
        Assert.Equal(new(_account.AccountId, 1, TagSubject: true, SortToJunk: false), await HeardAsync<SpamSummarized>(_ => true));
        var state = await HeardAsync<SpamState>(_ => true);
        Assert.Equal(new(_account.AccountId, true, false, 1, told.Position, false), state);
        await service.SetAsync(_account, false, true);
        await HeardAsync<SpamState>(s => s is { TagSubject: false, SortToJunk: true, Version: 3 });
    }

    [Fact, Trait("Rule", "SPM-5"), Trait("Rule", "NOD-3")]
    public async Task Nodes_are_told_and_listed_the_domains_standing()
    {
        await service.AddDomainAsync(_account.Domain);
        await service.SetAsync(_account, true, true);
        var state = await HeardAsync<DomainStandingState>(_ => true);
        Assert.Equal((true, 1), (state.InForce, state.Version));
        var lines = (await service.ListAsync()).Split('\n');
        var standing = JsonNode.Parse(lines.Single(l => l.Contains($"\"{_account.Domain}\"", StringComparison.Ordinal)))!;
        Assert.Equal(("DomainStandingState", true), ((string)standing["part"]!, (bool)standing["state"]!["inForce"]!));
        var spam = JsonNode.Parse(lines.Single(l => l.Contains(_account.AccountId, StringComparison.Ordinal)))!;
        Assert.Equal(("SpamState", true, true), ((string)spam["part"]!, (bool)spam["state"]!["tagSubject"]!, (bool)spam["state"]!["sortToJunk"]!));
    }

    [Fact, Trait("Rule", "ACC-5"), Trait("Rule", "OPS-6")]
    public async Task A_deleted_accounts_settings_and_logins_are_erased()
    {
        await service.SetAsync(_account, true, true);
        await LogInByPopAsync();
        await Eventually.Async(() => LoginsAsync().ContinueWith(n => n.Result == 1, TaskScheduler.Default));
        await service.PublishAsync(new MailAccountDeletionStarted(Guid.NewGuid(), 2, 2, DateTimeOffset.UtcNow, new("admin", "admin1", "", "api", ""), _account.AccountId, "accounts-1", _account.Domain));
        Assert.Equal("spam", (await HeardAsync<AccountErased>(_ => true)).Participant);
        Assert.False((await HeardAsync<SpamState>(s => s.Deleted)).TagSubject);
        Assert.Equal(0, await LoginsAsync());
        Assert.Equal(0, await service.AskAsync<long>($"select count(*) from mt_events where stream_id = {_account.AccountId} and headers::text like '%' || {_account.Address} || '%'"));
        Assert.Equal(HttpStatusCode.NotFound, (await service.GetAsync(_account, "spam")).Status);

        // What a node tells late brings nothing back: another account's login, told after it, is there.
        var other = NewAccount();
        await LogInByPopAsync();
        await service.PublishAsync(new LoginsObserved(Node, [Login(other), Login(_account)]));
        await Eventually.Async(() => service.AskAsync<bool>($"select exists (select from pop_login where account_id = {other.AccountId})"));
        Assert.Equal(0, await LoginsAsync());
    }

    private static LoginObserved Login(Target account) => new(DateTimeOffset.UtcNow, DateTimeOffset.UtcNow, 1, account.AccountId, account.Address, "192.0.2.7", "pop3", true, true);

    private Task LogInByPopAsync() => service.PublishAsync(new LoginsObserved(Node, [Login(_account)]));

    private Task<long> LoginsAsync() => service.AskAsync<long>($"select count(*) from pop_login where account_id = {_account.AccountId}");

    private Task KeepAsync(string? account, object message)
    {
        if (account == _account.AccountId) _heard.Enqueue(message);
        return Task.CompletedTask;
    }

    private async Task<T> HeardAsync<T>(Func<T, bool> wanted) where T : class
        => (await Eventually.Async(() => _heard.OfType<T>().FirstOrDefault(wanted), m => m is not null))!;
}
