using System.Security.Cryptography;
using Microsoft.Extensions.Configuration;

namespace Hikyaku.Platform;

/// <summary>
/// Encrypts what a service must keep but nobody should read in the database (AES-256-GCM), and hashes what must only be
/// compared (HMAC-SHA-256), with the key in the file <c>Hikyaku:KeyFile</c> (64 hex digits).
/// </summary>
public sealed class SecretBox
{
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private readonly byte[] _encryption;
    private readonly byte[] _authentication;

    /// <summary>Reads the key.</summary>
    public SecretBox(IConfiguration configuration)
    {
        var file = configuration["Hikyaku:KeyFile"] ?? throw new InvalidOperationException("Hikyaku:KeyFile is not set");
        var key = Convert.FromHexString(File.ReadAllText(file).Trim());
        _encryption = HKDF.DeriveKey(HashAlgorithmName.SHA256, key, 32, info: "encryption"u8.ToArray());
        _authentication = HKDF.DeriveKey(HashAlgorithmName.SHA256, key, 32, info: "authentication"u8.ToArray());
    }

    /// <summary>Encrypts; every call gives another text.</summary>
    public byte[] Seal(ReadOnlySpan<byte> plain)
    {
        var box = new byte[NonceBytes + plain.Length + TagBytes];
        RandomNumberGenerator.Fill(box.AsSpan(0, NonceBytes));
        using var aes = new AesGcm(_encryption, TagBytes);
        aes.Encrypt(box.AsSpan(0, NonceBytes), plain, box.AsSpan(NonceBytes, plain.Length), box.AsSpan(NonceBytes + plain.Length));
        return box;
    }

    /// <summary>Decrypts what <see cref="Seal"/> made; throws when it was changed or is of another key.</summary>
    public byte[] Open(ReadOnlySpan<byte> box)
    {
        if (box.Length < NonceBytes + TagBytes) throw new CryptographicException("Cut short");
        var plain = new byte[box.Length - NonceBytes - TagBytes];
        using var aes = new AesGcm(_encryption, TagBytes);
        aes.Decrypt(box[..NonceBytes], box.Slice(NonceBytes, plain.Length), box[^TagBytes..], plain);
        return plain;
    }

    /// <summary>A keyed hash, for comparing without keeping.</summary>
    public byte[] Hash(ReadOnlySpan<byte> data) => HMACSHA256.HashData(_authentication, data);
}
