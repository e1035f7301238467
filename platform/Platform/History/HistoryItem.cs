using System.Text.Json;
using System.Text.Json.Nodes;
using JasperFx.Events;

namespace Hikyaku.Platform;

/// <summary>One change, as every service's history shows it (ROLE-3, OPS-3).</summary>
/// <param name="Id">The event's id; an undo names it.</param>
/// <param name="At">When.</param>
/// <param name="Type">What, like <c>accounts.mail-account-created</c>.</param>
/// <param name="By">Who and from where.</param>
/// <param name="Via">Through what: panel, api, csv, policy, or <c>token:</c> and the name of an API token.</param>
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
