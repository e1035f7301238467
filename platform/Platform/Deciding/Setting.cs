using System.Collections.Immutable;
using System.Globalization;
using JasperFx.Events;

namespace Hikyaku.Platform;

/// <summary>
/// One setting of a resource, under the API's name for it, and which events set it: what history compares, and what an undo
/// puts back (OPS-3). A list whose entries are changed one by one is a setting with many names, <c>NAME/KEY</c> for each entry; an
/// entry that is not there has the value null.
/// </summary>
/// <param name="Name">As in the resource's JSON.</param>
/// <param name="MayBePutBack">Whether an undo may set an earlier value again.</param>
public sealed record Setting(string Name, bool MayBePutBack = true)
{
    private ImmutableDictionary<Type, Func<object, (string Name, object? Value)>> Values { get; init; } = ImmutableDictionary<Type, Func<object, (string, object?)>>.Empty;

    private bool HasInitial { get; init; }

    private object? Initial { get; init; }

    /// <summary>The stored events that set it, a stream's first one among them.</summary>
    public IEnumerable<Type> Events => Values.Keys;

    /// <summary>Whether it is a list whose entries are set one by one.</summary>
    public bool IsList { get; private init; }

    /// <summary>The same, set by a further event.</summary>
    public Setting SetBy<TEvent>(Func<TEvent, object?> value) where TEvent : class
        => this with { Values = Values.Add(typeof(TEvent), e => (Name, value((TEvent)e))) };

    /// <summary>The same, an entry of which is set by a further event.</summary>
    public Setting SetBy<TEvent>(Func<TEvent, string> key, Func<TEvent, object?> value) where TEvent : class
        => this with { IsList = true, HasInitial = true, Values = Values.Add(typeof(TEvent), e => ($"{Name}/{key((TEvent)e)}", value((TEvent)e))) };

    /// <summary>The same, with a value that it has before any event: an undo of the first change puts this back.</summary>
    public Setting Initially(object? value) => this with { HasInitial = true, Initial = value };

    /// <summary>Whether a name is this setting's, or one of its entries'.</summary>
    public bool Covers(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return IsList ? name.StartsWith(Name + "/", StringComparison.Ordinal) : name == Name;
    }

    /// <summary>Whether an event sets it, under which name, and to what.</summary>
    public bool IsSetBy(object e, out string name, out object? value)
    {
        ArgumentNullException.ThrowIfNull(e);
        var found = Values.TryGetValue(e.GetType(), out var read);
        (name, value) = found ? read!(e) : (Name, null);
        return found;
    }

    internal bool TryInitial(out object? value)
    {
        value = Initial;
        return HasInitial;
    }
}

/// <summary>What one event changed: the settings that it gave another value, before and after.</summary>
/// <param name="Id">The event's id.</param>
/// <param name="Event">The event.</param>
/// <param name="At">When it was decided.</param>
/// <param name="By">The login of who did it.</param>
/// <param name="Before">The values before; without those that had none.</param>
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
            if (!setting.IsSetBy(e.Data, out var name, out var value)) continue;
            var isKnown = values.TryGetValue(name, out var old) || setting.TryInitial(out old);
            if (isKnown && Equals(old, value)) continue;
            if (isKnown) before = before.SetItem(name, old);
            after = after.SetItem(name, value);
            values[name] = value;
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
        => [.. settings.Where(s => s.MayBePutBack).SelectMany(s => Before.Keys.Where(s.Covers))];

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
