using Hikyaku.Accounts.Credentials;
using Hikyaku.Accounts.Staff;
using Hikyaku.Platform;
using Microsoft.AspNetCore.Mvc;

namespace Hikyaku.Accounts.SecondFactors;

/// <summary>Turns off one's own second factor.</summary>
/// <param name="Proof">What was found out about the owner's proof.</param>
/// <param name="Now">When.</param>
public sealed record RemoveSecondFactor(SecondFactorProof Proof, DateTimeOffset Now)
{
    /// <summary>Decides; pure.</summary>
    public static Decision Decide(RemoveSecondFactor command, StaffMember member)
        => Decision.Unless(command.Proof.Broken, () => member.HasSecondFactor ? [new StaffSecondFactorRemoved(command.Now)] : []);

    /// <summary><c>DELETE /api/v1/me/second-factor</c> → 204.</summary>
    public static async Task<IResult> Handle([FromBody] SecondFactorProofBody? body, CommandContext context, Passwords passwords, SecondFactorCodes codes, CancellationToken stop)
    {
        var (session, key) = (context.Session, StaffMember.KeyOf(context.Caller.Login));
        if (await session.LoadAsync<StaffMember>(key, stop) is not { } known) return Problems.Of(PlatformProblems.NotFound);
        var proof = await SecondFactorProof.OfAsync(body, known, context, passwords, codes, stop);
        await SecondFactor.LockAsync(session, key, stop);
        var stream = await session.Events.FetchForWriting<StaffMember>(key, stop);
        var decision = Decide(new(proof, context.Now), stream.Aggregate!);
        if (decision.Accepted) session.Delete<SecondFactor>(key);
        return context.Conclude(stream, decision, (_, version) => new Answer(204, Version: version));
    }
}
