using System.Net;

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
public sealed record DnsSettings(
    IPEndPoint? Resolver, IReadOnlyList<string> NameServers, IReadOnlyList<string> MailHosts, TimeSpan Interval, TimeSpan Patience,
    int ImapsPort = 993, int Pop3sPort = 995, int SubmissionsPort = 465, int SubmissionPort = 587,
    string? ReceivingHost = null, string? SendingHost = null)
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
            HostOf(server["ReceivingHost"]), HostOf(server["SendingHost"]));
        if (settings is { Resolver: not null } and ({ NameServers.Count: 0 } or { MailHosts.Count: 0 }))
            throw new InvalidOperationException("With Hikyaku:Spam:Resolver, Hikyaku:Spam:NameServers and Hikyaku:Spam:MailHosts must be set: they say what the platform's own hosts are");
        return settings;
    }

    private static IPEndPoint? ResolverOf(string? text)
        => string.IsNullOrWhiteSpace(text) ? null
            : IPEndPoint.TryParse(text, out var resolver) && resolver.Port > 0 ? resolver
            : throw new InvalidOperationException($"Hikyaku:Spam:Resolver must be ADDRESS:PORT, not '{text}'");

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
