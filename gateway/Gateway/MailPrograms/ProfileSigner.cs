using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;

namespace Hikyaku.Gateway.MailPrograms;

/// <summary>
/// Signs profiles (CMS, RFC 5652), which devices then show as verified: <c>Hikyaku:ProfileSigning:Certificate</c> is a PEM file with the
/// certificate and those above it, <c>Hikyaku:ProfileSigning:Key</c> one with its private key. Without them profiles are not signed.
/// The files are read for every profile, so that a renewed certificate counts at once.
/// </summary>
public sealed class ProfileSigner
{
    private const string Section = "Hikyaku:ProfileSigning";

    private readonly TimeProvider _time;
    private readonly (string Certificate, string Key)? _files;

    /// <summary>Reads the settings; files that cannot be read, or that do not belong together, are an error.</summary>
    public ProfileSigner(IConfiguration configuration, TimeProvider time)
    {
        _time = time;
        var settings = configuration.GetSection(Section);
        _files = (settings["Certificate"], settings["Key"]) switch
        {
            (null, null) => null,
            ({ } certificate, { } key) => (certificate, key),
            _ => throw new InvalidOperationException($"{Section}:Certificate and {Section}:Key must both be set, or neither"),
        };
        try
        {
            Sign([0]);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            throw new InvalidOperationException($"{Section}: the files cannot be used: {e.Message}", e);
        }
    }

    /// <summary>The profile as it goes out: signed where a key is set.</summary>
    public byte[] Sign(byte[] profile)
    {
        if (_files is not var (certificateFile, keyFile)) return profile;
        using var certificate = X509Certificate2.CreateFromPemFile(certificateFile, keyFile);
        var all = new X509Certificate2Collection();
        all.ImportFromPemFile(certificateFile);
        // The certificates above come from the file: building the chain here would fetch them from elsewhere.
        var signer = new CmsSigner(SubjectIdentifierType.IssuerAndSerialNumber, certificate) { IncludeOption = X509IncludeOption.EndCertOnly };
        foreach (var above in all.Skip(1)) signer.Certificates.Add(above);
        signer.SignedAttributes.Add(new Pkcs9SigningTime(_time.GetUtcNow().UtcDateTime));
        var message = new SignedCms(new ContentInfo(profile), detached: false);
        message.ComputeSignature(signer, silent: true);
        foreach (var one in all) one.Dispose();
        return message.Encode();
    }
}
