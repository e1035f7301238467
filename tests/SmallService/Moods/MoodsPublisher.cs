using Hikyaku.Contracts;
using Hikyaku.Moods.Contracts;
using Hikyaku.Platform;
using JasperFx.Events;
using Marten;
using MassTransit;
using Npgsql;

namespace Hikyaku.Moods;

/// <summary>Tells others what happened to moods, nodes what they now obey, and administrators who is angry.</summary>
public sealed class MoodsPublisher(IBus bus, INodeBus nodes, NpgsqlDataSource database) : Publisher(Program.Service, bus, nodes)
{
    /// <inheritdoc/>
    protected override IEnumerable<object> ToContracts(IEvent e, IReadOnlyList<object> states) => e.Data switch
    {
        MoodSet s => [new MoodChanged(e.Id, e.Sequence, e.Version, s.At, EventHeaders.CausedByOf(e), s.AccountId, s.Mood, s.Domain)],
        JobQueued => [new RunJob(e.StreamKey!)],
        _ => [],
    };

    /// <inheritdoc/>
    protected override async Task<IReadOnlyList<NodeStateChange>> NodeStatesAsync(IReadOnlyList<IEvent> page, IQuerySession session, CancellationToken stop)
    {
        var newest = page.GroupBy(e => e.StreamKey!).ToDictionary(g => g.Key, g => g.MaxBy(e => e.Sequence)!);
        var states = await MoodStates.OfAsync(database, newest.ToDictionary(n => n.Key, n => n.Value.Sequence), stop);
        return [.. states.Select(s => new NodeStateChange(s.Value, newest[s.Key]))];
    }

    /// <inheritdoc/>
    protected override Task<IReadOnlyList<NoticeRaised>> NoticesAsync(IReadOnlyList<IEvent> page, CancellationToken stop)
        => Task.FromResult<IReadOnlyList<NoticeRaised>>([.. page.Where(e => e.Data is MoodSet { Mood: "angry" }).Select(e => Angry(e, (MoodSet)e.Data))]);

    private static NoticeRaised Angry(IEvent e, MoodSet set) => new(
        e.Id, "somebody-is-angry", set.At, new(Administrators: true, Operators: false), set.Domain, set.AccountId, null, null,
        new Dictionary<string, string> { ["en"] = "Somebody is angry. Talk to them.", ["ja"] = "怒っている人がいます。話を聞いてください。" });
}
