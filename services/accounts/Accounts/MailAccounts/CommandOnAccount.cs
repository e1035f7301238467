using Hikyaku.Accounts.Credentials;
using Hikyaku.Accounts.Domains;
using Hikyaku.Platform;
using JasperFx.Events;
using Marten;

namespace Hikyaku.Accounts.MailAccounts;

/// <summary>
/// What every command on one account does beside its own rule. The order is: hash a password, as that is slow; lock the domain, if its
/// limits matter (<see cref="DomainUsage.LockWithLimitsAsync"/>); load the account; decide; keep and answer.
/// </summary>
internal static class CommandOnAccount
{
    /// <summary>Loads the account that the path names for writing; null when there is none, or none any more.</summary>
    public static Task<IEventStream<MailAccount>?> LoadAccountAsync(this CommandContext context, CancellationToken stop) => context.LoadAccountAsync(context.Target!.AccountId, stop);

    /// <summary>Loads an account for writing; null when there is none, or none any more.</summary>
    public static async Task<IEventStream<MailAccount>?> LoadAccountAsync(this CommandContext context, string accountId, CancellationToken stop)
    {
        var stream = await context.Session.Events.FetchForWriting<MailAccount>(accountId, stop);
        return stream.Aggregate is { DeletionJob: null } ? stream : null;
    }

    /// <summary>Keeps what belongs to the events in the transaction that appends them, and answers.</summary>
    /// <param name="context">The command.</param>
    /// <param name="stream">The account, as loaded.</param>
    /// <param name="decision">What was decided.</param>
    /// <param name="hash">The hash of the password that the command sets; null when it sets none.</param>
    /// <param name="answer">Answers the new state and version.</param>
    public static IResult KeepAndConclude(
        this CommandContext context, IEventStream<MailAccount> stream, Decision decision, string? hash, Func<MailAccount, long, Answer> answer)
    {
        foreach (var e in decision.Events) Keep(context.Session, stream.Aggregate!, e, hash);
        return context.Conclude(stream, decision, answer);
    }

    private static void Keep(IDocumentSession session, MailAccount account, object e, string? hash)
    {
        if (e is MailAccountPasswordChanged p) Credential.Store(session, p.CredentialId, account.Id, hash!);
        if (e is MailAccountPasswordForciblyChanged f) Credential.Store(session, f.CredentialId, account.Id, hash!, forced: true);
        if (e is MailAccountCapacityChanged c) DomainUsage.Add(session, account.Domain, 0, c.CapacityMb - account.CapacityMb);
    }
}
