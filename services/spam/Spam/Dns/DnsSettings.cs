using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Hikyaku.Platform;

namespace Hikyaku.Spam.Dns;

/// <summary>The operator's settings of look-ups, below <c>Hikyaku:Spam</c>.</summary>
/// <param name="Resolver">The resolver that is asked (<c>Resolver</c>, ADDRESS:PORT); null: every domain counts as having its DNS here.</param>
/// <param name="NameServers">The platform's name servers (<c>NameServers</c>, separated by commas).</param>
/// <param name="MailHosts">The hosts that take the platform's mail (<c>MailHosts</c>), the preferred one first.</param>
/// <param name="Interval">How often each domain is looked up again (<c>CheckInterval</c>).</param>
/// <param name="Patience">How long an answer is waited for (<c>ResolverTimeout</c>); it is asked for twice.</param>
/// <param name="ImapsPort">Where mail is read; in SRV records (RFC 6186).</param>
/// <param name="Pop3sPort">The same by POP.</param>
/// <param name="SubmissionsPort">Where mail is sent, with TLS from the beginning (RFC 8314).</param>
/// <param name="SubmissionPort">Where mail is sent, with STARTTLS.</param>
/// <param name="ReceivingHost">Where mail is read, as people are told it; null: the preferred mail host.</param>
/// <param name="SendingHost">Where mail is sent; null: where it is read.</param>
/// <param name="MtaSts">The policy for servers that send here; null: none is published.</param>
/// <param name="PolicyHost">The host that serves it (<c>Hikyaku:MtaSts:PolicyHost</c>), which <c>mta-sts.DOMAIN</c> is to name; null: it is not told.</param>
/// <param name="TlsReports">Where reports on TLS go (<c>TlsReports</c>, RFC 8460), as <c>mailto:</c> or <c>https:</c>; null: nobody is asked for them.</param>
/// <param name="Tlsa">Data of the TLSA record of the mail hosts (DANE, RFC 7672), of the certificate in the PEM file <c>Certificate</c>; null: none is set.</param>
public sealed record DnsSettings(
    IPEndPoint? Resolver, IReadOnlyList<string> NameServers, IReadOnlyList<string> MailHosts, TimeSpan Interval, TimeSpan Patience,
    int ImapsPort = 993, int Pop3sPort = 995, int SubmissionsPort = 465, int SubmissionPort = 587,
    string? ReceivingHost = null, string? SendingHost = null, MtaStsPolicy? MtaSts = null, string? PolicyHost = null, string? TlsReports = null, string? Tlsa = null)
{
    /// <summary>Reads them; a setting that cannot be read is an error at the start.</summary>
    public static DnsSettings Read(IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var (spam, server) = (configuration.GetSection("Hikyaku:Spam"), configuration.GetSection("Hikyaku:Server"));
        var settings = new DnsSettings(
            ResolverOf(spam["Resolver"]), NamesOf(spam["NameServers"]), NamesOf(spam["MailHosts"]),
            spam.GetValue("CheckInterval", TimeSpan.FromMinutes(10)), spam.GetValue("ResolverTimeout", TimeSpan.FromSeconds(3)),
            server.GetValue("ImapsPort", 993), server.GetValue("Pop3sPort", 995), server.GetValue("SubmissionsPort", 465), server.GetValue("SubmissionPort", 587),
            HostOf(server["ReceivingHost"]), HostOf(server["SendingHost"]),
            MtaStsPolicy.Read(configuration), HostOf(configuration["Hikyaku:MtaSts:PolicyHost"]), ReportsOf(spam["TlsReports"]), TlsaOf(spam["Certificate"]));
        if (settings is { Resolver: not null } and ({ NameServers.Count: 0 } or { MailHosts.Count: 0 }))
            throw new InvalidOperationException("With Hikyaku:Spam:Resolver, Hikyaku:Spam:NameServers and Hikyaku:Spam:MailHosts must be set: they say what the platform's own hosts are");
        return settings;
    }

    private static IPEndPoint? ResolverOf(string? text)
        => string.IsNullOrWhiteSpace(text) ? null
            : IPEndPoint.TryParse(text, out var resolver) && resolver.Port > 0 ? resolver
            : throw new InvalidOperationException($"Hikyaku:Spam:Resolver must be ADDRESS:PORT, not '{text}'");

    private static string? ReportsOf(string? text)
        => string.IsNullOrWhiteSpace(text) ? null
            : Uri.TryCreate(text, UriKind.Absolute, out var to) && to.Scheme is "mailto" or "https" && !text.AsSpan().ContainsAny(" ,;!") ? text
            : throw new InvalidOperationException($"Hikyaku:Spam:TlsReports must be a mailto: or https: address, not '{text}'");

    // 3 1 1: the host's own key, whole, by SHA-256 (RFC 7672, 3.1.1). It stays when the certificate is renewed with the same key.
    private static string? TlsaOf(string? file)
    {
        if (string.IsNullOrWhiteSpace(file)) return null;
        using var certificate = X509Certificate2.CreateFromPem(File.ReadAllText(file));
        return $"3 1 1 {Convert.ToHexStringLower(SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo()))}";
    }

    private static string? HostOf(string? text) => string.IsNullOrWhiteSpace(text) ? null : DnsNames.Normal(text.Trim());

    private static string[] NamesOf(string? text)
        => [.. (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(DnsNames.Normal).Distinct()];
}

/// <summary>Host names as they are compared.</summary>
internal static class DnsNames
{
    /// <summary>In lower case and without the dot at its end.</summary>
    public static string Normal(string name) => name.TrimEnd('.').ToLowerInvariant();
}
