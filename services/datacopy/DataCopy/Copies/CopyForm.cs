using System.Net;
using System.Text;
using System.Text.Json;
using Hikyaku.Copier;
using Hikyaku.Platform;

namespace Hikyaku.DataCopy.Copies;

/// <summary>What a copy is asked for with.</summary>
/// <param name="Source">Where from.</param>
/// <param name="Notify">Who is told by mail how it ended.</param>
/// <param name="Password">The account's own. The gateway verifies it and takes it out, so that it does not arrive here.</param>
public sealed record RequestCopyBody(SourceBody? Source, string? Notify, string? Password = null)
{
    /// <summary>Never the secrets.</summary>
    public override string ToString() => $"a copy from {Source}";
}

/// <summary>The mailbox that is copied from.</summary>
/// <param name="Host">The server's name or address.</param>
/// <param name="Port">Absent: 993 is tried, then 143.</param>
/// <param name="Security">tls, starttls or plain; absent: the first two are tried. Plain is the consent to go without encryption.</param>
/// <param name="UserName">Absent: the account's own address.</param>
/// <param name="Password">Of the source; or <paramref name="AccessToken"/>.</param>
/// <param name="AccessToken">An OAuth 2 access token (XOAUTH2, OAUTHBEARER).</param>
/// <param name="AcceptInvalidCertificate">The SHA-256 fingerprint of the invalid certificate that is agreed to, or true for the one that the server has now.</param>
public sealed record SourceBody(
    string? Host, int? Port = null, string? Security = null, string? UserName = null, string? Password = null, string? AccessToken = null, JsonElement? AcceptInvalidCertificate = null)
{
    /// <summary>Never the secrets.</summary>
    public override string ToString() => $"the source {Host}";
}

/// <summary>What a copy is asked for with, read.</summary>
/// <param name="Host">A name in A-labels, or an address.</param>
/// <param name="Port">The port; null: it is searched.</param>
/// <param name="Security">tls, starttls or plain; null: it is searched.</param>
/// <param name="UserName">The login at the source.</param>
/// <param name="Secret">Its password or token.</param>
/// <param name="IsToken">Whether it is a token.</param>
/// <param name="AcceptsInvalidCertificate">Whether the user agrees to an invalid certificate.</param>
/// <param name="Fingerprint">Which one; null: the one that the server has when the copy begins.</param>
/// <param name="Notify">A mail address.</param>
public sealed record CopyForm(
    string Host, int? Port, string? Security, string UserName, string Secret, bool IsToken, bool AcceptsInvalidCertificate, string? Fingerprint, string Notify)
{
    private const int MaxUserName = 320;
    private const int MaxPassword = 1024;
    private const int MaxToken = 16 * 1024;
    private const int FingerprintDigits = 64;

    private static readonly Dictionary<string, CopySecurity> Securities = new(StringComparer.Ordinal)
    {
        ["tls"] = CopySecurity.Tls,
        ["starttls"] = CopySecurity.StartTls,
        ["plain"] = CopySecurity.Plain,
    };

    /// <summary>Reads it; every rule that is broken is named.</summary>
    public static (CopyForm? Form, IReadOnlyList<Rejection> Broken) Read(RequestCopyBody body, string ownAddress)
    {
        ArgumentNullException.ThrowIfNull(body);
        var source = body.Source ?? new(null);
        List<Rejection> broken = [];
        var host = HostOf(source.Host);
        if (host is null) Add(CopyProblems.HostInvalid, "source.host");
        if (source.Port is < 1 or > 65535) Add(CopyProblems.PortRange, "source.port");
        if (source.Security is not null && !Securities.ContainsKey(source.Security)) Add(CopyProblems.SecurityUnknown, "source.security");
        var userName = string.IsNullOrWhiteSpace(source.UserName) ? ownAddress : source.UserName.Trim();
        if (!IsReadable(userName, MaxUserName)) Add(CopyProblems.UserNameInvalid, "source.userName");
        var isToken = source.AccessToken is not null;
        if (isToken && source.Password is not null) Add(CopyProblems.SecretTwice, "source.accessToken");
        else if (!IsReadable(isToken ? source.AccessToken : source.Password, isToken ? MaxToken : MaxPassword)) Add(CopyProblems.SecretMissing, isToken ? "source.accessToken" : "source.password");
        if (!TryReadConsent(source.AcceptInvalidCertificate, out var accepts, out var fingerprint)) Add(CopyProblems.CertificateUnreadable, "source.acceptInvalidCertificate");
        if (!InternetNames.TryReadMailbox(body.Notify, out var notify)) Add(CopyProblems.NotifyInvalid, "notify");
        return broken.Count > 0 ? (null, broken) : (new(host!, source.Port, source.Security, userName, (isToken ? source.AccessToken : source.Password)!, isToken, accepts, fingerprint, notify!), []);

        void Add(ProblemCode code, string field) => broken.Add(new(code, field));
    }

    /// <summary>Never the secret.</summary>
    public override string ToString() => $"a copy from {Host}";

    /// <summary>As the copier takes it.</summary>
    public CopySource AsSource() => new(
        Host, UserName, new(Secret, IsToken), Port, Security is null ? null : Securities[Security], AllowPlain: Security == "plain", Fingerprint);

    private static string? HostOf(string? typed)
    {
        var text = typed?.Trim().Normalize(NormalizationForm.FormKC) ?? "";
        if (IPAddress.TryParse(text, out var address)) return address.ToString();
        if (InternetNames.TryReadDomain(text.TrimEnd('.'), out var name)) return name;
        // A name of one label is in the operator's own network.
        return text.Contains('.', StringComparison.Ordinal) || !InternetNames.TryReadDomain($"{text}.invalid", out var single) ? null : single[..single.IndexOf('.', StringComparison.Ordinal)];
    }

    private static bool TryReadConsent(JsonElement? consent, out bool accepts, out string? fingerprint)
    {
        (accepts, fingerprint) = (false, null);
        switch (consent?.ValueKind)
        {
            case null or JsonValueKind.Null or JsonValueKind.False:
                return true;
            case JsonValueKind.True:
                accepts = true;
                return true;
            case JsonValueKind.String:
                fingerprint = consent.Value.GetString()!.Replace(":", "", StringComparison.Ordinal).ToUpperInvariant();
                accepts = true;
                return fingerprint.Length == FingerprintDigits && fingerprint.All(char.IsAsciiHexDigit);
            default:
                return false;
        }
    }

    // An unpaired surrogate is read as U+FFFD.
    private static bool IsReadable(string? text, int max)
        => text is { Length: > 0 } && text.Length <= max && !text.EnumerateRunes().Any(r => Rune.IsControl(r) || r == Rune.ReplacementChar);
}
