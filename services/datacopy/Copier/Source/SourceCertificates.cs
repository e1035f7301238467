using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Hikyaku.Copier;

/// <summary>
/// Accepts valid certificates, and the one invalid certificate that the user has agreed to. While it judges nothing is fetched: a certificate
/// names addresses of its issuer, and a hostile one would name some of ours.
/// </summary>
internal sealed class SourceCertificates(string? accepted)
{
    /// <summary>The certificate that was not accepted.</summary>
    public InvalidCertificate? Refused { get; private set; }

    /// <summary>How a connection is made.</summary>
    public SslClientAuthenticationOptions For(string host) => new()
    {
        TargetHost = host,
        RemoteCertificateValidationCallback = (_, certificate, chain, errors) => Accepts(certificate, chain, errors),
        CertificateChainPolicy = new X509ChainPolicy { DisableCertificateDownloads = true, RevocationMode = X509RevocationMode.NoCheck },
    };

    private bool Accepts(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors == SslPolicyErrors.None) return true;
        if (certificate is null) return false;
        var fingerprint = certificate.GetCertHashString(HashAlgorithmName.SHA256);
        if (fingerprint.Equals(accepted, StringComparison.OrdinalIgnoreCase)) return true;
        using var read = X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
        Refused = new(fingerprint, read.Subject, read.Issuer, read.NotAfter, Reason(read, chain, errors));
        return false;
    }

    private static string Reason(X509Certificate2 certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (chain?.ChainStatus.Any(s => s.Status.HasFlag(X509ChainStatusFlags.NotTimeValid)) == true || certificate.NotAfter < DateTime.Now) return "expired";
        return errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors) ? "not-trusted" : "other-name";
    }
}
