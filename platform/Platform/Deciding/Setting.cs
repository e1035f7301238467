using System.Collections.Immutable;
using System.Globalization;
using JasperFx.Events;

namespace Hikyaku.Platform;

/// <summary>
/// One setting of a resource, under the API's name for it, and which events set it: what history compares, and what an undo
/// puts back (OPS-3).
/// </summary>
/// <param name="Name">As in the resource's JSON.</param>
/// <param name="MayBePutBack">Whether an undo may set an earlier value again.</param>
public sealed record Setting(string Name, bool MayBePutBack = true)
{
    private ImmutableDictionary<Type, Func<object, object?>> Values { get; init; } = ImmutableDictionary<Type, Func<object, object?>>.Empty;

    /// <summary>The stored events that set it, a stream's first one among them.</summary>
    public IEnumerable<Type> Events => Values.Keys;

    /// <summary>The same, set by a further event.</summary>
    public Setting SetBy<TEvent>(Func<TEvent, object?> value) where TEvent : class
        => this with { Values = Values.Add(typeof(TEvent), e => value((TEvent)e)) };

    /// <summary>Whether an event sets it, and to what.</summary>
    public bool IsSetBy(object e, out object? value)
    {
        ArgumentNullException.ThrowIfNull(e);
        var found = Values.TryGetValue(e.GetType(), out var read);
        value = found ? read!(e) : null;
        return found;
    }
}

/// <summary>What one event changed: the settings that it gave another value, before and after.</summary>
/// <param name="Id">The event's id.</param>
/// <param name="Event">The event.</param>
/// <param name="At">When it was decided.</param>
/// <param name="By">The login of who did it.</param>
/// <param name="Before">The values before; empty for the first event of a stream.</param>
/// <param name="After">The values after.</param>
public sealed record Change(
    Guid Id, object Event, DateTimeOffset At, string By, ImmutableSortedDictionary<string, object?> Before, ImmutableSortedDictionary<string, object?> After)
{
    private const int MostNamed = 20;
    private static readonly ImmutableSortedDictionary<string, object?> Nothing = ImmutableSortedDictionary.Create<string, object?>(StringComparer.Ordinal);

    /// <summary>The change that an event is.</summary>
    /// <param name="e">The event.</param>
    /// <param name="settings">The settings to compare.</param>
    /// <param name="values">The settings' values before the event; afterwards those after it.</param>
    public static Change Of(IEvent e, IEnumerable<Setting> settings, Dictionary<string, object?> values)
    {
        ArgumentNullException.ThrowIfNull(e);
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(values);
        var (before, after) = (Nothing, Nothing);
        foreach (var setting in settings)
        {
            if (!setting.IsSetBy(e.Data, out var value)) continue;
            var isKnown = values.TryGetValue(setting.Name, out var old);
            if (isKnown && Equals(old, value)) continue;
            if (isKnown) before = before.SetItem(setting.Name, old);
            after = after.SetItem(setting.Name, value);
            values[setting.Name] = value;
        }

        return new(e.Id, e.Data, EventTimes.AtOf(e), EventHeaders.CallerOf(e).Login, before, after);
    }

    /// <summary>The changes of a whole stream, oldest first.</summary>
    public static IReadOnlyList<Change> OfAll(IEnumerable<IEvent> stream, IReadOnlyList<Setting> settings)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var values = new Dictionary<string, object?>(StringComparer.Ordinal);
        return [.. stream.Select(e => Of(e, settings, values))];
    }

    /// <summary>What an undo would put back: those settings that it changed and that may be.</summary>
    public IReadOnlyList<string> ThatMayBePutBack(IEnumerable<Setting> settings)
        => [.. settings.Where(s => s.MayBePutBack && Before.ContainsKey(s.Name)).Select(s => s.Name)];

    /// <summary>
    /// Every later change that an undo would overwrite: all of a setting whose value is another one by now. Changes that were
    /// themselves undone are in nobody's way.
    /// </summary>
    /// <param name="later">Everything that came after this change, oldest first.</param>
    /// <param name="settings">The settings to put back.</param>
    public IEnumerable<Rejection> InConflict(IReadOnlyList<Change> later, IEnumerable<string> settings)
        => from name in settings
           let changes = later.Where(c => c.After.ContainsKey(name)).ToList()
           where changes.Count > 0 && !Equals(changes[^1].After[name], After[name])
           from change in changes.TakeLast(MostNamed)
           select new Rejection(PlatformProblems.ChangedSince, name, ("at", change.At.ToString("u", CultureInfo.InvariantCulture)), ("by", change.By), ("id", change.Id));
}
