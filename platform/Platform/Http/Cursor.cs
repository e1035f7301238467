using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;

namespace Hikyaku.Platform;

/// <summary>A place in a sorted list, opaque to clients: the sort value and the key of the row that it stands at.</summary>
/// <param name="Value">The row's sort value as text.</param>
/// <param name="Key">The row's unique key.</param>
/// <param name="Back">Whether the page before the row is meant.</param>
public sealed record Cursor(string Value, string Key, bool Back)
{
    /// <summary>The default size of a page.</summary>
    public const int DefaultLimit = 50;

    /// <summary>The largest page.</summary>
    public const int MaxLimit = 500;

    /// <summary>Reads a cursor; false when it is none of ours. Absent is null.</summary>
    public static bool TryRead(string? text, out Cursor? cursor)
    {
        cursor = null;
        if (string.IsNullOrEmpty(text)) return true;
        try
        {
            cursor = JsonSerializer.Deserialize<Cursor>(Base64Url.DecodeFromChars(text));
            // PostgreSQL has no text with a NUL in it.
            return cursor is { Value: not null, Key: not null } && !cursor.Value.Contains('\0', StringComparison.Ordinal) && !cursor.Key.Contains('\0', StringComparison.Ordinal);
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            return false; // typed or cut by somebody; the endpoint says so
        }
    }

    /// <summary>A place in a list that is sorted by time.</summary>
    /// <param name="time">The row's time.</param>
    /// <param name="key">The row's unique key.</param>
    public static Cursor At(DateTimeOffset time, string key) => new(time.ToString("O", CultureInfo.InvariantCulture), key, Back: false);

    /// <summary>Reads a cursor of a list that is sorted by time; false when it is none. Absent is null.</summary>
    public static bool TryReadTime(string? text, out Cursor? cursor, out DateTimeOffset? time)
    {
        time = null;
        if (!TryRead(text, out cursor)) return false;
        if (cursor is null) return true;
        var isRead = DateTimeOffset.TryParseExact(cursor.Value, "O", CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var read);
        time = read;
        return isRead;
    }

    /// <inheritdoc/>
    public override string ToString() => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(this));
}

/// <summary>One page of a list.</summary>
/// <typeparam name="T">An item.</typeparam>
/// <param name="Items">The page's items in order.</param>
/// <param name="Next">Cursor of the next page; absent on the last.</param>
/// <param name="Prev">Cursor of the page before; absent on the first.</param>
[SuppressMessage("Naming", "CA1716", Justification = "The API's own word")]
public sealed record Page<T>(IReadOnlyList<T> Items, string? Next = null, string? Prev = null);
