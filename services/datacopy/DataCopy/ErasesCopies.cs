using Hikyaku.DataCopy.Copies;
using Hikyaku.Platform;
using Marten;

namespace Hikyaku.DataCopy;

/// <summary>
/// What the service erases of a deleted account: a copy that runs, with its secrets; what was copied from where; mails that wait; and nodes let nobody in any more.
/// The worker finds that its copy is gone before the next batch.
/// </summary>
internal sealed class ErasesCopies(IDocumentStore store, TimeProvider time) : ErasesStreams(store)
{
    protected override async Task EraseOthersAsync(IDocumentSession session, string accountId, CancellationToken stop)
    {
        session.QueueSqlCommand("delete from copy_mail where job_id in (select id from mail_copy where account_id = ?)", accountId);
        foreach (var table in (string[])["copy_work", "copy_journal", "mailbox_room", "mail_copy"]) session.QueueSqlCommand($"delete from {table} where account_id = ?", accountId);
        var stream = await session.Events.FetchForWriting<AccountCopies>(accountId, stop);
        if (stream.Aggregate is { Erased: false }) stream.AppendOne(new CopiesErased(time.GetUtcNow()));
    }
}
