using System.Security.Cryptography;
using Hikyaku.Platform;
using Marten;

namespace Hikyaku.Accounts.Domains;

/// <summary>A key pair as it is made.</summary>
/// <param name="Public">What is published, and stands in events.</param>
/// <param name="PrivatePem">PKCS #8.</param>
public sealed record DkimKeyPair(DkimPublicKey Public, string PrivatePem);

/// <summary>Makes key pairs: RSA, which every receiver accepts, with 2048 bits as RFC 8301 recommends.</summary>
/// <param name="configuration">
/// <c>Hikyaku:DkimKeyBits</c>, 1024 to 4096: keys of 4096 bits do not fit into a DNS record of some registrars, and those of 1024,
/// the least that receivers accept, are made in a tenth of the time.
/// </param>
public sealed class DkimKeys(IConfiguration configuration)
{
    private readonly int _bits = configuration.GetValue("Hikyaku:DkimKeyBits", 2048) is >= 1024 and <= 4096 and var bits
        ? bits
        : throw new InvalidOperationException("Hikyaku:DkimKeyBits must be 1024 to 4096");

    /// <summary>Makes one.</summary>
    /// <param name="now">Its selector has the day.</param>
    /// <param name="former">The domain's newest selector; null: it has none.</param>
    public DkimKeyPair Make(DateTimeOffset now, string? former = null)
    {
        using var rsa = RSA.Create(_bits);
        var selector = DkimPublicKey.NextSelector(now, former);
        return new(new(selector, Convert.ToBase64String(rsa.ExportSubjectPublicKeyInfo())), rsa.ExportPkcs8PrivateKeyPem());
    }
}

/// <summary>The public part of a key.</summary>
/// <param name="Selector">By which its record is found: <c>h</c>, the day, and a letter.</param>
/// <param name="PublicKey">SubjectPublicKeyInfo in base64, as the record has it.</param>
public sealed record DkimPublicKey(string Selector, string PublicKey)
{
    /// <summary>A selector that names one key only, also where DNS answers are cached: the letter is the next one when the newest selector is of the same day.</summary>
    public static string NextSelector(DateTimeOffset now, string? former)
    {
        var day = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"h{now.UtcDateTime:yyyyMMdd}");
        return former?.StartsWith(day, StringComparison.Ordinal) != true ? $"{day}a"
            : former[^1] == 'z' ? $"{former}a" : $"{former[..^1]}{(char)(former[^1] + 1)}";
    }
}

/// <summary>
/// The private part of a key, sealed (docs/decisions/0034). It is not in events, which are kept and shown; an event names the selector.
/// It is deleted when another key signs.
/// </summary>
public sealed record DkimPrivateKey
{
    /// <summary>Domain and selector, as <see cref="KeyOf"/> puts them together.</summary>
    public required string Id { get; init; }

    /// <summary>PKCS #8 in PEM, sealed by <see cref="SecretBox"/>, in base64.</summary>
    public required string Sealed { get; init; }

    /// <summary>Where the key of a selector is; the list of states puts it together likewise.</summary>
    public static string KeyOf(string domain, string selector) => $"{domain}/{selector}";

    /// <summary>Stores it in the session's transaction.</summary>
    public static void Store(IDocumentSession session, SecretBox box, string domain, DkimKeyPair pair) => session.Insert(new DkimPrivateKey
    {
        Id = KeyOf(domain, pair.Public.Selector),
        Sealed = Convert.ToBase64String(box.Seal(System.Text.Encoding.ASCII.GetBytes(pair.PrivatePem))),
    });

    /// <summary>Opens what was sealed: PEM.</summary>
    public static string Open(SecretBox box, string sealedText) => System.Text.Encoding.ASCII.GetString(box.Open(Convert.FromBase64String(sealedText)));
}
