using System.Buffers;
using System.Globalization;
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

    /// <summary>As what a file is read that may be meant in either encoding.</summary>
    public const string ReadingOfAmbiguous = "utf-8";

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

    /// <summary>The names under which a file's encoding may be declared.</summary>
    public static readonly IReadOnlyDictionary<string, DeclaredCharset> Charsets = new Dictionary<string, DeclaredCharset>(StringComparer.OrdinalIgnoreCase)
    {
        ["utf-8"] = DeclaredCharset.Utf8,
        ["utf8"] = DeclaredCharset.Utf8,
        ["us-ascii"] = DeclaredCharset.Ascii,
        ["shift_jis"] = DeclaredCharset.Cp932,
        ["shift-jis"] = DeclaredCharset.Cp932,
        ["sjis"] = DeclaredCharset.Cp932,
        ["x-sjis"] = DeclaredCharset.Cp932,
        ["cp932"] = DeclaredCharset.Cp932,
        ["ms932"] = DeclaredCharset.Cp932,
        ["windows-31j"] = DeclaredCharset.Cp932,
        ["csshiftjis"] = DeclaredCharset.Cp932,
    };

    /// <summary>Where a file is first not in the encoding that was declared: line, byte of that line, and the bytes there; null when all of it is.</summary>
    public static (int Line, int Byte, string Hex)? FirstBeyond(ReadOnlySpan<byte> file, DeclaredCharset charset)
    {
        if (charset switch { DeclaredCharset.Ascii => Ascii.IsValid(file), DeclaredCharset.Utf8 => Utf8.IsValid(file), _ => FromCp932(file) is not null }) return null;
        var line = 1;
        foreach (var range in file.Split(LineFeed))
        {
            if (FirstBeyondLine(file[range], charset) is { } bad) return (line, bad.Start.Value + 1, Hex(file[range][bad]));
            line++;
        }

        return null;
    }

    /// <summary>A file that is in the encoding that was declared, as UTF-8 with a byte order mark, so that nobody guesses.</summary>
    public static byte[] Declared(ReadOnlySpan<byte> file, DeclaredCharset charset)
    {
        if (charset == DeclaredCharset.Cp932) return [.. Encoding.UTF8.Preamble, .. Encoding.UTF8.GetBytes(FromCp932(file)!)];
        return file.StartsWith(Encoding.UTF8.Preamble) ? file.ToArray() : [.. Encoding.UTF8.Preamble, .. file];
    }

    /// <summary>Whether a file without a byte order mark may be meant in either encoding; it is then read as UTF-8.</summary>
    public static bool IsAmbiguous(ReadOnlySpan<byte> file)
        => !file.StartsWith(Encoding.UTF8.Preamble) && !Ascii.IsValid(file) && Utf8.IsValid(file) && FromCp932(file) is not null;

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
            var text = Cp932.GetString(Cp932Doubles.Replace(bytes));
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
        var (utf8, cp932) = (new List<CsvProblem>(), new List<CsvProblem>());
        var line = 1;
        foreach (var range in bytes.Split(LineFeed))
        {
            if (FirstBeyondUtf8(bytes[range]) is { } foreign) utf8.Add(Undecodable(line, bytes[range], foreign));
            if (FirstBeyondCp932(bytes[range]) is { } strange) cp932.Add(Undecodable(line, bytes[range], strange));
            line++;
        }

        foreach (var bad in IsRatherUtf8(utf8, cp932) ? utf8 : cp932) problems.Add(bad);
    }

    // The encoding of which fewer lines are wrong; of as many, the one that can be read further.
    private static bool IsRatherUtf8(List<CsvProblem> utf8, List<CsvProblem> cp932)
        => cp932.Count == 0 || utf8.Count < cp932.Count || (utf8.Count == cp932.Count && PlaceOf(utf8[0]).CompareTo(PlaceOf(cp932[0])) >= 0);

    private static (int Line, int Byte) PlaceOf(CsvProblem problem) => (problem.Line, (int)problem.Args[0].Value);

    private static CsvProblem Undecodable(int line, ReadOnlySpan<byte> bytes, Range bad)
        => new(line, null, CsvProblems.Undecodable, ("byte", bad.Start.Value + 1), ("hex", Hex(bytes[bad])));

    private static string Hex(ReadOnlySpan<byte> bytes) => string.Join(' ', bytes.ToArray().Select(b => b.ToString("X2", CultureInfo.InvariantCulture)));

    private static Range? FirstBeyondLine(ReadOnlySpan<byte> line, DeclaredCharset charset) => charset switch
    {
        DeclaredCharset.Cp932 => FirstBeyondCp932(line),
        DeclaredCharset.Utf8 => FirstBeyondUtf8(line),
        _ => line.IndexOfAnyExceptInRange((byte)0, (byte)0x7F) is >= 0 and var at ? at..(at + 1) : null,
    };

    // Where the first bytes are that no character has; null when there are none.
    private static Range? FirstBeyondUtf8(ReadOnlySpan<byte> bytes)
    {
        for (var i = 0; i < bytes.Length;)
        {
            if (Rune.DecodeFromUtf8(bytes[i..], out _, out var length) != OperationStatus.Done) return i..(i + length);
            i += length;
        }

        return null;
    }

    private static Range? FirstBeyondCp932(ReadOnlySpan<byte> bytes)
    {
        for (var i = 0; i < bytes.Length;)
        {
            var length = Math.Min(Cp932Doubles.IsLead(bytes[i]) ? 2 : 1, bytes.Length - i);
            if (FromCp932(bytes[i..(i + length)]) is null) return i..(i + length);
            i += length;
        }

        return null;
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

/// <summary>An encoding that a file may be declared to have.</summary>
internal enum DeclaredCharset
{
    /// <summary>US-ASCII.</summary>
    Ascii,

    /// <summary>UTF-8.</summary>
    Utf8,

    /// <summary>Microsoft's Shift_JIS.</summary>
    Cp932,
}
