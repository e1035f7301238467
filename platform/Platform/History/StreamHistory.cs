using Marten;
using Marten.Events;

namespace Hikyaku.Platform;

/// <summary>What a service says of the history of one kind of stream (OPS-3); the platform reads it and judges undos.</summary>
/// <param name="Settings">What is compared, and what an undo puts back.</param>
public sealed record StreamHistory(IReadOnlyList<Setting> Settings)
{
    /// <summary>The fields of events, and the settings, that nobody learns of, under their names in JSON.</summary>
    public IReadOnlyCollection<string> Hidden { get; init; } = [];

    /// <summary>Those that an account's own user does not learn of, either.</summary>
    public IReadOnlyCollection<string> HiddenFromUsers { get; init; } = [];

    /// <summary>Those that operators alone learn of.</summary>
    public IReadOnlyCollection<string> ForOperators { get; init; } = [];

    /// <summary>The roles that may undo a change, which are those that may make it.</summary>
    public IReadOnlyCollection<string> MayUndo { get; init; } = [Roles.Operator, Roles.Admin];

    /// <summary>Why an event that changed no setting that may be put back cannot be undone.</summary>
    public Func<object, ProblemCode> WhyNot { get; init; } = _ => PlatformProblems.NotUndoable;

    /// <summary>Finds a change of a stream and those after it; null when the stream has no such event.</summary>
    /// <param name="session">Reads.</param>
    /// <param name="stream">The stream's key.</param>
    /// <param name="eventId">The id in the path.</param>
    /// <param name="stop">Gives up.</param>
    public async Task<ChangeToUndo?> FindAsync(IQuerySession session, string stream, string eventId, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(session);
        if (!Guid.TryParseExact(eventId, "D", out var id)) return null;
        var changes = Change.OfAll(await session.Events.FetchStreamAsync(stream, token: stop), Settings).ToList();
        var index = changes.FindIndex(c => c.Id == id);
        return index < 0 ? null : new(changes[index], changes[(index + 1)..]);
    }

    /// <summary>Decides an undo; pure. It is refused when the change is of a kind that nothing brings back, and when it would overwrite a later one.</summary>
    /// <param name="undo">What is to be undone.</param>
    /// <param name="putBack">The service's own decision to give settings, by name, the values that they had before.</param>
    public Decision Undo(ChangeToUndo undo, Func<IReadOnlyDictionary<string, object?>, Decision> putBack)
    {
        ArgumentNullException.ThrowIfNull(undo);
        ArgumentNullException.ThrowIfNull(putBack);
        var names = undo.Change.ThatMayBePutBack(Settings);
        if (names.Count == 0) return Decision.Reject(new Rejection(WhyNot(undo.Change.Event)));
        List<Rejection> conflicts = [.. undo.Change.InConflict(undo.Later, names)];
        return conflicts.Count > 0 ? Decision.Reject(conflicts) : putBack(names.ToDictionary(n => n, n => undo.Change.Before[n]));
    }

    internal IReadOnlyCollection<string> HiddenFrom(Caller caller) => caller.Role switch
    {
        Roles.Operator => Hidden,
        Roles.User => [.. Hidden, .. HiddenFromUsers, .. ForOperators],
        _ => [.. Hidden, .. ForOperators],
    };

    // An event is not shown if all that it sets is hidden from the reader.
    internal bool IsShown(object e, IReadOnlyCollection<string> hidden)
    {
        var set = Settings.Where(s => s.IsSetBy(e, out _, out _)).ToList();
        return set.Count == 0 || set.Exists(s => !hidden.Contains(s.Name));
    }

    /// <summary>What events before a version have set last: one event a setting is read, however long the history is, and of a list all of them.</summary>
    internal async Task<Dictionary<string, object?>> ValuesBeforeAsync(IQuerySession session, string stream, long version, IEnumerable<Setting> settings, CancellationToken stop)
    {
        var values = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var setting in settings)
        {
            var types = setting.Events.ToArray();
            var earlier = await session.Events.QueryAllRawEvents()
                .Where(e => e.StreamKey == stream && e.Version < version && e.EventTypesAre(types))
                .OrderByDescending(e => e.Version).Take(setting.IsList ? int.MaxValue : 1).ToListAsync(stop);
            foreach (var e in earlier)
            {
                if (setting.IsSetBy(e.Data, out var name, out var value)) values.TryAdd(name, value);
            }
        }

        return values;
    }
}

/// <summary>What an undo is about.</summary>
/// <param name="Change">What is to be undone.</param>
/// <param name="Later">What came after it, oldest first.</param>
public sealed record ChangeToUndo(Change Change, IReadOnlyList<Change> Later);

/// <summary>What comes with an undo.</summary>
/// <param name="Confirm">Whether the caller has seen what it leads to; for settings that ask for it (428).</param>
public sealed record UndoBody(bool? Confirm);
