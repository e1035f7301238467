using Hikyaku.Accounts.Credentials;
using Hikyaku.Accounts.Staff;
using Hikyaku.Platform;

namespace Hikyaku.Accounts.SecondFactors;

/// <summary>What proves that it is the owner who changes their second factor.</summary>
/// <param name="Password">The present password.</param>
/// <param name="Code">A code of the authenticator program, or a recovery code.</param>
public sealed record SecondFactorProofBody(string? Password, string? Code);

/// <summary>What was found out about it. A wrong one counts as a failed login.</summary>
/// <param name="PasswordIsWrong">Whether the password is missing or wrong; then the code was not looked at.</param>
/// <param name="CodeIsWrong">Whether the code is missing, wrong or used.</param>
/// <param name="WaitSeconds">How long to wait as too many codes were wrong; 0: they were not.</param>
public sealed record SecondFactorProof(bool PasswordIsWrong, bool CodeIsWrong, int WaitSeconds)
{
    /// <summary>Why it is not enough; nothing when it is.</summary>
    public IReadOnlyList<Rejection> Broken =>
    [
        .. WaitSeconds > 0 ? [new Rejection(PlatformProblems.TooManyRequests, null, ("n", WaitSeconds))] : Array.Empty<Rejection>(),
        .. PasswordIsWrong ? [new Rejection(AccountsProblems.CurrentPasswordWrong, "password")] : Array.Empty<Rejection>(),
        .. CodeIsWrong ? [new Rejection(SecondFactorProblems.CodeWrong, "code")] : Array.Empty<Rejection>(),
    ];

    /// <summary>Finds out, and uses the code.</summary>
    public static async Task<SecondFactorProof> OfAsync(
        SecondFactorProofBody? body, StaffMember member, CommandContext context, Passwords passwords, SecondFactorCodes codes, CancellationToken stop)
    {
        var (password, code) = (body?.Password ?? "", body?.Code ?? "");
        if (!await passwords.IsPresentAsync(context.Session, member, password, stop))
        {
            if (password.Length > 0) context.TellWrongPassword(password);
            return new(true, false, 0);
        }

        if (!member.HasSecondFactor) return new(false, false, 0); // there is nothing to prove
        if (string.IsNullOrWhiteSpace(code)) return new(false, true, 0);
        var used = await codes.UseAsync(member.Login, code, context.Caller, stop);
        if (used.Use == CodeUse.Wrong) context.TellWrongPassword($"{password}\n{Guid.NewGuid()}"); // every one counts: the same one may be right later
        return new(false, used.Use == CodeUse.Wrong, used.WaitSeconds);
    }
}
