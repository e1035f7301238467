using System.Collections.Concurrent;
using Hikyaku.Accounts.Contracts;
using Hikyaku.Platform.Testing;
using MassTransit;

namespace Hikyaku.Accounts.Tests.Integration;

/// <summary>The service's part of list-and-watch: a list of any moment and what is published beside it make the same replica.</summary>
public sealed class Lists_under_change : IAsyncLifetime
{
    private readonly AccountsService _service = new();
    private int _next;

    public ValueTask InitializeAsync() => _service.InitializeAsync();

    public ValueTask DisposeAsync() => _service.DisposeAsync();

    [Fact, Trait("Rule", "NOD-3"), Trait("Rule", "REL-3")]
    public async Task Every_list_taken_under_change_leads_with_the_publications_to_the_same_states()
    {
        await _service.RenewLeaseAsync(applied: long.MaxValue);
        var published = new ConcurrentQueue<object>();
        await using var node = await Telling_others.ListenAsync(_service.NodeVirtualHost, e =>
        {
            e.Handler<MailboxState>(c => { published.Enqueue(c.Message); return Task.CompletedTask; });
            e.Handler<DomainState>(c => { published.Enqueue(c.Message); return Task.CompletedTask; });
        });
        var domain = await _service.DomainAsync(maxCapacityMb: 1_000_000, maxAccounts: 10_000);

        var changing = Task.WhenAll(Enumerable.Range(0, 6).Select(_ => ChangeAsync(domain)));
        var lists = new List<(List<object> States, long Position)>();
        while (!changing.IsCompleted) lists.Add(await Comparing_with_nodes.ListAsync(_service));
        await changing;
        var last = await Eventually.Async(() => Comparing_with_nodes.ListAsync(_service), l => l.States.OfType<MailboxState>().Count(m => !m.Deleted) == 6 * 20 + 1
            && l.States.OfType<MailboxState>().All(m => published.OfType<MailboxState>().Any(p => p.AccountId == m.AccountId && p.Version == m.Version)));

        Assert.True(lists.Count >= 5 && lists.Select(l => l.Position).Distinct().Count() >= 3, $"{lists.Count} lists");
        var expected = Addresses(last, []);
        Assert.Equal(6 * 20 + 1, expected.Count);
        foreach (var list in lists) Assert.Equal(expected, Addresses(list, published));
    }

    // Thirty come, all change, every third goes again.
    private async Task ChangeAsync(string domain)
    {
        for (var i = 0; i < 30; i++)
        {
            var address = await _service.AccountAsync(domain, $"a{Interlocked.Increment(ref _next)}");
            await _service.SendAsync(HttpMethod.Patch, $"/api/v1/accounts/{address}", new { capacityMb = 100 + i });
            if (i % 3 == 0) await _service.SendAsync(HttpMethod.Delete, $"/api/v1/accounts/{address}");
        }
    }

    // What a node holds that has the list and hears the rest, in any order: of an account the newest state; and one that the list
    // does not name, although it covers it, is gone.
    private static List<string> Addresses((List<object> States, long Position) list, IEnumerable<object> watched)
    {
        var held = list.States.OfType<MailboxState>().ToDictionary(m => m.AccountId);
        foreach (var state in watched.OfType<MailboxState>())
        {
            var isNews = held.TryGetValue(state.AccountId, out var known) ? state.Version > known.Version : state.Position > list.Position;
            if (isNews) held[state.AccountId] = state;
        }

        return [.. held.Values.Where(m => !m.Deleted).Select(m => $"{m.Address} {m.CapacityMb} {m.Version}").Order(StringComparer.Ordinal)];
    }
}
