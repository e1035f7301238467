using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Xml.Linq;
using Microsoft.AspNetCore.Http;

namespace Hikyaku.Gateway.Tests.Integration;

[Trait("Rule", "CLI-2")]
public sealed class Profiles_for_phones(Deployment deployment) : IAsyncLifetime
{
    private const string Path = "/api/v1/mobileconfig?address=Taro@EXAMPLE.jp";

    private readonly string _folder = Directory.CreateTempSubdirectory("hikyaku-test-profile-").FullName;
    private StandInService _service = null!;

    public async ValueTask InitializeAsync() => _service = await StandInService.StartAsync(http => http.Response.WriteAsJsonAsync(Mail_programs.Server("mail.example.net")));

    public async ValueTask DisposeAsync()
    {
        await _service.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("", "EmailTypeIMAP", 993)]
    [InlineData("&protocol=pop", "EmailTypePOP", 995)]
    public async Task A_profile_is_a_property_list_with_the_accounts_values(string query, string type, int port)
    {
        using var client = await ClientAsync();
        var reply = await client.GetAsync(Path + query);
        Assert.Equal((HttpStatusCode.OK, "application/x-apple-aspen-config"), (reply.Status, reply["Content-Type"]));
        Assert.Equal("attachment; filename=example.jp.mobileconfig; filename*=UTF-8''example.jp.mobileconfig", reply["Content-Disposition"]);
        var document = XDocument.Parse(reply.Text);
        Assert.Equal(("plist", "-//Apple//DTD PLIST 1.0//EN"), (document.DocumentType!.Name, document.DocumentType.PublicId));
        var profile = Values(document.Root!.Elements().Single());
        var mail = Values(Assert.Single(((XElement)profile["PayloadContent"]).Elements()));

        Assert.Equal(("Configuration", "com.apple.mail.managed"), (profile["PayloadType"], mail["PayloadType"]));
        Assert.Equal((type, "mail.example.net", port, "taro@example.jp"), (mail["EmailAccountType"], mail["IncomingMailServerHostName"], mail["IncomingMailServerPortNumber"], mail["IncomingMailServerUsername"]));
        Assert.Equal(("send.example.net", 465, "taro@example.jp"), (mail["OutgoingMailServerHostName"], mail["OutgoingMailServerPortNumber"], mail["OutgoingMailServerUsername"]));
        Assert.Equal((true, true), (mail["IncomingMailServerUseSSL"], mail["OutgoingMailServerUseSSL"]));
        Assert.DoesNotContain(mail.Keys, k => k is "IncomingPassword" or "OutgoingPassword");
        Assert.Equal(reply.Text, (await client.GetAsync(Path + query)).Text); // installed again, it takes its own place
    }

    [Theory]
    [InlineData("rsa")]
    [InlineData("ecdsa")]
    public async Task A_signed_profile_is_verified_by_openssl(string kind)
    {
        MakeCertificate(kind);
        using var signing = await ClientAsync(Setting("Certificate", "chain.pem"), Setting("Key", "key.pem"));
        using var plain = await ClientAsync();
        var signed = await signing.Http.GetByteArrayAsync(new Uri(signing.Address, Path));
        await File.WriteAllBytesAsync(File_("signed"), signed);
        await VerifyAsync("signed", succeeds: true);
        Assert.Equal(await plain.Http.GetByteArrayAsync(new Uri(plain.Address, Path)), await File.ReadAllBytesAsync(File_("content")));

        signed[signed.AsSpan().IndexOf("taro@example.jp"u8)] = (byte)'T';
        await File.WriteAllBytesAsync(File_("forged"), signed);
        await VerifyAsync("forged", succeeds: false);
    }

    [Fact]
    public async Task A_key_that_cannot_be_used_is_told_at_the_start()
    {
        MakeCertificate("rsa");
        using var other = RSA.Create(2048);
        await File.WriteAllTextAsync(File_("other.pem"), other.ExportPkcs8PrivateKeyPem());
        foreach (var settings in new[]
        {
            new[] { Setting("Certificate", "chain.pem") },
            [Setting("Certificate", "chain.pem"), Setting("Key", "missing.pem")],
            [Setting("Certificate", "chain.pem"), Setting("Key", "other.pem")],
            [Setting("Certificate", "key.pem"), Setting("Key", "key.pem")],
        })
            Assert.Contains("Hikyaku:ProfileSigning", (await Assert.ThrowsAsync<InvalidOperationException>(() => ClientAsync(settings))).Message, StringComparison.Ordinal);
    }

    private async Task<Client> ClientAsync(params string[] settings) => new((await deployment.NewGatewayAsync(_service.Address, settings)).Urls.First());

    private string Setting(string name, string file) => $"--Hikyaku:ProfileSigning:{name}={File_(file)}";

    private string File_(string name) => System.IO.Path.Combine(_folder, name);

    // A root, an authority below it, and the certificate that signs: the root alone is trusted.
    private void MakeCertificate(string kind)
    {
        var (from, to) = (DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using var rootKey = RSA.Create(2048);
        using var authorityKey = RSA.Create(2048);
        var rootRequest = Authority("CN=Root", rootKey);
        using var root = rootRequest.CreateSelfSigned(from, to);
        using var authority = Authority("CN=Authority", authorityKey).Create(root, from, to, [1]).CopyWithPrivateKey(authorityKey);
        using AsymmetricAlgorithm key = kind == "rsa" ? RSA.Create(2048) : ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = key is RSA rsa ? new CertificateRequest("CN=mail.example.net", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1) : new CertificateRequest("CN=mail.example.net", (ECDsa)key, HashAlgorithmName.SHA256);
        using var certificate = request.Create(authority.SubjectName, X509SignatureGenerator.CreateForRSA(authorityKey, RSASignaturePadding.Pkcs1), from, to, [2]);
        File.WriteAllText(File_("root.pem"), root.ExportCertificatePem());
        File.WriteAllText(File_("chain.pem"), certificate.ExportCertificatePem() + "\n" + authority.ExportCertificatePem());
        File.WriteAllText(File_("key.pem"), key.ExportPkcs8PrivateKeyPem());
    }

    private static CertificateRequest Authority(string name, RSA key)
    {
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request;
    }

    private async Task VerifyAsync(string signed, bool succeeds)
    {
        string[] arguments = ["cms", "-verify", "-binary", "-inform", "DER", "-in", File_(signed), "-CAfile", File_("root.pem"), "-purpose", "any", "-out", File_("content")];
        using var openssl = Process.Start(new ProcessStartInfo("openssl", arguments) { RedirectStandardError = true })!;
        var said = await openssl.StandardError.ReadToEndAsync();
        await openssl.WaitForExitAsync();
        Assert.True(succeeds == (openssl.ExitCode == 0), said);
    }

    // The document type: a dictionary is keys and values in turn.
    private static Dictionary<string, object> Values(XElement dictionary)
    {
        Assert.Equal("dict", dictionary.Name);
        var pairs = dictionary.Elements().Chunk(2).ToList();
        Assert.All(pairs, p => Assert.Equal((2, (XName)"key"), (p.Length, p[0].Name)));
        return pairs.ToDictionary(p => p[0].Value, p => p[1].Name.LocalName switch
        {
            "string" => p[1].Value,
            "integer" => (int)p[1],
            "true" => true,
            "false" => false,
            "array" => (object)p[1],
            var other => throw new InvalidOperationException($"{other} is no value of a property list"),
        });
    }
}
