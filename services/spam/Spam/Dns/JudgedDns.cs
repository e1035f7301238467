using Hikyaku.Spam.Domains;

namespace Hikyaku.Spam.Dns;

/// <summary>A mail host that a domain names.</summary>
/// <param name="Preference">The lowest is tried first.</param>
/// <param name="Host">In lower case, without the dot at its end; empty: the domain takes no mail (RFC 7505).</param>
/// <param name="AliasOf">The host that it is an alias of (CNAME), where that was asked; null: of none.</param>
public sealed record MxHost(int Preference, string Host, string? AliasOf = null);

/// <summary>What a look-up has found.</summary>
/// <param name="Exists">Whether there is such a domain; false: NXDOMAIN (RFC 2308).</param>
/// <param name="Mx">Its mail hosts.</param>
/// <param name="Ns">The name servers of its zone, in lower case, without the dot at their end.</param>
public sealed record FoundDns(bool Exists, IReadOnlyList<MxHost> Mx, IReadOnlyList<string> Ns);

/// <summary>Why a domain is not in force, or why a look-up had no result. Its texts stand in SpamTexts.resx after <c>spam-dns.</c></summary>
public static class DnsFaults
{
    /// <summary>There is no such domain.</summary>
    public const string NoDomain = "no-domain";

    /// <summary>The domain has no MX record.</summary>
    public const string MxMissing = "mx-missing";

    /// <summary>Mail hosts are not the platform's.</summary>
    public const string MxForeign = "mx-foreign";

    /// <summary>Mail hosts are aliases of the platform's, which RFC 2181, 10.3 forbids.</summary>
    public const string MxAlias = "mx-alias";

    /// <summary>The domain's zone has no NS record.</summary>
    public const string NsMissing = "ns-missing";

    /// <summary>Name servers are not the platform's.</summary>
    public const string NsForeign = "ns-foreign";

    /// <summary>The resolver did not answer.</summary>
    public const string NoAnswer = "no-answer";

    /// <summary>The resolver answered that it does not know (SERVFAIL and the like).</summary>
    public const string ServerFailure = "server-failure";
}

/// <summary>What was found, compared with the platform's hosts (SPM-5).</summary>
/// <param name="Mx">MX records as in a zone file, by preference and name.</param>
/// <param name="Ns">Name servers, by name.</param>
/// <param name="Missing">What is wrong; empty: DNS and mail server are the platform's.</param>
/// <param name="Assumed">Whether nothing was looked up, because no resolver is set.</param>
public sealed record JudgedDns(IReadOnlyList<string> Mx, IReadOnlyList<string> Ns, IReadOnlyList<DnsFault> Missing, bool Assumed = false)
{
    /// <summary>What counts where no resolver is set.</summary>
    public static readonly JudgedDns Assumption = new([], [], [], Assumed: true);

    /// <summary>
    /// Compares; pure. All mail hosts and all name servers must be the platform's own, by name: mail that comes in elsewhere, or an answer
    /// of another name server, is not in the platform's hands. Not all of the platform's hosts need to be there.
    /// </summary>
    public static JudgedDns Of(FoundDns found, IReadOnlyList<string> mailHosts, IReadOnlyList<string> nameServers)
    {
        ArgumentNullException.ThrowIfNull(found);
        if (!found.Exists) return new([], [], [new(DnsFaults.NoDomain, [])]);
        List<MxHost> mx = [.. found.Mx.OrderBy(m => m.Preference).ThenBy(m => m.Host, StringComparer.Ordinal)];
        List<string> ns = [.. found.Ns.Order(StringComparer.Ordinal)];
        List<DnsFault> faults = [];
        var foreign = mx.Where(m => !mailHosts.Contains(m.Host)).ToLookup(m => m.AliasOf is { } host && mailHosts.Contains(host), m => m.Host.Length == 0 ? "." : m.Host);
        if (mx.Count == 0) faults.Add(new(DnsFaults.MxMissing, []));
        if (foreign[false].Any()) faults.Add(new(DnsFaults.MxForeign, [.. foreign[false]]));
        if (foreign[true].Any()) faults.Add(new(DnsFaults.MxAlias, [.. foreign[true]]));
        if (ns.Count == 0) faults.Add(new(DnsFaults.NsMissing, []));
        if (ns.Where(n => !nameServers.Contains(n)).ToList() is { Count: > 0 } others) faults.Add(new(DnsFaults.NsForeign, others));
        return new([.. mx.Select(m => FormattableString.Invariant($"{m.Preference} {m.Host}."))], ns, faults);
    }
}
