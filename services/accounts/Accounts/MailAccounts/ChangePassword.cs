using Hikyaku.Accounts.Credentials;
using Hikyaku.Platform;

namespace Hikyaku.Accounts.MailAccounts;

/// <summary>A new password; users prove themselves with the current one.</summary>
public sealed record ChangePasswordBody(string? Current, string? New);

/// <summary>Changes an account's password alone.</summary>
/// <param name="Password">As typed.</param>
/// <param name="CredentialId">Where the new hash will be.</param>
/// <param name="Is">What was found out about it.</param>
/// <param name="CurrentIsWrong">Whether a needed proof is missing or wrong.</param>
/// <param name="Now">When.</param>
public sealed record ChangePassword(string Password, string CredentialId, PasswordFacts Is, bool CurrentIsWrong, DateTimeOffset Now)
{
    /// <summary>Decides; pure.</summary>
    public static Decision Decide(ChangePassword command, MailAccount account)
    {
        var name = account.Address[..account.Address.LastIndexOf('@')];
        List<Rejection> broken =
        [
            .. command.CurrentIsWrong ? [new Rejection(AccountsProblems.CurrentPasswordWrong, "current")] : Array.Empty<Rejection>(),
            .. PasswordRules.Broken(command.Password, [name, account.Domain, account.Address], "new"),
            .. command.Is.Broken(account, "new"),
        ];
        var isDone = command.Is.IsPresent || account.CredentialId == command.CredentialId;
        return Decision.Unless(broken, () => isDone ? [] : [new MailAccountPasswordChanged(command.CredentialId, command.Now)]);
    }

    /// <summary><c>PUT /api/v1/accounts/{address}/password</c> → 204.</summary>
    public static Task<IResult> Handle(string address, ChangePasswordBody body, CommandContext context, Passwords passwords, CancellationToken stop)
        => HandleAsync(context.Target!.AccountId, body, context, passwords, stop);

    /// <summary>Changes the password of an account; a user's needs the current one.</summary>
    internal static async Task<IResult> HandleAsync(string accountId, ChangePasswordBody body, CommandContext context, Passwords passwords, CancellationToken stop)
    {
        var session = context.Session;
        var password = body.New ?? "";
        if (await session.LoadAsync<MailAccount>(accountId, stop) is not { } known) return Problems.Of(PlatformProblems.NotFound);
        var mustProve = context.Caller.Role == Roles.User; // after a forced change a user cannot prove it: an administrator or operator sets the next password
        var isWrong = mustProve && !await passwords.IsPresentAsync(session, known, body.Current ?? "", stop);
        if (isWrong && body.Current is { Length: > 0 } wrong) context.TellWrongPassword(wrong);
        var judged = isWrong ? JudgedPassword.Unjudged(known)
            : mustProve ? await passwords.JudgeAsync(known, body.Current!, password, stop)
            : await passwords.JudgeAsync(session, known, password, stop);

        if (await context.LoadAccountAsync(accountId, stop) is not { Aggregate: { } account } stream) return Problems.Of(PlatformProblems.NotFound);
        judged.MustStillHold(account);
        var decision = Decide(new(password, Credential.NewId(), judged.Facts, isWrong, context.Now), account);
        return context.KeepAndConclude(stream, decision, judged.Hash, (_, version) => new Answer(204, Version: version));
    }
}
