using System.Text.Encodings.Web;
using System.Text.Json;

namespace Hikyaku.Platform.Testing;

/// <summary>Values as a failed test's message shows them.</summary>
internal static class Wording
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A value: text as it is, an exception by its message, everything else as its type and JSON.</summary>
    public static string Of(object? value) => value switch
    {
        null => "null",
        string or bool or ValueType => value.ToString()!,
        Exception e => $"{e.GetType().Name}: {e.Message}",
        _ => $"{value.GetType().Name} {JsonSerializer.Serialize(value, value.GetType(), Json)}",
    };

    /// <summary>Values, one a line, or a word for none.</summary>
    public static string Lines(IEnumerable<object> values)
        => values.Select(Of).ToList() is { Count: > 0 } lines ? string.Join("\n      ", lines) : "nothing";
}
