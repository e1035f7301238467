using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Hikyaku.Feed.Webhooks;

/// <summary>
/// Secrets and signatures of the Standard Webhooks specification: a secret is <c>whsec_</c> and base64, a signature <c>v1,</c>
/// and the base64 of the HMAC-SHA-256 of id, time and body with dots between them.
/// </summary>
public static class WebhookSignature
{
    private const string Prefix = "whsec_";
    private const int SecretBytes = 32;

    /// <summary>Makes a secret.</summary>
    public static string NewSecret() => Prefix + Convert.ToBase64String(RandomNumberGenerator.GetBytes(SecretBytes));

    /// <summary>The value of <c>webhook-signature</c>: one signature for each secret, with blanks between them.</summary>
    public static string Of(IEnumerable<string> secrets, string id, long timestamp, ReadOnlySpan<byte> body)
    {
        ArgumentNullException.ThrowIfNull(secrets);
        byte[] signed = [.. Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id}.{timestamp}.")), .. body];
        return string.Join(' ', secrets.Select(s => "v1," + Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(s[Prefix.Length..]), signed))));
    }
}
