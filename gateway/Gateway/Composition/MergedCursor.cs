using System.Buffers.Text;
using System.Text.Json;

namespace Hikyaku.Gateway.Composition;

/// <summary>How far a merged list has been read at one service.</summary>
/// <param name="Page">The service's own cursor of the page that is being read; null is its first.</param>
/// <param name="Id">The last item of that page that was shown; null when none was.</param>
/// <param name="At">That item's time.</param>
public sealed record Place(string? Page = null, string? Id = null, DateTimeOffset At = default);

/// <summary>The cursor of a merged list, opaque to clients: a place at each service that has more. A service that it does not name has no more.</summary>
public static class MergedCursor
{
    /// <summary>Reads a cursor; null when it is none of ours. Absent is the beginning at every service.</summary>
    public static IReadOnlyDictionary<string, Place>? Read(string? text, IReadOnlyList<string> services)
    {
        ArgumentNullException.ThrowIfNull(services);
        if (string.IsNullOrEmpty(text)) return services.ToDictionary(s => s, _ => new Place());
        try
        {
            var places = JsonSerializer.Deserialize<Dictionary<string, Place?>>(Base64Url.DecodeFromChars(text));
            return places?.ContainsValue(null) == false
                ? services.Where(places.ContainsKey).ToDictionary(s => s, s => places[s]!)
                : null;
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            return null; // typed or cut by somebody; the answer says so
        }
    }

    /// <summary>Writes a cursor.</summary>
    public static string Write(IReadOnlyDictionary<string, Place> places) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(places));
}
