using Hikyaku.Accounts.Credentials;
using Hikyaku.Accounts.Domains;
using Hikyaku.Platform;

namespace Hikyaku.Accounts.MailAccounts;

/// <summary>What administrators change in one form (ACC-7). Absent, null or blank is unchanged; an empty comment clears it.</summary>
public sealed record ChangeMailAccountBody(string? Password, long? CapacityMb, string? Comment);

/// <summary>Changes password, capacity and comment, each when given.</summary>
/// <param name="Password">As typed; null for unchanged.</param>
/// <param name="CredentialId">Where the new hash will be.</param>
/// <param name="Is">What was found out about it.</param>
/// <param name="CapacityMb">In MB; null for unchanged.</param>
/// <param name="Comment">As typed; null for unchanged, empty to clear.</param>
/// <param name="Domain">The domain's limits.</param>
/// <param name="Usage">What is in use, locked.</param>
/// <param name="Now">When.</param>
public sealed record ChangeMailAccount(
    string? Password, string CredentialId, PasswordFacts Is, long? CapacityMb, string? Comment,
    Domain Domain, DomainUsage Usage, DateTimeOffset Now)
{
    /// <summary>Decides; pure.</summary>
    public static Decision Decide(ChangeMailAccount command, MailAccount account)
    {
        var name = account.Address[..account.Address.LastIndexOf('@')];
        var newCapacity = command.CapacityMb is { } mb && mb != account.CapacityMb ? command.CapacityMb : null;
        List<Rejection> broken =
        [
            .. command.Password is null ? [] : PasswordRules.Broken(command.Password, [name, account.Domain, account.Address]),
            .. command.Is.Broken(account, "password"),
            .. newCapacity is { } asked ? command.Usage.Broken(command.Domain, newAccounts: 0, asked, freedMb: account.CapacityMb) : [],
            .. Accounts.MailAccounts.Comment.Broken(command.Comment),
        ];
        return Decision.Unless(broken, () => Events(command, account, newCapacity));
    }

    private static IEnumerable<object> Events(ChangeMailAccount command, MailAccount account, long? newCapacity)
    {
        if (command.Password is not null && !command.Is.IsPresent && account.CredentialId != command.CredentialId)
            yield return new MailAccountPasswordChanged(command.CredentialId, command.Now);
        if (newCapacity is { } mb)
            yield return new MailAccountCapacityChanged((int)mb, command.Now);
        if (command.Comment is not null && Accounts.MailAccounts.Comment.Stored(command.Comment) is var comment && comment != account.Comment)
            yield return new MailAccountCommentChanged(comment, command.Now);
    }

    /// <summary><c>PATCH /api/v1/accounts/{address}</c> → 200.</summary>
    public static async Task<IResult> Handle(string address, ChangeMailAccountBody body, CommandContext context, Passwords passwords, MailAccountReader reader, HttpContext http, CancellationToken stop)
    {
        var (session, target) = (context.Session, context.Target!);
        var password = string.IsNullOrEmpty(body.Password) ? null : body.Password;
        if (await session.LoadAsync<MailAccount>(target.AccountId, stop) is not { } known) return Problems.Of(PlatformProblems.NotFound);
        var judged = password is null ? JudgedPassword.Unjudged(known) : await passwords.JudgeAsync(session, known, password, stop);

        if (await DomainUsage.LockWithLimitsAsync(session, target.Domain, stop) is not var (usage, domain)) return Problems.Of(PlatformProblems.NotFound);
        if (await context.LoadAccountAsync(stop) is not { Aggregate: { } account } stream) return Problems.Of(PlatformProblems.NotFound);
        if (password is not null) judged.MustStillHold(account);
        var decision = Decide(new(password, Credential.NewId(), judged.Facts, body.CapacityMb, body.Comment, domain, usage, context.Now), account);

        var before = await reader.ReadAsync(account.Id, stop);
        var inForce = decision.Events.IsEmpty && await reader.IsInForceAsync(before!, stop);
        var warnings = Warning.About(decision, judged.Facts, http.Request);
        return context.KeepAndConclude(stream, decision, judged.Hash, (state, version) =>
            new Answer(200, MailAccountView.Of(state, before!.UsedBytes, inForce, forUser: false) with { Warnings = warnings }, version));
    }
}
