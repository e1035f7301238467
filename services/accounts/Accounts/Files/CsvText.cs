using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Hikyaku.Accounts.Files;

/// <summary>
/// The encodings of ACC-12. What is valid UTF-8 is UTF-8, with or without a byte order mark; everything else must be CP932
/// (Microsoft's Shift_JIS) from beginning to end: a file that is half right would register names that nobody meant.
/// </summary>
internal static class CsvText
{
    private static readonly byte[][] Pictures =
        [[0x89, .. "PNG"u8], [0xFF, 0xD8, 0xFF], "GIF8"u8.ToArray(), "BM"u8.ToArray(), "RIFF"u8.ToArray(), "II*\0"u8.ToArray(), "MM\0*"u8.ToArray(), "%PDF-"u8.ToArray()];

    // ZIP (an .xlsx is one), the old .xls, gzip, 7z, RAR.
    private static readonly byte[][] Archives =
        ["PK\u0003\u0004"u8.ToArray(), "PK\u0005\u0006"u8.ToArray(), [0xD0, 0xCF, 0x11, 0xE0], [0x1F, 0x8B], [.. "7z"u8, 0xBC, 0xAF], "Rar!"u8.ToArray()];

    // .NET decodes the bytes 80, A0 and FD–FF, which CP932 does not have, as these characters.
    private static readonly SearchValues<char> NotCp932 = SearchValues.Create("\u0080\u00A0\uF8F0\uF8F1\uF8F2\uF8F3");

    private const byte LineFeed = (byte)'\n';

    /// <summary>CP932; what it cannot say throws.</summary>
    public static Encoding Cp932 { get; } = CodePagesEncodingProvider.Instance.GetEncoding(932, EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback)
        ?? throw new NotSupportedException("CP932 is missing");

    /// <summary>The file in UTF-8 without a byte order mark; null when <paramref name="problems"/> says why not.</summary>
    public static ReadOnlyMemory<byte>? ToUtf8(ReadOnlyMemory<byte> file, CsvFindings problems)
    {
        var bytes = file.Span;
        if (IsUtf16(bytes)) problems.Add(new(1, null, CsvProblems.Utf16));
        else if (StartsWithOne(bytes, Pictures)) problems.Add(new(1, null, CsvProblems.Picture));
        else if (StartsWithOne(bytes, Archives)) problems.Add(new(1, null, CsvProblems.Archive));
        else if (Utf8.IsValid(bytes)) return bytes.StartsWith(Encoding.UTF8.Preamble) ? file[3..] : file;
        else if (FromCp932(bytes) is { } text) return Encoding.UTF8.GetBytes(text);
        else NameUndecodableLines(bytes, problems);
        return null;
    }

    /// <summary>The first character that CP932 lacks; null when it has all of them.</summary>
    public static Rune? FirstBeyondCp932(string text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (!rune.IsAscii && !HasCp932(rune.ToString())) return rune;
        }

        return null;
    }

    // .NET encodes some characters as a similar one (best fit); such a text would come back changed.
    private static bool HasCp932(string text)
    {
        try
        {
            return Cp932.GetString(Cp932.GetBytes(text)) == text;
        }
        catch (EncoderFallbackException)
        {
            return false; // that is the answer
        }
    }

    private static string? FromCp932(ReadOnlySpan<byte> bytes)
    {
        try
        {
            var text = Cp932.GetString(bytes);
            return text.AsSpan().ContainsAny(NotCp932) ? null : text;
        }
        catch (DecoderFallbackException)
        {
            return null; // the caller tells which lines
        }
    }

    // Reports the lines that do not fit the encoding of the majority. Lines can be split first: a line feed is never the second byte of a character.
    private static void NameUndecodableLines(ReadOnlySpan<byte> bytes, CsvFindings problems)
    {
        var (utf8, cp932) = (new List<int>(), new List<int>());
        var line = 1;
        foreach (var range in bytes.Split(LineFeed))
        {
            if (!Utf8.IsValid(bytes[range])) utf8.Add(line);
            if (FromCp932(bytes[range]) is null) cp932.Add(line);
            line++;
        }

        foreach (var bad in utf8.Count <= cp932.Count || cp932.Count == 0 ? utf8 : cp932) problems.Add(new(bad, null, CsvProblems.Undecodable));
    }

    private static bool StartsWithOne(ReadOnlySpan<byte> bytes, byte[][] beginnings)
    {
        foreach (var beginning in beginnings)
        {
            if (bytes.StartsWith(beginning)) return true;
        }

        return false;
    }

    // Also detects UTF-16 without a byte order mark: the header is ASCII, so every other byte of it is zero.
    private static bool IsUtf16(ReadOnlySpan<byte> bytes)
        => bytes is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..] or [not 0, 0, not 0, 0, ..] or [0, not 0, 0, not 0, ..] or [0, 0, 0xFE, 0xFF, ..];
}
