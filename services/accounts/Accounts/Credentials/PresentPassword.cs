using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Accounts.Staff;
using Marten;

namespace Hikyaku.Accounts.Credentials;

/// <summary>Whether a password is the one that somebody has now.</summary>
public static class PresentPassword
{
    /// <summary>For a mail account.</summary>
    public static Task<bool> IsPresentAsync(this Passwords passwords, IQuerySession session, MailAccount? account, string password, CancellationToken stop)
        => passwords.IsAsync(session, account is { DeletionJob: null } ? account.CredentialId : null, password, stop);

    /// <summary>Whether it is the one that a forced change took from a mail account: right, but of no use.</summary>
    public static Task<bool> IsFormerAsync(this Passwords passwords, IQuerySession session, MailAccount account, string password, CancellationToken stop)
        => passwords.IsAsync(session, account.DeletionJob is null ? account.FormerCredentialId : null, password, stop);

    /// <summary>For a login of operators and administrators.</summary>
    public static Task<bool> IsPresentAsync(this Passwords passwords, IQuerySession session, StaffMember? member, string password, CancellationToken stop)
        => passwords.IsAsync(session, member?.CredentialId, password, stop);

    private static async Task<bool> IsAsync(this Passwords passwords, IQuerySession session, string? credentialId, string password, CancellationToken stop)
    {
        // The query runs also when there is no such credential, so that both cases take the same time.
        var credential = await session.LoadAsync<Credential>(credentialId ?? "nobody", stop);
        return await passwords.VerifyAsync(credential?.Hash, password, stop);
    }
}
