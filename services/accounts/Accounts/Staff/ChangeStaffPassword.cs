using Hikyaku.Accounts.Credentials;
using Hikyaku.Accounts.Domains;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Platform;

namespace Hikyaku.Accounts.Staff;

/// <summary>Changes the password of an operator or administrator.</summary>
/// <param name="Password">As typed.</param>
/// <param name="CredentialId">Where the new hash will be.</param>
/// <param name="IsPresentPassword">Whether the login has it already: then nothing changes.</param>
/// <param name="IsSimilar">Whether it is similar to the current one; known only when the request contains the current one.</param>
/// <param name="CurrentIsWrong">Whether a needed proof is missing or wrong.</param>
/// <param name="OwnChoice">Whether the login's owner sets it.</param>
/// <param name="Now">When.</param>
public sealed record ChangeStaffPassword(
    string Password, string CredentialId, bool IsPresentPassword, bool IsSimilar, bool CurrentIsWrong, bool OwnChoice, DateTimeOffset Now)
{
    /// <summary>Decides; pure.</summary>
    public static Decision Decide(ChangeStaffPassword command, StaffMember member)
    {
        List<Rejection> broken =
        [
            .. command.CurrentIsWrong ? [new Rejection(AccountsProblems.CurrentPasswordWrong, "current")] : Array.Empty<Rejection>(),
            .. PasswordRules.Broken(command.Password, [member.Login], "new"),
            .. command.IsSimilar ? [new Rejection(AccountsProblems.PasswordSimilar, "new")] : Array.Empty<Rejection>(),
        ];
        var isDone = command.IsPresentPassword || member.CredentialId == command.CredentialId;
        return Decision.Unless(broken, () => isDone ? [] : [new StaffPasswordChanged(command.CredentialId, command.OwnChoice, command.Now)]);
    }

    /// <summary><c>PUT /api/v1/me/password</c> → 204: one's own, in every role, proved by the current one.</summary>
    public static Task<IResult> HandleOwn(ChangePasswordBody body, CommandContext context, Passwords passwords, CancellationToken stop)
        => context.Caller is { Role: Roles.User, AccountId: { } accountId }
            ? ChangePassword.HandleAsync(accountId, body, context, passwords, stop)
            : HandleAsync(context.Caller.Login, body, ownChoice: true, context, passwords, stop);

    /// <summary><c>PUT /api/v1/domains/{name}/administrators/{login}/password</c> → 204: set by an operator.</summary>
    public static async Task<IResult> HandleOthers(string name, string login, ChangePasswordBody body, CommandContext context, Passwords passwords, CancellationToken stop)
    {
        _ = InternetNames.TryReadDomain(name, out var id); // the access rule has read it
        var domain = await context.Session.LoadAsync<Domain>(id!, stop);
        return domain?.Administrators.Contains(login.ToLowerInvariant()) == true
            ? await HandleAsync(login.ToLowerInvariant(), body, ownChoice: false, context, passwords, stop)
            : Problems.Of(PlatformProblems.NotFound);
    }

    private static async Task<IResult> HandleAsync(string login, ChangePasswordBody body, bool ownChoice, CommandContext context, Passwords passwords, CancellationToken stop)
    {
        var session = context.Session;
        var stream = await session.Events.FetchForWriting<StaffMember>(StaffMember.KeyOf(login), stop);
        if (stream.Aggregate is not { } member) return Problems.Of(PlatformProblems.NotFound);
        var password = body.New ?? "";
        var isWrong = ownChoice && !await passwords.IsPresentAsync(session, member, body.Current ?? "", stop);
        if (isWrong && body.Current is { Length: > 0 } wrong) context.TellWrongPassword(wrong);
        var isPresent = !isWrong && await passwords.IsPresentAsync(session, member, password, stop);
        var isSimilar = ownChoice && !isWrong && !isPresent && SimilarPassword.Is(body.Current ?? "", password);
        var command = new ChangeStaffPassword(password, Credential.NewId(), isPresent, isSimilar, isWrong, ownChoice, context.Now);
        var decision = Decide(command, member);
        if (!decision.Events.IsEmpty) Credential.Store(session, command.CredentialId, member.Id, await passwords.HashAsync(password, stop));
        return context.Conclude(stream, decision, (_, version) => new Answer(204, Version: version));
    }
}
