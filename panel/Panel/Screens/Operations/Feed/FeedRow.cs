using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hikyaku.Panel.Screens.Operations.Feed;

/// <summary>An event of the feed.</summary>
/// <param name="Position">Its place; a reader resumes behind it.</param>
/// <param name="Event">The CloudEvent.</param>
public sealed record FeedRow(string Position, JsonObject Event)
{
    // It is encoded again for the page.
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Its name.</summary>
    public string Type => Text("type");

    /// <summary>The account, domain or login that it is about.</summary>
    public string Subject => Text("subject");

    /// <summary>When it was decided.</summary>
    public DateTimeOffset At => Event["time"]!.GetValue<DateTimeOffset>();

    /// <summary>Whether personal data was taken out of it.</summary>
    public bool IsErased => Event["erased"]?.GetValue<bool>() is true;

    /// <summary>Who caused it; null where it does not say.</summary>
    public string? By => Cause("login");

    /// <summary>By what: the panel, the API, a job.</summary>
    public string? Via => Cause("via");

    /// <summary>The trace that it belongs to (W3C); null for none.</summary>
    public string? Trace => Text("traceparent").Split('-') is { Length: > 1 } parts ? parts[1] : null;

    /// <summary>All of it, for people.</summary>
    public string Json => Event.ToJsonString(Readable);

    /// <summary>Reads one.</summary>
    public static FeedRow Read(string position, string json) => new(position, JsonNode.Parse(json)!.AsObject());

    private string Text(string field) => Event[field]?.GetValue<string>() ?? "";

    private string? Cause(string field) => Event["data"] is JsonObject data && data["by"] is JsonObject by && by[field] is JsonValue value ? value.ToString() is { Length: > 0 } text ? text : null : null;
}
