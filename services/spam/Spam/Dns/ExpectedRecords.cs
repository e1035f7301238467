using Hikyaku.Accounts.Contracts;
using Hikyaku.Platform;

namespace Hikyaku.Spam.Dns;

/// <summary>The records that a domain should have, and whether those that were found do.</summary>
internal static class ExpectedRecords
{
    private const string SpfTag = "v=spf1", DmarcTag = "v=DMARC1", MtaStsTag = "v=STSv1", TlsReportsTag = "v=TLSRPTv1";

    /// <summary>Its mail hosts, the preferred one first.</summary>
    public static IEnumerable<FoundRecord> Mx(string domain, DnsSettings settings)
        => settings.MailHosts.Select((host, i) => new FoundRecord(domain, "MX", FormattableString.Invariant($"{10 * (i + 1)} {host}.")));

    /// <summary>Its name servers.</summary>
    public static IEnumerable<FoundRecord> Ns(string domain, DnsSettings settings) => settings.NameServers.Select(host => new FoundRecord(domain, "NS", $"{host}."));

    /// <summary>Who may send its mail (RFC 7208): the hosts that take it.</summary>
    public static IEnumerable<FoundRecord> Spf(string domain) => [new(domain, "TXT", $"{SpfTag} mx ~all")];

    /// <summary>What receivers do with mail that is not signed (RFC 7489); the mildest one, as the domain's own senders must be known for more.</summary>
    public static IEnumerable<FoundRecord> Dmarc(string domain) => [new($"_dmarc.{domain}", "TXT", $"{DmarcTag}; p=none")];

    /// <summary>Where mail programs find the servers (RFC 6186, RFC 8314).</summary>
    public static IEnumerable<FoundRecord> Srv(string domain, DnsSettings settings)
    {
        if ((settings.ReceivingHost ?? (settings.MailHosts is [var host, ..] ? host : null)) is not { } receiving) return [];
        var sending = settings.SendingHost ?? receiving;
        return
        [
            Of("_imaps", settings.ImapsPort, receiving), Of("_pop3s", settings.Pop3sPort, receiving),
            Of("_submissions", settings.SubmissionsPort, sending), Of("_submission", settings.SubmissionPort, sending),
        ];

        FoundRecord Of(string service, int port, string server) => new($"{service}._tcp.{domain}", "SRV", FormattableString.Invariant($"0 1 {port} {server}."));
    }

    /// <summary>Where other servers' policy is found (MTA-STS, RFC 8461).</summary>
    public static IEnumerable<FoundRecord> MtaSts(string domain, DnsSettings settings)
    {
        if (settings.MtaSts is not { } policy) yield break;
        yield return new($"_mta-sts.{domain}", "TXT", $"{MtaStsTag}; id={policy.Id}");
        if (settings.PolicyHost is { } host) yield return new($"mta-sts.{domain}", "CNAME", $"{host}.");
    }

    /// <summary>Who is told when TLS fails (RFC 8460).</summary>
    public static IEnumerable<FoundRecord> TlsReports(string domain, DnsSettings settings)
        => settings.TlsReports is { } to ? [new($"_smtp._tls.{domain}", "TXT", $"{TlsReportsTag}; rua={to}")] : [];

    /// <summary>The mail hosts' keys (RFC 7672). They stand in the hosts' own zone, which must be signed.</summary>
    public static IEnumerable<FoundRecord> Dane(DnsSettings settings)
        => settings.Tlsa is { } tlsa ? settings.MailHosts.Select(host => new FoundRecord($"_25._tcp.{host}", "TLSA", tlsa)) : [];

    /// <summary>Whether the policy is announced as it is now, once, and its host is there.</summary>
    public static bool IsMtaSts(IReadOnlyList<FoundRecord> found, MtaStsPolicy policy)
        => found.Where(f => f.Type == "TXT").ToList() is [var only] && TagOf(only.Value, "id") == policy.Id && found.Any(f => f.Type != "TXT");

    /// <summary>Whether somebody is told: one record with an address.</summary>
    public static bool IsTlsReports(IReadOnlyList<FoundRecord> found) => found is [var only] && TagOf(only.Value, "rua").Length > 0;

    /// <summary>Whether each mail host's key is published.</summary>
    public static bool IsDane(IReadOnlyList<FoundRecord> found, IReadOnlyList<FoundRecord> expected) => expected.All(found.Contains);

    /// <summary>What a domain has of MTA-STS.</summary>
    public static IReadOnlyList<FoundRecord> MtaStsOf(IEnumerable<FoundRecord> records, string domain)
        => [.. records.Where(r => r.Name == $"mta-sts.{domain}" || (r.Name == $"_mta-sts.{domain}" && r.Value.StartsWith(MtaStsTag, StringComparison.Ordinal)))];

    /// <summary>Its records of TLS reports.</summary>
    public static IReadOnlyList<FoundRecord> TlsReportsOf(IEnumerable<FoundRecord> records, string domain)
        => [.. records.Where(r => r.Name == $"_smtp._tls.{domain}" && r.Value.StartsWith(TlsReportsTag, StringComparison.Ordinal))];

    /// <summary>Whether SPF lets the platform send: one record (two are an error, RFC 7208, 3.2) that names the mail hosts.</summary>
    public static bool IsSpf(IReadOnlyList<FoundRecord> found, DnsSettings settings)
        => found is [var only] && only.Value.ToLowerInvariant().Split(' ').Any(term => term.TrimStart('+') is var t
            && (t == "mx" || settings.MailHosts.Any(h => t == $"a:{h}" || t == $"include:{h}")));

    /// <summary>Whether there is one DMARC record.</summary>
    public static bool IsDmarc(IReadOnlyList<FoundRecord> found) => found.Count == 1;

    /// <summary>Whether the key that signs is published.</summary>
    public static bool IsDkim(IReadOnlyList<FoundRecord> found, IReadOnlyList<DkimRecord> expected)
        => expected.Any(e => e.Active) && expected.Where(e => e.Active).All(e => found.Any(f => f.Name == e.Name && KeyOf(f.Value) == KeyOf(e.Value)));

    /// <summary>Whether every service is announced where it is.</summary>
    public static bool IsSrv(IReadOnlyList<FoundRecord> found, IEnumerable<FoundRecord> expected)
        => expected.All(e => found.Any(f => f.Name == e.Name && TargetOf(f) == TargetOf(e)));

    /// <summary>The SPF records among a domain's texts.</summary>
    public static IReadOnlyList<FoundRecord> SpfOf(IEnumerable<FoundRecord> records, string domain)
        => [.. records.Where(r => r.Name == domain && r.Type == "TXT" && (r.Value.Equals(SpfTag, StringComparison.OrdinalIgnoreCase) || r.Value.StartsWith(SpfTag + " ", StringComparison.OrdinalIgnoreCase)))];

    /// <summary>Its DMARC records.</summary>
    public static IReadOnlyList<FoundRecord> DmarcOf(IEnumerable<FoundRecord> records, string domain)
        => [.. records.Where(r => r.Name == $"_dmarc.{domain}" && r.Value.StartsWith(DmarcTag, StringComparison.OrdinalIgnoreCase))];

    // Blanks in the key mean nothing (RFC 6376, 3.2).
    private static string KeyOf(string record) => TagOf(record, "p").Replace(" ", "", StringComparison.Ordinal);

    private static string TagOf(string record, string tag)
        => record.Split(';').Select(t => t.Trim()).Where(t => t.StartsWith(tag + "=", StringComparison.Ordinal)).Select(t => t[(tag.Length + 1)..]).FirstOrDefault("");

    private static string TargetOf(FoundRecord srv) => string.Join(' ', srv.Value.Split(' ')[2..]);
}
