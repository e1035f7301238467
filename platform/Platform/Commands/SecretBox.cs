using System.Security.Cryptography;
using Microsoft.Extensions.Configuration;

namespace Hikyaku.Platform;

/// <summary>
/// Encrypts what a service must keep but nobody should read in the database (AES-256-GCM), and hashes what must only be
/// compared (HMAC-SHA-256). The keys are in the file <c>Hikyaku:KeyFile</c>, each on a line of its own as 64 hex digits: the first
/// one encrypts, all of them decrypt, and the last one hashes. A key is rotated by putting a new one on top (docs/decisions/0034).
/// </summary>
public sealed class SecretBox
{
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private readonly List<Key> _keys;
    private readonly byte[] _authentication;

    /// <summary>Reads the keys.</summary>
    public SecretBox(IConfiguration configuration)
    {
        var file = configuration["Hikyaku:KeyFile"] ?? throw new InvalidOperationException("Hikyaku:KeyFile is not set");
        var keys = File.ReadAllLines(file).Where(l => l.Trim().Length > 0).Select(l => Convert.FromHexString(l.Trim())).ToList();
        if (keys.Count == 0) throw new InvalidOperationException($"{file} has no key");
        _keys = keys.ConvertAll(k => new Key(Derive(k, "key id")[..Key.IdBytes], Derive(k, "encryption")));
        // Stored hashes cannot be computed again with another key, because the hashed data is not stored.
        _authentication = Derive(keys[^1], "authentication");
    }

    /// <summary>Encrypts; every call gives another text: the key's id, the nonce, what is encrypted, and the tag.</summary>
    public byte[] Seal(ReadOnlySpan<byte> plain)
    {
        var key = _keys[0];
        var sealedBytes = new byte[Key.IdBytes + NonceBytes + plain.Length + TagBytes];
        key.Id.CopyTo(sealedBytes.AsSpan());
        var box = sealedBytes.AsSpan(Key.IdBytes);
        RandomNumberGenerator.Fill(box[..NonceBytes]);
        using var aes = new AesGcm(key.Encryption, TagBytes);
        aes.Encrypt(box[..NonceBytes], plain, box[NonceBytes..^TagBytes], box[^TagBytes..], key.Id);
        return sealedBytes;
    }

    /// <summary>Decrypts what <see cref="Seal"/> made; throws when it was changed or is of a key that is not in the file.</summary>
    public byte[] Open(ReadOnlySpan<byte> box)
    {
        foreach (var key in _keys)
        {
            if (box.StartsWith(key.Id) && TryDecrypt(key, box[Key.IdBytes..], key.Id, out var plain)) return plain;
        }

        // Until 2026-11-29 there was one key, the last one now, and no id.
        return TryDecrypt(_keys[^1], box, [], out var former) ? former : throw new CryptographicException("It was changed, or its key is not known");
    }

    /// <summary>A keyed hash, for comparing without keeping.</summary>
    public byte[] Hash(ReadOnlySpan<byte> data) => HMACSHA256.HashData(_authentication, data);

    private static byte[] Derive(byte[] key, string purpose) => HKDF.DeriveKey(HashAlgorithmName.SHA256, key, 32, info: System.Text.Encoding.ASCII.GetBytes(purpose));

    private static bool TryDecrypt(Key key, ReadOnlySpan<byte> box, ReadOnlySpan<byte> id, out byte[] plain)
    {
        plain = [];
        if (box.Length < NonceBytes + TagBytes) return false;
        var opened = new byte[box.Length - NonceBytes - TagBytes];
        using var aes = new AesGcm(key.Encryption, TagBytes);
        try
        {
            aes.Decrypt(box[..NonceBytes], box[NonceBytes..^TagBytes], box[^TagBytes..], opened, id);
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }

        plain = opened;
        return true;
    }

    private sealed record Key(byte[] Id, byte[] Encryption)
    {
        public const int IdBytes = 4;
    }
}
