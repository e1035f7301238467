using Hikyaku.Accounts.Contracts;
using Hikyaku.Contracts;
using Hikyaku.Platform;
using Hikyaku.Restrictions.Accounts;
using Hikyaku.Restrictions.Judging;
using Hikyaku.Restrictions.Sources;
using Hikyaku.Restrictions.Space;
using Marten;
using MassTransit;

namespace Hikyaku.Restrictions.Ends;

/// <summary>
/// A password that was changed later than a suspected compromise began ends it (RST-9): by an administrator or operator, or by the user from
/// a network that was theirs before and is not in the evidence, as whoever holds the password could change it, too. And an operator who
/// replaces a password blocks sending with the same call (ACC-8).
/// </summary>
public sealed class PasswordConsumer(IDocumentStore store, KnownNetworks known, MailboxSpace space) : IConsumer<MailAccountPasswordChanged>, IConsumer<MailAccountPasswordForciblyChanged>
{
    private static readonly TimeSpan KnownBefore = TimeSpan.FromDays(1);

    /// <inheritdoc/>
    public async Task Consume(ConsumeContext<MailAccountPasswordChanged> context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var (changed, stop) = (context.Message, context.CancellationToken);
        await using var session = store.LightweightSession();
        EventHeaders.Stamp(session, Caller.Platform);
        if (changed.By.Role is Roles.Operator or Roles.Admin) await NoteAsync(session, changed, stop);
        var stream = await session.Events.FetchForWriting<AccountStanding>(changed.AccountId, stop);
        if (stream.Aggregate?.Restrictions.FindAll(r => r.Kind == Kinds.CompromiseSuspected && r.Since < changed.At) is not { Count: > 0 } held)
        {
            await session.SaveChangesAsync(stop);
            return;
        }

        var network = Networks.Of(changed.By.Address);
        var wasKnown = network is not null && await known.WasKnownAsync(changed.AccountId, network, held.Min(r => r.Since) - KnownBefore, stop);
        if (!Ends(changed.By, network, wasKnown, held)) return; // it was no administrator's, so nothing was noted
        stream.AppendOne(new RestrictionLifted(
            stream.Aggregate.Domain, Kinds.CompromiseSuspected, [.. held.Select(r => r.Reference)], LiftCauses.PasswordChanged, Reason: null, changed.At));
        await session.SaveChangesAsync(stop);
    }

    /// <inheritdoc/>
    public async Task Consume(ConsumeContext<MailAccountPasswordForciblyChanged> context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var (forced, stop) = (context.Message, context.CancellationToken);
        await using var session = store.LightweightSession();
        EventHeaders.Stamp(session, new Caller(forced.By.Role, forced.By.Login, forced.By.Session, [], forced.By.Address, forced.By.Via));
        if (forced.Domain is null || !await ErasedAccounts.HoldAsync(session, forced.AccountId, stop)) return;
        await TakeTurnAsync(session, forced.AccountId, stop);
        // Another password was set later, and what tells of it was faster.
        if ((await session.ListAsync($"select from mailbox_space where account_id = {forced.AccountId} and password_set_at > {forced.At.ToUniversalTime()}", _ => true, stop)).Count > 0) return;
        var stream = await session.Events.FetchForWriting<AccountStanding>(forced.AccountId, stop);
        if (stream.Aggregate?.Restrictions.Exists(r => r.Kind == Kinds.CompromiseSuspected) == true || stream.Aggregate?.EndOf(Kinds.CompromiseSuspected) >= forced.At) return;
        stream.AppendOne(new AccountRestricted(
            forced.AccountId, stream.Aggregate?.Address ?? await space.AddressOfAsync(forced.AccountId, stop) ?? "", forced.Domain, Kinds.CompromiseSuspected, Reference.Create(), Rules.PasswordForced,
            Network: null, KnownNetworks: [], Reason: null, Evidence: null, Until: null, forced.At));
        await session.SaveChangesAsync(stop);
    }

    private static async Task NoteAsync(IDocumentSession session, MailAccountPasswordChanged changed, CancellationToken stop)
    {
        if (!await ErasedAccounts.HoldAsync(session, changed.AccountId, stop)) return;
        await TakeTurnAsync(session, changed.AccountId, stop);
        session.QueueSqlCommand(
            "insert into mailbox_space as s (account_id, password_set_at) values (?, ?) on conflict (account_id) do update set password_set_at = greatest(s.password_set_at, excluded.password_set_at)",
            changed.AccountId, changed.At.ToUniversalTime());
    }

    // The two messages about one account, which may come at the same moment in any order.
    private static Task TakeTurnAsync(IDocumentSession session, string accountId, CancellationToken stop)
        => session.ExecuteAsync($"select pg_advisory_xact_lock(hashtextextended({accountId}, 3))", stop);

    /// <summary>Whether a change of the password ends what holds; pure.</summary>
    internal static bool Ends(CausedBy by, string? network, bool wasKnown, IEnumerable<Restriction> held)
        => by.Role is Roles.Operator or Roles.Admin
            || (by.Role == Roles.User && wasKnown && !held.Any(r => Evidence.Read(r.Evidence)?.Networks?.Contains(network!) == true));
}
