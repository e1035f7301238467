using System.Collections.Concurrent;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using JasperFx.Events;

namespace Hikyaku.Platform;

/// <summary>One change, as every service's history shows it (ROLE-3, OPS-3).</summary>
/// <param name="Id">The event's id; an undo names it.</param>
/// <param name="At">When.</param>
/// <param name="Type">What, like <c>accounts.mail-account-created</c>.</param>
/// <param name="By">Who and from where.</param>
/// <param name="Via">Through what: panel, api, csv, policy.</param>
/// <param name="Data">The event's fields, without anything that leads to a password.</param>
/// <param name="Undoable">Whether the reader may undo it now; limits may still refuse.</param>
/// <param name="Job">The job that it was part of; absent when it was none's.</param>
/// <param name="Before">The settings that it changed, as they were; absent when it changed none.</param>
/// <param name="After">The same settings, as it set them.</param>
public sealed record HistoryItem(
    Guid Id, DateTimeOffset At, string Type, HistoryActor By, string Via, JsonObject Data, bool Undoable,
    string? Job = null, JsonObject? Before = null, JsonObject? After = null)
{
    /// <summary>Shows an event.</summary>
    /// <param name="e">The event.</param>
    /// <param name="change">What it changed.</param>
    /// <param name="undoable">Whether the reader may undo it.</param>
    /// <param name="hidden">The fields that the reader does not learn of, in the event's data and among the settings.</param>
    public static HistoryItem Of(IEvent e, Change change, bool undoable, IReadOnlyCollection<string> hidden)
    {
        ArgumentNullException.ThrowIfNull(e);
        ArgumentNullException.ThrowIfNull(change);
        ArgumentNullException.ThrowIfNull(hidden);
        var caller = EventHeaders.CallerOf(e);
        var data = JsonSerializer.SerializeToNode(e.Data, e.EventType, Answer.Json)!.AsObject();
        foreach (var name in hidden.Append("at")) data.Remove(name);
        var type = e.EventTypeName[..e.EventTypeName.LastIndexOf(".v", StringComparison.Ordinal)];
        return new(
            e.Id, change.At, type, new(caller.Role, caller.Login, caller.Address), caller.Via, data, undoable,
            e.GetHeader(EventHeaders.Job)?.ToString(), Shown(change.Before, hidden), Shown(change.After, hidden));
    }

    private static JsonObject? Shown(IReadOnlyDictionary<string, object?> values, IReadOnlyCollection<string> hidden)
    {
        // A value that is null is shown as such: the setting was there, and empty.
        var shown = new JsonObject(values.Where(v => !hidden.Contains(v.Key))
            .Select(v => KeyValuePair.Create(v.Key, JsonSerializer.SerializeToNode(v.Value, Answer.Json))));
        return shown.Count == 0 ? null : shown;
    }
}

/// <summary>Who caused a change.</summary>
public sealed record HistoryActor(string Role, string Login, string Address);

/// <summary>
/// When things were: an event's own <c>At</c>, which is decided with it, is what history shows, and so what a question for an
/// earlier time means. The store's own time is that of the transaction, a little later.
/// </summary>
public static partial class EventTimes
{
    private static readonly ConcurrentDictionary<Type, PropertyInfo> Properties = new();

    /// <summary>When an event was decided.</summary>
    public static DateTimeOffset AtOf(IEvent e)
    {
        ArgumentNullException.ThrowIfNull(e);
        var at = Properties.GetOrAdd(e.EventType, type => type.GetProperty("At") ?? throw new InvalidOperationException($"{type} has no At"));
        return (DateTimeOffset)at.GetValue(e.Data)!;
    }

    /// <summary>
    /// What the events of a stream added up to at a time, that time included; null before the first. Versions are what orders
    /// events: where clocks disagree by a moment, nothing after the first later event counts, so that what is told was so once.
    /// </summary>
    public static TState? StateAt<TState>(IEnumerable<IEvent> stream, DateTimeOffset at) where TState : class, IState<TState>
        => stream.TakeWhile(e => AtOf(e) <= at).Aggregate(default(TState), (state, e) => TState.Evolve(state, e.Data));

    /// <summary>Reads a time as RFC 3339 writes it: with seconds and an offset.</summary>
    public static bool TryRead(string? text, out DateTimeOffset at)
    {
        at = default;
        return text is not null && Rfc3339().Match(text) is { Success: true } parts
            && DateTimeOffset.TryParse($"{parts.Groups[1].Value}T{parts.Groups[2].Value}{parts.Groups[3].Value.ToUpperInvariant()}", CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal, out at);
    }

    // Past the seventh digit of a second nothing is stored.
    [GeneratedRegex(@"^([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,7})?)[0-9]{0,20}([Zz]|[+-][0-9]{2}:[0-9]{2})\z", RegexOptions.CultureInvariant)]
    private static partial Regex Rfc3339();
}
