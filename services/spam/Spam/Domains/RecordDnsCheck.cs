using Hikyaku.Platform;
using Hikyaku.Spam.Dns;

namespace Hikyaku.Spam.Domains;

/// <summary>Records the result of a look-up.</summary>
/// <param name="Domain">The domain in A-labels.</param>
/// <param name="Judged">What was found, compared with the platform's hosts.</param>
/// <param name="Now">When.</param>
public sealed record RecordDnsCheck(string Domain, JudgedDns Judged, DateTimeOffset Now)
{
    /// <summary>Decides; pure. A result that is as before is no event.</summary>
    public static Decision Decide(RecordDnsCheck command, DomainStanding? standing)
    {
        ArgumentNullException.ThrowIfNull(command);
        var judged = command.Judged;
        if (standing?.Result is { } last && IsSame(last, judged)) return Decision.Accept();
        return Decision.Accept(new DomainDnsChecked(command.Domain, judged.Mx, judged.Ns, judged.Missing, judged.Missing.Count == 0, command.Now, judged.Assumed));
    }

    private static bool IsSame(DomainDnsChecked last, JudgedDns judged)
        => last.Assumed == judged.Assumed && last.Mx.SequenceEqual(judged.Mx) && last.Ns.SequenceEqual(judged.Ns)
            && last.Missing.Select(f => f.Code).SequenceEqual(judged.Missing.Select(f => f.Code))
            && last.Missing.SelectMany(f => f.Hosts).SequenceEqual(judged.Missing.SelectMany(f => f.Hosts));
}
