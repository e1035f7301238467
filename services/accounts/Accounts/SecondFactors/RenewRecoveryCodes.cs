using Hikyaku.Accounts.Credentials;
using Hikyaku.Accounts.Staff;
using Hikyaku.Platform;

namespace Hikyaku.Accounts.SecondFactors;

/// <summary>Ten new recovery codes, shown once.</summary>
public sealed record RecoveryCodesView(IReadOnlyList<string> RecoveryCodes);

/// <summary>Makes one's recovery codes anew; those that are left no longer work.</summary>
/// <param name="Proof">What was found out about the owner's proof.</param>
/// <param name="Now">When.</param>
public sealed record RenewRecoveryCodes(SecondFactorProof Proof, DateTimeOffset Now)
{
    /// <summary>Decides; pure.</summary>
    public static Decision Decide(RenewRecoveryCodes command, StaffMember member)
        => member.HasSecondFactor
            ? Decision.Unless(command.Proof.Broken, () => [new StaffRecoveryCodesRenewed(command.Now)])
            : Decision.Reject(new Rejection(SecondFactorProblems.NotOn));

    /// <summary><c>POST /api/v1/me/second-factor/recovery-codes</c> → 200.</summary>
    public static async Task<IResult> Handle(SecondFactorProofBody? body, CommandContext context, SecretBox box, Passwords passwords, SecondFactorCodes codes, CancellationToken stop)
    {
        var (session, key) = (context.Session, StaffMember.KeyOf(context.Caller.Login));
        if (await session.LoadAsync<StaffMember>(key, stop) is not { } known) return Problems.Of(PlatformProblems.NotFound);
        var proof = await SecondFactorProof.OfAsync(body, known, context, passwords, codes, stop);
        await SecondFactor.LockAsync(session, key, stop);
        var stream = await session.Events.FetchForWriting<StaffMember>(key, stop);
        var decision = Decide(new(proof, context.Now), stream.Aggregate!);
        var recovery = RecoveryCode.Make();
        if (decision.Accepted && await session.LoadAsync<SecondFactor>(key, stop) is { } factor)
            session.Store(factor with { RecoveryCodes = [.. recovery.Select(c => RecoveryCode.HashOf(box, key, c))] });
        return context.Conclude(stream, decision, (_, version) => new Answer(200, new RecoveryCodesView(recovery), version));
    }
}
