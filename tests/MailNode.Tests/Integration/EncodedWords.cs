using System.Globalization;
using System.Text;
using CsCheck;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>How a word of a header field is spelled: as it is, or as encoded words (RFC 2047) in a character set.</summary>
internal static class EncodedWords
{
    /// <summary>As it is in UTF-8, or in encoded words.</summary>
    public static Gen<Func<string, string>> Spellings => Gen.OneOf<Func<string, string>>(
        word => word, word => word, word => In(Encoding.UTF8, "UTF-8", word, B), word => In(Encoding.UTF8, "utf-8", word, Q),
        word => In(Iso2022Jp, "ISO-2022-JP", word, B), word => In(ShiftJis, "Shift_JIS", word, B));

    private const int Longest = 8; // so many characters of an encoded word of at most 75
    private static readonly Encoding Iso2022Jp = CodePagesEncodingProvider.Instance.GetEncoding(50220)!;
    private static readonly Encoding ShiftJis = CodePagesEncodingProvider.Instance.GetEncoding(932)!;

    // A word that the character set does not have is spelled in UTF-8.
    private static string In(Encoding encoding, string name, string word, Func<byte[], string> transfer)
    {
        if (encoding.GetString(encoding.GetBytes(word)) != word) return In(Encoding.UTF8, "UTF-8", word, B);
        return string.Join(' ', Pieces(word).Select(p => $"=?{name}?{transfer(encoding.GetBytes(p))}?="));
    }

    private static IEnumerable<string> Pieces(string word) => word.EnumerateRunes().Chunk(Longest).Select(piece => string.Concat(piece));

    private static string B(byte[] bytes) => $"B?{Convert.ToBase64String(bytes)}";

    private static string Q(byte[] bytes)
        => "Q?" + string.Concat(bytes.Select(b => char.IsAsciiLetterOrDigit((char)b) ? $"{(char)b}" : b == ' ' ? "_" : string.Create(CultureInfo.InvariantCulture, $"={b:X2}")));
}
