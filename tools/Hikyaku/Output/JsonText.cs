using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hikyaku.CommandLine.Output;

/// <summary>The API's JSON: read leniently, as it may grow, and written on one line.</summary>
public static class JsonText
{
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>On one line, Japanese readable. What a terminal would obey is escaped, which means the same to programs.</summary>
    public static string Line(JsonNode node)
    {
        ArgumentNullException.ThrowIfNull(node);
        var line = new StringBuilder();
        foreach (var rune in node.ToJsonString(Readable).EnumerateRunes())
        {
            if (TerminalText.IsHarmless(rune)) line.Append(rune);
            else foreach (var unit in rune.ToString()) line.Append(CultureInfo.InvariantCulture, $"\\u{(int)unit:x4}");
        }

        return line.ToString();
    }

    /// <summary>A field as text; null when it is not there or null.</summary>
    public static string? Text(this JsonNode? node, string name) => Field(node, name) switch
    {
        null => null,
        JsonValue value when value.TryGetValue<string>(out var text) => text,
        var other => Line(other),
    };

    /// <summary>A field that is true or false, in words.</summary>
    public static string? YesNo(this JsonNode? node, string name) => Field(node, name) is JsonValue value && value.TryGetValue<bool>(out var flag)
        ? flag ? CommandTexts.Yes : CommandTexts.No
        : null;

    /// <summary>The entries of a field; none when it is not there.</summary>
    public static IEnumerable<JsonNode> Items(this JsonNode? node, string name) => Field(node, name) is JsonArray items ? items.OfType<JsonNode>() : [];

    /// <summary>The fields of a field; none when it is not there.</summary>
    public static IEnumerable<KeyValuePair<string, JsonNode?>> Fields(this JsonNode? node, string name) => Field(node, name) as JsonObject ?? [];

    /// <summary>A field; null when it is not there.</summary>
    public static JsonNode? Field(this JsonNode? node, string name) => (node as JsonObject)?[name];
}
