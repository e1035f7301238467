using Hikyaku.Accounts.Contracts;
using Hikyaku.Platform;
using Hikyaku.Restrictions.Accounts;
using Hikyaku.Restrictions.Facts;
using Marten;
using MassTransit;
using Weasel.Postgresql.Tables;

namespace Hikyaku.Restrictions.Ends;

/// <summary>
/// A sending lock that runs stays with the address (RST-10): whoever deletes the account and makes it anew has it again. The address itself
/// is not kept, only a key of it.
/// </summary>
public sealed class AddressConsumer(IDocumentStore store, AddressKeys keys, TimeProvider time) : IConsumer<MailAccountCreated>
{
    /// <summary>The locks of addresses without an account.</summary>
    public static Table Table()
    {
        var table = new Table("address_lock");
        table.AddColumn<string>("address_key").AsPrimaryKey();
        table.AddColumn<string>("reference").AsPrimaryKey();
        table.AddColumn<DateTimeOffset>("until");
        return table;
    }

    /// <inheritdoc/>
    public async Task Consume(ConsumeContext<MailAccountCreated> context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var (made, stop, now) = (context.Message, context.CancellationToken, time.GetUtcNow());
        var key = keys.Of(made.Address);
        await using var session = store.LightweightSession();
        EventHeaders.Stamp(session, Caller.Platform);
        if (!await ErasedAccounts.HoldAsync(session, made.AccountId, stop)) return;
        var locks = await session.ListAsync(
            $"delete from address_lock where address_key = {key} returning reference, until",
            row => (Reference: row.GetString(0), Until: row.IsDBNull(1) ? (DateTimeOffset?)null : row.GetFieldValue<DateTimeOffset>(1)), stop);
        var running = locks.Where(l => l.Until is null || l.Until > now).ToList();
        if (running.Count > 0)
        {
            var stream = await session.Events.FetchForWriting<AccountStanding>(made.AccountId, stop);
            stream.AppendMany(running.Select(l => new AccountRestricted(
                made.AccountId, made.Address, made.Domain, Kinds.SendingLocked, l.Reference, Rules.FormerAccount, Network: null, KnownNetworks: [], Reason: null, Evidence: null, l.Until, now)));
        }

        await session.SaveChangesAsync(stop);
    }
}
