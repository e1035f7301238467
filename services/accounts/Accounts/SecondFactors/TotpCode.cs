using System.Text;
using OtpNet;

namespace Hikyaku.Accounts.SecondFactors;

/// <summary>
/// One-time codes as authenticator programs make them (RFC 6238): HMAC-SHA-1, 30 seconds, 6 digits, which is all that every such
/// program knows. The code of the step before and after the present one counts too, as clocks differ and people are slow.
/// </summary>
public static class TotpCode
{
    /// <summary>The length of a secret, in bytes: that of the hash (RFC 4226, 4).</summary>
    public const int SecretBytes = 20;

    private const int StepSeconds = 30;
    private const int Digits = 6;
    private const int MaxTyped = 64;
    private static readonly VerificationWindow OneStepAround = new(previous: 1, future: 1);

    /// <summary>The address that a program reads from the QR code.</summary>
    /// <param name="secret">The secret.</param>
    /// <param name="login">Whose it is.</param>
    /// <param name="issuer">What the platform calls itself.</param>
    public static string UriOf(byte[] secret, string login, string issuer)
        => new OtpUri(OtpType.Totp, secret, login, issuer, OtpHashMode.Sha1, Digits, StepSeconds).ToString();

    /// <summary>The secret as people type it.</summary>
    public static string TextOf(byte[] secret) => Base32Encoding.ToString(secret);

    /// <summary>The time step whose code was typed, in any width and with spaces; null: none that counts now.</summary>
    public static long? StepOf(byte[] secret, string typed, DateTimeOffset now)
    {
        var code = Plain(typed);
        if (code.Length != Digits || !code.All(char.IsAsciiDigit)) return null;
        return new Totp(secret, StepSeconds, OtpHashMode.Sha1, Digits).VerifyTotp(now.UtcDateTime, code, out var step, OneStepAround) ? step : null;
    }

    /// <summary>What was typed, without what people put between its characters.</summary>
    internal static string Plain(string typed)
    {
        ArgumentNullException.ThrowIfNull(typed);
        if (typed.Length > MaxTyped || typed.Any(char.IsSurrogate)) return ""; // no code has such characters
        return string.Concat(typed.Normalize(NormalizationForm.FormKC).Where(c => !char.IsWhiteSpace(c) && c != '-'));
    }
}
