using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Hikyaku.Gateway.Sessions;

/// <summary>The secret of a session: 256 random bits in base64url. Only its SHA-256 is kept; random bits need no slow hash.</summary>
public static class SessionToken
{
    private const int Bytes = 32;

    /// <summary>How long its text is.</summary>
    public const int Characters = 43;

    /// <summary>Makes one.</summary>
    public static string Create() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Bytes));

    /// <summary>Answers what finds the session; null when the text cannot be a token, so that no look-up is spent on it.</summary>
    public static TokenHash? HashOf(string? token)
    {
        if (token?.Length != Characters || !Base64Url.IsValid(token)) return null;
        Span<byte> ascii = stackalloc byte[Characters];
        Encoding.ASCII.GetBytes(token, ascii);
        Span<byte> hash = stackalloc byte[Bytes];
        SHA256.HashData(ascii, hash);
        return new TokenHash(new UInt128(Read(hash, 0), Read(hash, 8)), new UInt128(Read(hash, 16), Read(hash, 24)));
    }

    private static ulong Read(Span<byte> bytes, int at) => System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(bytes[at..]);
}

/// <summary>The SHA-256 of a token.</summary>
/// <param name="High">The first 128 bits.</param>
/// <param name="Low">The last 128 bits.</param>
public readonly record struct TokenHash(UInt128 High, UInt128 Low)
{
    /// <summary>As the database keeps it.</summary>
    public byte[] ToBytes()
    {
        var bytes = new byte[32];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(bytes, High);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt128BigEndian(bytes.AsSpan(16), Low);
        return bytes;
    }
}
