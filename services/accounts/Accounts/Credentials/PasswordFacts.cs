using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Platform;
using Marten;

namespace Hikyaku.Accounts.Credentials;

/// <summary>What has to be found out about a new password before one can decide about it.</summary>
/// <param name="IsPresent">Whether the account has it already: then nothing changes.</param>
/// <param name="IsRecent">Whether it is one of the last five; checked only after a forced change.</param>
/// <param name="IsGuessable">Whether it is easy to guess.</param>
/// <param name="IsSimilar">Whether it is similar to the current one; known only when the request contains the current one.</param>
public sealed record PasswordFacts(bool IsPresent = false, bool IsRecent = false, bool IsGuessable = false, bool IsSimilar = false)
{
    /// <summary>
    /// Every rule of ACC-8 that setting it would break: after a forced change it must be new and hard to guess, and in a
    /// self-service change it must not be similar to the current one.
    /// </summary>
    public IEnumerable<Rejection> Broken(MailAccount account, string field)
    {
        if (account.PasswordForciblyChanged && IsRecent) yield return new(AccountsProblems.PasswordRecent, field);
        if (account.PasswordForciblyChanged && IsGuessable) yield return new(AccountsProblems.PasswordGuessable, field);
        if (IsSimilar) yield return new(AccountsProblems.PasswordSimilar, field);
    }
}

/// <summary>
/// A new password that was judged and hashed. This takes a while and happens before the account is locked, so the account
/// may have got another password meanwhile.
/// </summary>
/// <param name="Facts">What was found out.</param>
/// <param name="Hash">Null when it will not be set.</param>
/// <param name="Against">The credential that the account had.</param>
public sealed record JudgedPassword(PasswordFacts Facts, string? Hash, string? Against)
{
    /// <summary>There is no password to judge, or the command is refused for another reason.</summary>
    public static JudgedPassword Unjudged(MailAccount account) => new(new(), null, account.CredentialId);

    /// <summary>Makes the command start again if the account's password has changed since the facts were gathered.</summary>
    public void MustStillHold(MailAccount account)
    {
        if (Against != account.CredentialId) throw new JasperFx.ConcurrencyException(typeof(MailAccount), account.Id);
    }
}

/// <summary>Finds out about new passwords.</summary>
public static class JudgingPasswords
{
    /// <summary>Judges a password that an administrator or operator sets: up to five hashes after a forced change, else one; and its own.</summary>
    /// <param name="passwords">Computes the hashes.</param>
    /// <param name="session">Where earlier ones are.</param>
    /// <param name="account">Whose it is to be.</param>
    /// <param name="password">As typed.</param>
    /// <param name="stop">Stops it.</param>
    /// <param name="warn">Whether the answer warns of a guessable password that may be set nevertheless.</param>
    public static async Task<JudgedPassword> JudgeAsync(this Passwords passwords, IQuerySession session, MailAccount account, string password, CancellationToken stop, bool warn = true)
    {
        var isForced = account.PasswordForciblyChanged;
        var mayBe = !PasswordRules.Broken(password, []).Any(); // only such a text can be one of the account's passwords
        var facts = new PasswordFacts(
            IsPresent: !isForced && await passwords.IsPresentAsync(session, account, password, stop), // nobody knows the random one, so nobody can type it
            IsRecent: isForced && mayBe && await passwords.IsRecentAsync(session, account.Id, password, stop),
            IsGuessable: (warn || isForced) && GuessablePassword.Is(password, account.Address[..account.Address.LastIndexOf('@')], account.Domain));
        var isGood = mayBe && !facts.IsPresent && !facts.Broken(account, "").Any();
        return new(facts, isGood ? await passwords.HashAsync(password, stop) : null, account.CredentialId);
    }

    /// <summary>Judges a password that a user chooses in place of the current one, which has been proved.</summary>
    public static async Task<JudgedPassword> JudgeAsync(this Passwords passwords, MailAccount account, string current, string password, CancellationToken stop)
    {
        var facts = new PasswordFacts(IsPresent: current == password, IsSimilar: current != password && SimilarPassword.Is(current, password));
        var isGood = !facts.IsPresent && !facts.IsSimilar && !PasswordRules.Broken(password, []).Any();
        return new(facts, isGood ? await passwords.HashAsync(password, stop) : null, account.CredentialId);
    }

    private static async Task<bool> IsRecentAsync(this Passwords passwords, IQuerySession session, string accountId, string password, CancellationToken stop)
    {
        var kept = await session.Query<Credential>().Where(c => c.Owner == accountId).OrderByDescending(c => c.Id).Take(Credential.Kept + 1).ToListAsync(stop);
        foreach (var credential in kept.Where(c => !c.Forced).Take(Credential.Kept))
        {
            if (await passwords.VerifyAsync(credential.Hash, password, stop)) return true;
        }

        return false;
    }
}
