using System.Buffers;
using System.Security.Cryptography;

namespace Hikyaku.Copier;

/// <summary>
/// Recognizes a message by its bytes. Servers change line ends when they store a message (Dovecot keeps LF and sends CR LF), so that the
/// digest is of the text with LF alone: CRs right before an LF do not count. NUL, which IMAP does not allow in a message, comes back from
/// Dovecot as 0x80, and counts as that.
/// </summary>
internal static class ContentDigest
{
    private const byte Cr = (byte)'\r';
    private const byte Lf = (byte)'\n';
    private const byte Nul = 0;
    private const byte FromDovecot = 0x80;

    /// <summary>SHA-256 in hexadecimal digits, and the size with CR LF as line ends.</summary>
    public static (string Digest, long Bytes) Of(Stream content)
    {
        content.Position = 0;
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var input = ArrayPool<byte>.Shared.Rent(64 * 1024);
        // CRs that are held back until it is known what follows them may come in addition.
        var output = new ArrayBufferWriter<byte>(input.Length);
        try
        {
            long bytes = 0;
            var crs = 0;
            for (int read; (read = content.Read(input)) > 0; sha.AppendData(output.WrittenSpan), output.ResetWrittenCount())
            {
                bytes += Normalize(input.AsSpan(0, read), output, ref crs);
            }

            for (; crs > 0; crs--, bytes++) sha.AppendData([Cr]);
            return (Convert.ToHexStringLower(sha.GetHashAndReset()), bytes);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(input);
            content.Position = 0;
        }
    }

    // Answers how many bytes the text has with CR LF as line ends.
    private static long Normalize(ReadOnlySpan<byte> text, ArrayBufferWriter<byte> output, ref int crs)
    {
        long bytes = 0;
        while (!text.IsEmpty)
        {
            if (text[0] == Cr)
            {
                crs++;
                text = text[1..];
                continue;
            }

            if (text[0] == Lf) bytes++;
            else for (; crs > 0; crs--, bytes++) output.Write([Cr]);
            crs = 0;
            var end = text[1..].IndexOf(Cr) + 1;
            if (end == 0) end = text.Length;
            var lf = text[1..end].IndexOf(Lf) + 1;
            if (lf > 0) end = lf;
            var written = output.GetSpan(end)[..end];
            text[..end].CopyTo(written);
            written.Replace(Nul, FromDovecot);
            output.Advance(end);
            bytes += end;
            text = text[end..];
        }

        return bytes;
    }
}
