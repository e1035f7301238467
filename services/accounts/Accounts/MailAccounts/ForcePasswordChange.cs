using System.Globalization;
using System.Security.Cryptography;
using Hikyaku.Accounts.Credentials;
using Hikyaku.Platform;

namespace Hikyaku.Accounts.MailAccounts;

/// <summary>Why the password is replaced; 1 to 200 characters, for the history.</summary>
public sealed record ForcePasswordChangeBody(string? Reason);

/// <summary>
/// Replaces an account's password by a random one that nobody learns (ACC-8), after abuse was found. Sessions and mail sessions
/// end; an administrator or operator sets the next password.
/// </summary>
/// <param name="CredentialId">Where the random password's hash will be.</param>
/// <param name="Reason">As typed.</param>
/// <param name="Now">When.</param>
public sealed record ForcePasswordChange(string CredentialId, string Reason, DateTimeOffset Now)
{
    /// <summary>The most characters of a reason, counted as people count them.</summary>
    public const int MaxReasonLength = 200;

    private const int MaxReasonRunes = 5 * MaxReasonLength; // one visible character may consist of several code points
    private const int RandomBytes = 32;

    /// <summary>Decides; pure. A password that nobody knows is not replaced again.</summary>
    public static Decision Decide(ForcePasswordChange command, MailAccount account)
        => Decision.Unless([.. BrokenBy(command.Reason)], () =>
            account.PasswordForciblyChanged ? [] : [new MailAccountPasswordForciblyChanged(command.CredentialId, command.Reason.Trim(), command.Now)]);

    /// <summary><c>POST /api/v1/accounts/{address}/force-password-change</c> → 204.</summary>
    public static async Task<IResult> Handle(string address, ForcePasswordChangeBody body, CommandContext context, Passwords passwords, CancellationToken stop)
    {
        var hash = await passwords.HashAsync(Convert.ToBase64String(RandomNumberGenerator.GetBytes(RandomBytes)), stop);
        if (await context.LoadAccountAsync(stop) is not { } stream) return Problems.Of(PlatformProblems.NotFound);
        var decision = Decide(new(Credential.NewId(), body.Reason ?? "", context.Now), stream.Aggregate!);
        return context.KeepAndConclude(stream, decision, hash, (_, version) => new Answer(204, Version: version));
    }

    /// <summary>What a reason breaks; those of other commands have the same rules.</summary>
    internal static IEnumerable<Rejection> BrokenBy(string reason)
    {
        var length = new StringInfo(reason).LengthInTextElements;
        if (string.IsNullOrWhiteSpace(reason)) yield return new(AccountsProblems.ReasonMissing, "reason");
        if (length > MaxReasonLength || reason.EnumerateRunes().Count() > MaxReasonRunes) yield return new(AccountsProblems.ReasonTooLong, "reason", ("n", length));
        if (reason.Any(c => char.IsControl(c) || c is '\u2028' or '\u2029')) yield return new(AccountsProblems.ReasonCharacters, "reason");
    }
}
