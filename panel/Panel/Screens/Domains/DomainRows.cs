namespace Hikyaku.Panel.Screens.Domains;

/// <summary>A domain with its limits; capacities in MB.</summary>
/// <param name="Name">In A-labels.</param>
/// <param name="MaxAccounts">Limit of accounts.</param>
/// <param name="MaxCapacityMb">Limit of the sum of capacities.</param>
/// <param name="DefaultCapacityMb">What an account gets when its creation names none.</param>
/// <param name="Accounts">How many exist.</param>
/// <param name="CapacityMb">The sum of their capacities.</param>
/// <param name="AccountsLeft">How many more fit.</param>
/// <param name="CapacityLeftMb">How much more can be assigned.</param>
/// <param name="AddedAt">When it was added.</param>
/// <param name="RequireSecondFactor">Whether its administrators must have a second factor.</param>
public sealed record DomainRow(
    string Name, int MaxAccounts, long MaxCapacityMb, long DefaultCapacityMb, int Accounts, long CapacityMb, int AccountsLeft, long CapacityLeftMb, DateTimeOffset AddedAt, bool RequireSecondFactor)
{
    /// <summary>Whether only the account is left that every domain has.</summary>
    public bool IsEmpty => Accounts <= 1;
}

/// <summary>What a domain's DNS has and must have; of a service that is away all is null.</summary>
/// <param name="InForce">Whether its accounts' spam settings act (SPM-5).</param>
/// <param name="Standing">Whether DNS and mail server allow it.</param>
/// <param name="Mx">Decides.</param>
/// <param name="Ns">Decides.</param>
/// <param name="Spf">Recommended.</param>
/// <param name="Dkim">Recommended.</param>
/// <param name="Dmarc">Recommended.</param>
/// <param name="Srv">Recommended.</param>
/// <param name="MtaSts">Recommended.</param>
/// <param name="TlsRpt">Recommended.</param>
/// <param name="Dane">Recommended.</param>
/// <param name="CheckedAt">When a look-up last had a result.</param>
/// <param name="LastTry">The last look-up, when it had no result.</param>
/// <param name="Override">That an operator treats the domain as in force.</param>
public sealed record DomainDns(
    bool? InForce, DnsStanding? Standing, DnsRecords? Mx, DnsRecords? Ns, DnsRecords? Spf, DnsRecords? Dkim, DnsRecords? Dmarc, DnsRecords? Srv, DnsRecords? MtaSts, DnsRecords? TlsRpt, DnsRecords? Dane,
    DateTimeOffset? CheckedAt, DnsTry? LastTry, DnsOverride? Override);

/// <summary>A domain's standing.</summary>
/// <param name="Missing">What is wrong.</param>
/// <param name="Text">All of it in the reader's language.</param>
public sealed record DnsStanding(IReadOnlyList<DnsMissing> Missing, string Text);

/// <summary>Something that is wrong.</summary>
/// <param name="Text">What to do, in the reader's language.</param>
public sealed record DnsMissing(string Text);

/// <summary>Records of one kind.</summary>
/// <param name="Ok">Whether what was found is enough; null: not looked up.</param>
/// <param name="Recommended">Whether it decides nothing.</param>
/// <param name="Found">What was found; null: not looked up.</param>
/// <param name="Expected">What should be there.</param>
public sealed record DnsRecords(bool? Ok, bool Recommended, IReadOnlyList<DnsRecord>? Found, IReadOnlyList<DnsRecord>? Expected);

/// <summary>A record.</summary>
/// <param name="Name">Without a dot at its end.</param>
/// <param name="Type">Its type.</param>
/// <param name="Value">As in a zone file; of TXT the text alone.</param>
public sealed record DnsRecord(string Name, string Type, string Value)
{
    private const int LongestString = 255;

    /// <summary>The record as a line of a zone file; a text in pieces of at most 255 characters (RFC 1035, 3.3).</summary>
    public string Line => $"{Name}. IN {Type} {(Type == "TXT" ? string.Join(' ', Value.Chunk(LongestString).Select(c => $"\"{new string(c).Replace("\\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"")) : Value)}";
}

/// <summary>A look-up that had no result.</summary>
/// <param name="At">When.</param>
/// <param name="Text">Why, in the reader's language.</param>
public sealed record DnsTry(DateTimeOffset At, string Text);

/// <summary>That an operator treats a domain as in force.</summary>
/// <param name="Reason">Why.</param>
/// <param name="At">Since when.</param>
public sealed record DnsOverride(string Reason, DateTimeOffset At);
