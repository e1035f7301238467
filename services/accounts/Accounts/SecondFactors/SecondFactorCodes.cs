using Hikyaku.Accounts.Staff;
using Hikyaku.Platform;
using Marten;

namespace Hikyaku.Accounts.SecondFactors;

/// <summary>What came of a code, and how many seconds to wait if too many were wrong.</summary>
public readonly record struct UsedCode(CodeUse Use, int WaitSeconds = 0);

/// <summary>
/// Uses codes, one after the other for each login, each in a transaction of its own: of two who come with the same code at once one is
/// let in, and a wrong code is counted whatever becomes of the request that it came with.
/// </summary>
public sealed class SecondFactorCodes(IDocumentStore store, SecretBox box, TimeProvider time)
{
    /// <summary>Uses a code of the authenticator program or a recovery code. Ask only when the password was right.</summary>
    public async Task<UsedCode> UseAsync(string login, string code, Caller by, CancellationToken stop)
    {
        var key = StaffMember.KeyOf(login);
        await using var session = store.LightweightSession();
        EventHeaders.Stamp(session, by);
        await SecondFactor.LockAsync(session, key, stop);
        if (await session.LoadAsync<SecondFactor>(key, stop) is not { Sealed: { } kept } factor) return new(CodeUse.Wrong);

        var now = time.GetUtcNow();
        var secret = box.Open(Convert.FromBase64String(kept));
        var step = TotpCode.StepOf(secret, code, now);
        var (use, after) = factor.Judge(step, RecoveryCode.HashOf(box, key, code), now);
        if (use == CodeUse.TooMany) return new(use, (int)Math.Ceiling((factor.WrongUntil - now).TotalSeconds));
        session.Store(use == CodeUse.Wrong ? after : after with { Sealed = Convert.ToBase64String(box.Seal(secret)) }); // by the newest key (docs/decisions/0034)
        if (use == CodeUse.RightRecovery) await session.Events.AppendExclusive(key, stop, new StaffRecoveryCodeUsed(after.RecoveryCodes.Count, now));
        await session.SaveChangesAsync(CancellationToken.None); // who hangs up has used the code
        return new(use);
    }
}
