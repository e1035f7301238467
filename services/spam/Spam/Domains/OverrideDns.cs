using System.Text;
using Hikyaku.Platform;
using Hikyaku.Spam.Dns;
using Microsoft.AspNetCore.Mvc;
using Npgsql;

namespace Hikyaku.Spam.Domains;

/// <summary>Why a domain is treated as in force, or no longer.</summary>
/// <param name="Reason">1 to 255 characters; the domain's administrators read it.</param>
public sealed record OverrideBody(string? Reason);

/// <summary>Treats a domain as in force whatever its DNS says (SPM-5).</summary>
/// <param name="Domain">The domain in A-labels.</param>
/// <param name="Reason">As typed.</param>
/// <param name="Now">When.</param>
public sealed record OverrideDns(string Domain, string? Reason, DateTimeOffset Now)
{
    private const int LongestReason = 255;

    /// <summary>Decides; pure.</summary>
    public static Decision Decide(OverrideDns command, DomainStanding? standing)
    {
        ArgumentNullException.ThrowIfNull(command);
        return Decision.Unless([.. BrokenBy(command.Reason)], () =>
            standing?.Override?.Reason == command.Reason!.Trim() ? [] : [new DomainDnsOverridden(command.Domain, command.Reason.Trim(), command.Now)]);
    }

    /// <summary><c>PUT /api/v1/domains/{name}/dns/override</c> → 200.</summary>
    public static async Task<IResult> Handle(string name, OverrideBody body, CommandContext context, NpgsqlDataSource database, CancellationToken stop)
    {
        _ = InternetNames.TryReadDomain(name, out var domain); // the access rule has read it
        if (!await DomainTable.ContainsAsync(database, domain!, stop)) return Problems.Of(PlatformProblems.NotFound);
        await DnsCheck.TakeTurnAsync(context.Session, domain!, stop);
        var stream = await context.Session.Events.FetchForWriting<DomainStanding>(DomainStanding.KeyOf(domain!), stop);
        return context.Conclude(stream, Decide(new(domain!, body.Reason, context.Now), stream.Aggregate),
            (state, version) => new Answer(200, new OverrideView(state.Override!.Reason, state.Override.At), version));
    }

    internal static IEnumerable<Rejection> BrokenBy(string? reason)
    {
        var text = reason?.Trim() ?? "";
        if (text.Length is 0 or > LongestReason) yield return new(SpamProblems.ReasonLength, "reason");
        else if (text.EnumerateRunes().Any(r => Rune.IsControl(r) || r == Rune.ReplacementChar)) yield return new(SpamProblems.ReasonCharacters, "reason");
    }
}

/// <summary>Lets what the domain's DNS says count again.</summary>
/// <param name="Reason">As typed.</param>
/// <param name="Now">When.</param>
public sealed record RemoveDnsOverride(string? Reason, DateTimeOffset Now)
{
    /// <summary>Decides; pure.</summary>
    public static Decision Decide(RemoveDnsOverride command, DomainStanding? standing)
    {
        ArgumentNullException.ThrowIfNull(command);
        return Decision.Unless([.. OverrideDns.BrokenBy(command.Reason)], () =>
            standing?.Override is null ? [] : [new DomainDnsOverrideRemoved(standing.Domain, command.Reason!.Trim(), command.Now)]);
    }

    /// <summary><c>DELETE /api/v1/domains/{name}/dns/override</c> → 204.</summary>
    public static async Task<IResult> Handle(string name, [FromBody] OverrideBody? body, CommandContext context, NpgsqlDataSource database, CancellationToken stop)
    {
        _ = InternetNames.TryReadDomain(name, out var domain); // the access rule has read it
        if (!await DomainTable.ContainsAsync(database, domain!, stop)) return Problems.Of(PlatformProblems.NotFound);
        await DnsCheck.TakeTurnAsync(context.Session, domain!, stop);
        var stream = await context.Session.Events.FetchForWriting<DomainStanding>(DomainStanding.KeyOf(domain!), stop);
        return context.Conclude(stream, Decide(new(body?.Reason, context.Now), stream.Aggregate), (_, version) => new Answer(204, Version: version));
    }
}
