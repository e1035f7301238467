using System.Diagnostics.CodeAnalysis;
using DnsClient;
using DnsClient.Protocol;

namespace Hikyaku.Spam.Dns;

/// <summary>A record that was found.</summary>
/// <param name="Name">Its owner, without a dot at its end.</param>
/// <param name="Type">Its type.</param>
/// <param name="Value">As in a zone file; of TXT the text alone.</param>
public sealed record FoundRecord(string Name, string Type, string Value);

/// <summary>A look-up had no result: by the fault of the resolver, or of what is behind it. It says nothing of the domain.</summary>
[SuppressMessage("Design", "CA1032", Justification = "It always has a reason")]
public sealed class NoDnsResultException(string failure, Exception? inner = null) : Exception($"The resolver gave no result ({failure})", inner)
{
    /// <summary>One of <see cref="DnsFaults"/>.</summary>
    public string Failure => failure;
}

/// <summary>Asks the resolver. Nothing is cached here: who has changed a record and asks again wants to see it.</summary>
public sealed class DnsLookup
{
    private readonly DnsSettings _settings;
    private readonly LookupClient? _client;

    /// <summary>Makes it; without a resolver nothing can be asked.</summary>
    public DnsLookup(DnsSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        _settings = settings;
        _client = settings.Resolver is { } resolver
            ? new LookupClient(new LookupClientOptions(resolver)
            {
                UseCache = false,
                Timeout = settings.Patience,
                Retries = 1,
                Recursion = true,
                UseTcpFallback = true,
                ThrowDnsErrors = false,
                ContinueOnDnsError = false,
            })
            : null;
    }

    /// <summary>Looks up what decides: MX of the domain, NS of its zone. Throws <see cref="NoDnsResultException"/> when the resolver does not say.</summary>
    public async Task<FoundDns> FindAsync(string domain, CancellationToken stop)
    {
        var answer = await AskAsync(domain, QueryType.MX, stop);
        if (answer.Header.ResponseCode == DnsHeaderResponseCode.NotExistentDomain) return new(false, [], []);
        var mx = new List<MxHost>();
        foreach (var record in answer.Answers.MxRecords())
        {
            var host = NameOf(record.Exchange);
            mx.Add(new(record.Preference, host, _settings.MailHosts.Contains(host) || host.Length == 0 ? null : await AliasAsync(host, stop)));
        }

        return new(true, mx, await NameServersAsync(domain, stop));
    }

    /// <summary>Looks up what is recommended: SPF, DMARC, DKIM, SRV, MTA-STS, TLS reports and DANE.</summary>
    public async Task<IReadOnlyList<FoundRecord>> RecommendedAsync(string domain, IEnumerable<string> dkim, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(dkim);
        var found = new List<FoundRecord>();
        // What nobody expects is not asked for.
        var transport = ExpectedRecords.MtaSts(domain, _settings).Concat(ExpectedRecords.TlsReports(domain, _settings)).Where(r => r.Type == "TXT").Select(r => r.Name);
        foreach (var name in (string[])[domain, $"_dmarc.{domain}", .. transport, .. dkim])
        {
            foreach (var record in (await AskAsync(name, QueryType.TXT, stop)).Answers.TxtRecords()) found.Add(new(name, "TXT", string.Concat(record.Text)));
        }

        foreach (var name in ExpectedRecords.Srv(domain, _settings).Select(r => r.Name))
        {
            foreach (var record in (await AskAsync(name, QueryType.SRV, stop)).Answers.SrvRecords())
                found.Add(new(name, "SRV", FormattableString.Invariant($"{record.Priority} {record.Weight} {record.Port} {NameOf(record.Target)}.")));
        }

        if (_settings.MtaSts is not null) found.AddRange(await PolicyHostAsync($"mta-sts.{domain}", stop));
        foreach (var name in ExpectedRecords.Dane(_settings).Select(r => r.Name))
        {
            foreach (var record in (await AskAsync(name, QueryType.TLSA, stop)).Answers.OfRecordType(ResourceRecordType.TLSA).OfType<TlsaRecord>())
                found.Add(new(name, "TLSA", FormattableString.Invariant($"{(int)record.CertificateUsage} {(int)record.Selector} {(int)record.MatchingType} {Convert.ToHexStringLower([.. record.CertificateAssociationData])}")));
        }

        return found;
    }

    // An alias of the host that serves the policy, or that host's address.
    private async Task<IEnumerable<FoundRecord>> PolicyHostAsync(string name, CancellationToken stop)
    {
        foreach (var type in new[] { QueryType.A, QueryType.AAAA })
        {
            var answers = (await AskAsync(name, type, stop)).Answers;
            if (answers.CnameRecords().FirstOrDefault(r => NameOf(r.DomainName) == name) is { } alias) return [new(name, "CNAME", $"{NameOf(alias.CanonicalName)}.")];
            if (answers.AddressRecords().FirstOrDefault() is { } address) return [new(name, type.ToString(), address.Address.ToString())];
        }

        return [];
    }

    // The name servers stand where the zone begins, which may be above the domain. A top-level domain is nobody's.
    private async Task<IReadOnlyList<string>> NameServersAsync(string domain, CancellationToken stop)
    {
        for (var zone = domain; zone.Contains('.', StringComparison.Ordinal); zone = zone[(zone.IndexOf('.', StringComparison.Ordinal) + 1)..])
        {
            var answer = await AskAsync(zone, QueryType.NS, stop);
            List<string> found = [.. answer.Answers.NsRecords().Where(r => NameOf(r.DomainName) == zone).Select(r => NameOf(r.NSDName)).Distinct()];
            if (found.Count > 0) return found;
        }

        return [];
    }

    // Where a host of others does not answer, it is no alias of ours as far as anybody can tell.
    private async Task<string?> AliasAsync(string host, CancellationToken stop)
    {
        try
        {
            return (await AskAsync(host, QueryType.CNAME, stop)).Answers.CnameRecords().Select(r => NameOf(r.CanonicalName)).FirstOrDefault();
        }
        catch (NoDnsResultException)
        {
            return null;
        }
    }

    private async Task<IDnsQueryResponse> AskAsync(string name, QueryType type, CancellationToken stop)
    {
        try
        {
            var answer = await (_client ?? throw new InvalidOperationException("No resolver is set")).QueryAsync(name, type, QueryClass.IN, stop);
            return answer.Header.ResponseCode is DnsHeaderResponseCode.NoError or DnsHeaderResponseCode.NotExistentDomain
                ? answer
                : throw new NoDnsResultException(DnsFaults.ServerFailure);
        }
        catch (Exception e) when (e is DnsResponseException or System.Net.Sockets.SocketException or OperationCanceledException or IOException && !stop.IsCancellationRequested)
        {
            throw new NoDnsResultException(DnsFaults.NoAnswer, e);
        }
    }

    private static string NameOf(DnsString name) => DnsNames.Normal(name.Value);
}
