using Hikyaku.Platform;
using Hikyaku.Restrictions.Accounts;
using Hikyaku.Restrictions.Facts;
using Marten;

namespace Hikyaku.Restrictions;

/// <summary>
/// What the service erases of a deleted account: its events are masked, and all that was observed of it goes. A sending lock that runs and
/// how much was sent stay with a key of the address (RST-10).
/// </summary>
internal sealed class ErasesRestrictions(IDocumentStore store, AddressKeys keys, TimeProvider time) : ErasesStreams(store)
{
    protected override async Task EraseOthersAsync(IDocumentSession session, string accountId, CancellationToken stop)
    {
        var stream = await session.Events.FetchForWriting<AccountStanding>(accountId, stop);
        if (stream.Aggregate is { Erased: false } standing)
        {
            foreach (var held in standing.Restrictions.Where(r => r.Kind == Kinds.SendingLocked))
            {
                session.QueueSqlCommand(
                    "insert into address_lock (address_key, reference, until) values (?, ?, ?) on conflict do nothing",
                    keys.Of(standing.Address), held.Reference, (object?)held.Until?.ToUniversalTime() ?? DBNull.Value);
            }

            stream.AppendOne(new StandingErased(time.GetUtcNow()));
        }

        foreach (var table in (string[])["login_network", "mailbox_space", "login", "sending_sign", "restriction", "held_mail"])
            session.QueueSqlCommand($"delete from {table} where account_id = ?", accountId);
        session.QueueSqlCommand("delete from known_recipient where address_key in (select address_key from submission where account_id = ?)", accountId);
        session.QueueSqlCommand("update submission set account_id = null, source = null, network = null, queue_id = null, sent_to = null where account_id = ?", accountId);
    }
}
