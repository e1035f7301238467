using Hikyaku.Accounts.Domains;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Accounts.Staff;
using Hikyaku.Platform;
using Microsoft.AspNetCore.Mvc;

namespace Hikyaku.Accounts.SecondFactors;

/// <summary>Why somebody else's second factor is taken away; 1 to 200 characters, for the history.</summary>
public sealed record ResetSecondFactorBody(string? Reason);

/// <summary>Takes away the second factor of somebody who has lost it. All their sessions end.</summary>
/// <param name="Reason">As typed.</param>
/// <param name="Now">When.</param>
public sealed record ResetSecondFactor(string Reason, DateTimeOffset Now)
{
    /// <summary>Decides; pure.</summary>
    public static Decision Decide(ResetSecondFactor command, StaffMember member)
        => Decision.Unless([.. ForcePasswordChange.BrokenBy(command.Reason)], () =>
            member.HasSecondFactor ? [new StaffSecondFactorReset(command.Reason.Trim(), command.Now)] : []);

    /// <summary><c>DELETE /api/v1/domains/{name}/administrators/{login}/second-factor</c> → 204.</summary>
    public static async Task<IResult> Handle(string name, string login, [FromBody] ResetSecondFactorBody? body, CommandContext context, CancellationToken stop)
    {
        _ = InternetNames.TryReadDomain(name, out var id); // the access rule has read it
        var (session, known) = (context.Session, login.ToLowerInvariant());
        if (await session.LoadAsync<Domain>(id!, stop) is not { } domain || !domain.Administrators.Contains(known)) return Problems.Of(PlatformProblems.NotFound);
        var key = StaffMember.KeyOf(known);
        await SecondFactor.LockAsync(session, key, stop);
        var stream = await session.Events.FetchForWriting<StaffMember>(key, stop);
        var decision = Decide(new(body?.Reason ?? "", context.Now), stream.Aggregate!);
        if (decision.Accepted) session.Delete<SecondFactor>(key);
        return context.Conclude(stream, decision, (_, version) => new Answer(204, Version: version));
    }
}
