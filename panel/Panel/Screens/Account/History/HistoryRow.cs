using System.Text.Json.Nodes;

namespace Hikyaku.Panel.Screens.Account.History;

/// <summary>A change of an account.</summary>
/// <param name="Id">The event's id; an undo names it.</param>
/// <param name="At">When.</param>
/// <param name="Type">What, like <c>accounts.mail-account-created</c>.</param>
/// <param name="By">Who and from where.</param>
/// <param name="Via">panel, api, csv, policy, or <c>token:</c> and the name of an API token.</param>
/// <param name="Data">The event's fields.</param>
/// <param name="Undoable">Whether the reader may undo it now.</param>
/// <param name="Job">The job that it was part of.</param>
/// <param name="Before">The settings that it changed, as they were.</param>
/// <param name="After">The same, as it set them.</param>
public sealed record HistoryRow(
    Guid Id, DateTimeOffset At, string Type, HistoryActor By, string Via, JsonObject? Data, bool Undoable, string? Job, JsonObject? Before, JsonObject? After)
{
    private const string Rules = "forwardingRules/";

    /// <summary>The name of a setting that it changed; null when it changed none.</summary>
    public string? Setting => After?.Select(s => s.Key.StartsWith(Rules, StringComparison.Ordinal) ? "forwardingRules" : s.Key).FirstOrDefault();

    /// <summary>The value of its setting before.</summary>
    public JsonNode? Earlier => Before?.FirstOrDefault().Value;

    /// <summary>The value of its setting after.</summary>
    public JsonNode? Later => After?.FirstOrDefault().Value;

    /// <summary>A field of the event as a text; empty when there is none.</summary>
    public string Field(string name) => Data?[name] is JsonValue value ? value.ToString() : "";
}

/// <summary>Who caused a change.</summary>
/// <param name="Role">operator, admin, user or system.</param>
/// <param name="Login">The login; for a user the address.</param>
/// <param name="Address">The IP address; empty for the system.</param>
public sealed record HistoryActor(string Role, string Login, string Address);
