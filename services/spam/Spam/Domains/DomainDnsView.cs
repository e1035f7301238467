using System.Globalization;
using Hikyaku.Platform;
using Hikyaku.Spam.Dns;

namespace Hikyaku.Spam.Domains;

/// <summary>A domain's DNS, and whether its accounts' spam settings act (SPM-5).</summary>
/// <param name="InForce">Whether they act: DNS and mail server are the platform's or an operator says so, and every mail node obeys that (NOD-5).</param>
/// <param name="Standing">Whether DNS and mail server allow it, and what is missing.</param>
/// <param name="Mx">Decides.</param>
/// <param name="Ns">Decides.</param>
/// <param name="Spf">Recommended.</param>
/// <param name="Dkim">Recommended.</param>
/// <param name="Dmarc">Recommended.</param>
/// <param name="Srv">Recommended.</param>
/// <param name="MtaSts">Recommended where a policy is set: servers that send here do so over TLS (RFC 8461).</param>
/// <param name="TlsRpt">Recommended where an address is set: who is told when TLS fails (RFC 8460).</param>
/// <param name="Dane">Recommended where a certificate is set: the mail hosts' keys (RFC 7672), which stand in their own zone.</param>
/// <param name="CheckedAt">When a look-up last had a result; absent: never.</param>
/// <param name="LastTry">The last look-up, when it had no result: what is shown is older.</param>
/// <param name="Override">That an operator treats the domain as in force.</param>
public sealed record DomainDnsView(
    bool InForce, StandingView Standing, RecordsView Mx, RecordsView Ns, RecordsView Spf, RecordsView Dkim, RecordsView Dmarc, RecordsView Srv,
    RecordsView MtaSts, RecordsView TlsRpt, RecordsView Dane,
    DateTimeOffset? CheckedAt, FailedTryView? LastTry, OverrideView? Override)
{
    /// <summary>Shows a domain.</summary>
    /// <param name="domain">The domain in A-labels.</param>
    /// <param name="standing">Its standing; null: nothing is known of it yet.</param>
    /// <param name="facts">What is known beside; null: nothing.</param>
    /// <param name="settings">What the platform's hosts are.</param>
    /// <param name="obeyed">Whether nodes obey the newest standing.</param>
    /// <param name="language">The reader's.</param>
    internal static DomainDnsView Of(string domain, DomainStanding? standing, DomainFacts? facts, DnsSettings settings, bool obeyed, CultureInfo language)
    {
        var (result, dane) = (standing?.Result, ExpectedRecords.Dane(settings).ToList());
        return new(
            obeyed && standing is { InForce: true }, StandingView.Of(standing, language),
            new(IsOk(result, DnsFaults.MxMissing, DnsFaults.MxForeign, DnsFaults.MxAlias), false, result?.Mx.Select(m => new FoundRecord(domain, "MX", m)).ToList(), [.. ExpectedRecords.Mx(domain, settings)]),
            new(IsOk(result, DnsFaults.NsMissing, DnsFaults.NsForeign), false, result?.Ns.Select(n => new FoundRecord(domain, "NS", $"{n}.")).ToList(), [.. ExpectedRecords.Ns(domain, settings)]),
            Recommended(facts, f => ExpectedRecords.SpfOf(f, domain), f => ExpectedRecords.IsSpf(f, settings), [.. ExpectedRecords.Spf(domain)]),
            Recommended(facts, f => DkimOf(f, facts!), f => ExpectedRecords.IsDkim(f, facts!.Dkim), null),
            Recommended(facts, f => ExpectedRecords.DmarcOf(f, domain), ExpectedRecords.IsDmarc, [.. ExpectedRecords.Dmarc(domain)]),
            Recommended(facts, f => [.. f.Where(r => r.Type == "SRV")], f => ExpectedRecords.IsSrv(f, ExpectedRecords.Srv(domain, settings)), [.. ExpectedRecords.Srv(domain, settings)]),
            Recommended(facts, f => ExpectedRecords.MtaStsOf(f, domain), f => ExpectedRecords.IsMtaSts(f, settings.MtaSts!), [.. ExpectedRecords.MtaSts(domain, settings)]),
            Recommended(facts, f => ExpectedRecords.TlsReportsOf(f, domain), ExpectedRecords.IsTlsReports, [.. ExpectedRecords.TlsReports(domain, settings)]),
            Recommended(facts, f => [.. f.Where(r => r.Type == "TLSA")], f => ExpectedRecords.IsDane(f, dane), dane),
            facts?.CheckedAt,
            facts is { Failure: { } failure, TriedAt: { } at } ? new(at, failure, Problems.Text(new(SpamTexts.OfFault(failure)), language)) : null,
            standing?.Override is { } o ? new(o.Reason, o.At) : null);
    }

    private static bool? IsOk(DomainDnsChecked? result, params string[] faults)
        => result is null ? null : !result.Missing.Any(f => f.Code == DnsFaults.NoDomain || faults.Contains(f.Code));

    private static RecordsView Recommended(
        DomainFacts? facts, Func<IReadOnlyList<FoundRecord>, IReadOnlyList<FoundRecord>> pick, Func<IReadOnlyList<FoundRecord>, bool> judge, IReadOnlyList<FoundRecord>? expected)
    {
        // Where the platform expects nothing, it has not looked.
        var found = facts?.Records is { } records && expected is not { Count: 0 } ? pick(records) : null;
        return new(found is null ? null : judge(found), true, found, expected);
    }

    private static IReadOnlyList<FoundRecord> DkimOf(IReadOnlyList<FoundRecord> records, DomainFacts facts)
    {
        var names = facts.Dkim.Select(d => d.Name).ToHashSet(StringComparer.Ordinal);
        return [.. records.Where(r => names.Contains(r.Name))];
    }
}

/// <summary>Records of one kind.</summary>
/// <param name="Ok">Whether what was found is enough; absent: not looked up.</param>
/// <param name="Recommended">Whether it decides nothing.</param>
/// <param name="Found">What was found; absent: not looked up.</param>
/// <param name="Expected">What should be there.</param>
public sealed record RecordsView(bool? Ok, bool Recommended, IReadOnlyList<FoundRecord>? Found, IReadOnlyList<FoundRecord>? Expected);

/// <summary>A look-up that had no result.</summary>
/// <param name="At">When.</param>
/// <param name="Code">Why.</param>
/// <param name="Text">The same in the reader's language.</param>
public sealed record FailedTryView(DateTimeOffset At, string Code, string Text);

/// <summary>That an operator treats a domain as in force.</summary>
/// <param name="Reason">Why.</param>
/// <param name="At">Since when.</param>
public sealed record OverrideView(string Reason, DateTimeOffset At);

/// <summary>A domain's standing, without what mail nodes make of it.</summary>
/// <param name="InForce">Whether DNS and mail server are the platform's, or an operator says so.</param>
/// <param name="Assumed">Whether that is assumed, because no resolver is set.</param>
/// <param name="Overridden">Whether an operator says so.</param>
/// <param name="Missing">What is wrong with MX and NS; empty when nothing is, or while nothing was looked up.</param>
/// <param name="Text">All of it in the reader's language.</param>
public sealed record StandingView(bool InForce, bool Assumed, bool Overridden, IReadOnlyList<MissingView> Missing, string Text)
{
    internal static StandingView Of(DomainStanding? standing, CultureInfo language)
    {
        List<MissingView> missing = [.. (standing?.Result?.Missing ?? []).Select(f => new MissingView(
            f.Code, f.Hosts, Problems.Text(new(SpamTexts.OfFault(f.Code), null, ("hosts", string.Join(", ", f.Hosts))), language)))];
        var text = standing switch
        {
            null or { Result: null, Override: null } => SpamTexts.NotCheckedYet,
            { Override: not null } => SpamTexts.Overridden,
            { Result.Assumed: true } => SpamTexts.Assumed,
            { InForce: true } => SpamTexts.InForce,
            _ => SpamTexts.NotInForce,
        };
        return new(standing?.InForce ?? false, standing?.Result?.Assumed ?? false, standing?.Override is not null, missing, Problems.Text(new(text), language));
    }
}

/// <summary>Something that is wrong.</summary>
/// <param name="Code">What.</param>
/// <param name="Hosts">The hosts that it concerns.</param>
/// <param name="Text">What to do, in the reader's language.</param>
public sealed record MissingView(string Code, IReadOnlyList<string> Hosts, string Text);
