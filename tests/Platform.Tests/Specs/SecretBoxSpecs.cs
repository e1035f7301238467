using System.Security.Cryptography;
using Hikyaku.Platform.Testing;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace Hikyaku.Platform.Tests.Specs;

public sealed class SecretBoxSpecs : IDisposable
{
    private readonly InternalKeys _keys = InternalKeys.Create();
    private readonly InternalKeys _otherKeys = InternalKeys.Create();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100_000)]
    public void What_was_sealed_opens_as_it_was(int length)
    {
        var plain = RandomNumberGenerator.GetBytes(length);

        Assert.Equal(plain, Box(_keys).Open(Box(_keys).Seal(plain)));
    }

    [Fact]
    public void The_same_text_is_sealed_differently_each_time()
        => Assert.NotEqual(Box(_keys).Seal("secret"u8), Box(_keys).Seal("secret"u8));

    [Fact]
    public void A_sealed_text_does_not_show_the_plain_one()
        => Assert.Equal(-1, Box(_keys).Seal("a password in it"u8).AsSpan().IndexOf("password"u8));

    [Fact]
    public void Any_changed_bit_is_noticed()
    {
        var box = Box(_keys);
        var whole = box.Seal("secret"u8);
        for (var bit = 0; bit < whole.Length * 8; bit++)
        {
            var changed = whole.ToArray();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.ThrowsAny<CryptographicException>(() => box.Open(changed));
        }
    }

    [Fact]
    public void What_was_cut_is_noticed()
    {
        var box = Box(_keys);
        var whole = box.Seal("secret"u8);
        for (var length = 0; length < whole.Length; length++) Assert.ThrowsAny<CryptographicException>(() => box.Open(whole.AsSpan(0, length)));
    }

    [Fact]
    public void Another_key_opens_nothing()
        => Assert.ThrowsAny<CryptographicException>(() => Box(_otherKeys).Open(Box(_keys).Seal("secret"u8)));

    [Fact]
    public void A_hash_is_the_same_for_the_same_key_and_data_only()
    {
        Assert.Equal(Box(_keys).Hash("data"u8), Box(_keys).Hash("data"u8));
        Assert.NotEqual(Box(_keys).Hash("data"u8), Box(_keys).Hash("date"u8));
        Assert.NotEqual(Box(_keys).Hash("data"u8), Box(_otherKeys).Hash("data"u8));
    }

    [Fact]
    public void A_rotated_key_opens_what_the_former_one_sealed_and_seals_what_it_cannot_open()
    {
        var former = Box(_keys);
        var (old, hash) = (former.Seal("secret"u8), former.Hash("data"u8));
        var rotated = Box(_keys, onTop: Convert.ToHexString(RandomNumberGenerator.GetBytes(32)));
        Assert.Equal("secret"u8, rotated.Open(old));
        Assert.Equal(hash, rotated.Hash("data"u8));
        var sealedAnew = rotated.Seal("secret"u8);
        Assert.Equal("secret"u8, rotated.Open(sealedAnew));
        Assert.ThrowsAny<CryptographicException>(() => former.Open(sealedAnew));
    }

    [Fact, Trait("Rule", "REL-7")]
    public void What_an_earlier_release_sealed_without_the_keys_id_opens()
    {
        const string key = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
        // Made by the release of 2026-11-28.
        const string sealedThen = "6465666768696a6b6c6d6e6fc54e7cc8e69c2301d70a2e4aa3434ccffdc1c32100b8181c6ab7ad11515fd99c659a";
        foreach (var onTop in new[] { null, Convert.ToHexString(RandomNumberGenerator.GetBytes(32)) })
            Assert.Equal("a webhook's secret"u8, Box(key, onTop).Open(Convert.FromHexString(sealedThen)));
    }

    public void Dispose()
    {
        _keys.Dispose();
        _otherKeys.Dispose();
    }

    private static SecretBox Box(InternalKeys keys) => new(new ConfigurationBuilder().AddCommandLine(keys.ForService()).Build());

    private static SecretBox Box(InternalKeys keys, string onTop) => Box(File.ReadAllText(keys.DataKey), onTop);

    private static SecretBox Box(string key, string? onTop)
    {
        var file = Path.GetTempFileName();
        File.WriteAllText(file, $"{onTop}\n{key}\n");
        try
        {
            return new(new ConfigurationBuilder().AddInMemoryCollection([new("Hikyaku:KeyFile", file)]).Build());
        }
        finally
        {
            File.Delete(file);
        }
    }
}
