using Hikyaku.DataCopy.Copies;
using Hikyaku.DataCopy.Mails;
using Marten;

namespace Hikyaku.DataCopy.Work;

/// <summary>What belongs to the end of a copy, in the transaction that stores it.</summary>
internal static class Ends
{
    /// <summary>Removes the row, and with it all secrets (CPY-7), and queues the mail that tells of it; of a copy that the user has cancelled none is sent.</summary>
    public static void Queue(IDocumentSession session, string jobId, IEnumerable<object> events)
    {
        session.QueueSqlCommand("delete from copy_work where job_id = ?", jobId);
        if (events.Any(e => e is CopySucceeded or CopyFailed)) MailQueue.Add(session, jobId);
    }
}
