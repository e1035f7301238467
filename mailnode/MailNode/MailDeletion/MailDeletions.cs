using Hikyaku.MailNode.Contracts;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

/// <summary>
/// How far deletions of mailboxes' mail are (rule ACC-6), as it stands in the replica. Each call is part of a transaction. A job
/// that is finished stays, so that a list which names it again begins nothing; another job takes its place.
/// </summary>
internal static class MailDeletions
{
    /// <summary>A deletion that is not finished.</summary>
    /// <param name="AccountId">The account.</param>
    /// <param name="Address">Its address.</param>
    /// <param name="JobId">The job.</param>
    /// <param name="RequestedAt">When it was asked for, by the service's clock.</param>
    /// <param name="SavedBefore">Only mail that was saved before this second since 1970 goes; null: it is still to be noted what goes.</param>
    internal sealed record Job(string AccountId, string Address, string JobId, DateTimeOffset RequestedAt, long? SavedBefore);

    /// <summary>A folder in which something of a job is left.</summary>
    /// <param name="Identity">Its GUID.</param>
    /// <param name="UidValidity">Another one than now: what was noted is gone with the folder.</param>
    /// <param name="UidNext">Messages below it go.</param>
    /// <param name="CountedTo">Messages up to this are counted.</param>
    /// <param name="ExpungedTo">Messages up to this are gone.</param>
    internal sealed record Part(string Identity, long UidValidity, long UidNext, long CountedTo, long ExpungedTo);

    /// <summary>The tables that the next replica takes over.</summary>
    public static IReadOnlyList<string> Kept { get; } = ["mail_deletion", "mail_deletion_folder"];

    /// <summary>The jobs of mailboxes that are kept on this node.</summary>
    public static List<Job> Unfinished(SqliteConnection replica, string node, int atMost) => replica.All(
        """
        SELECT h.account_id, h.address, h.mail_deletion_job, h.mail_deletion_at, d.saved_before
        FROM holder AS h LEFT JOIN mail_deletion AS d ON d.account_id = h.account_id AND d.job_id = h.mail_deletion_job
        WHERE h.mail_deletion_job IS NOT NULL AND h.mail_deletion_at IS NOT NULL AND d.finished IS NOT 1 AND (h.home_node IS NULL OR h.home_node = $1)
        ORDER BY h.mail_deletion_at LIMIT $2
        """,
        r => new Job(r.GetString(0), r.GetString(1), r.GetString(2), DateTimeOffset.FromUnixTimeMilliseconds(r.GetInt64(3)), r.IsDBNull(4) ? null : r.GetInt64(4)), node, atMost);

    /// <summary>Notes what goes; a job that was noted before stays as it is. False when another job has come meanwhile.</summary>
    public static bool Note(SqliteConnection replica, string node, Job job, long savedBefore, IReadOnlyList<Doveadm.Folder> folders)
    {
        if (!IsWanted(replica, job)) return false;
        var total = folders.Sum(f => f.Messages);
        replica.Run("DELETE FROM mail_deletion_folder WHERE account_id = $1", job.AccountId);
        replica.Run("INSERT OR REPLACE INTO mail_deletion VALUES ($1, $2, $3, 0, $4, 0, 0)", job.AccountId, job.JobId, savedBefore, total);
        foreach (var folder in folders.Where(f => f.Messages > 0))
            replica.Run("INSERT INTO mail_deletion_folder VALUES ($1, $2, $3, $4, 0, 0)", job.AccountId, folder.Identity, folder.UidValidity, folder.UidNext);
        FactOutbox.Add(replica, new MailDataDeletionProgressed(node, job.AccountId, job.JobId, 0, total));
        return true;
    }

    /// <summary>The next folder in which something is left; null when nothing is.</summary>
    public static Part? Next(SqliteConnection replica, string accountId) => replica.All(
        "SELECT guid, uid_validity, uid_next, counted_to, expunged_to FROM mail_deletion_folder WHERE account_id = $1 AND expunged_to < uid_next - 1 ORDER BY guid LIMIT 1",
        r => new Part(r.GetString(0), r.GetInt64(1), r.GetInt64(2), r.GetInt64(3), r.GetInt64(4)), accountId).FirstOrDefault();

    /// <summary>Counts messages before they are deleted: counted afterwards, those of a crash in between would be missing.</summary>
    public static void Count(SqliteConnection replica, Job job, string guid, long to, long messages, long bytes)
    {
        if (replica.Run("UPDATE mail_deletion SET done = done + $3, freed_bytes = freed_bytes + $4 WHERE account_id = $1 AND job_id = $2", job.AccountId, job.JobId, messages, bytes) == 0) return;
        replica.Run("UPDATE mail_deletion_folder SET counted_to = $3, expunged_to = CASE WHEN $4 = 0 THEN $3 ELSE expunged_to END WHERE account_id = $1 AND guid = $2",
            job.AccountId, guid, to, messages);
    }

    /// <summary>What was counted is gone.</summary>
    public static void Expunged(SqliteConnection replica, Job job, string guid, long to)
    {
        if (IsWanted(replica, job)) replica.Run("UPDATE mail_deletion_folder SET expunged_to = $3 WHERE account_id = $1 AND guid = $2", job.AccountId, guid, to);
    }

    /// <summary>Folders that were made anew since they were noted have nothing of it any more.</summary>
    public static void Skip(SqliteConnection replica, Job job, IReadOnlyList<Doveadm.Folder> folders)
    {
        var now = folders.ToDictionary(f => f.Identity, f => f.UidValidity);
        foreach (var (guid, validity) in replica.All("SELECT guid, uid_validity FROM mail_deletion_folder WHERE account_id = $1", r => (r.GetString(0), r.GetInt64(1)), job.AccountId))
        {
            if (now.GetValueOrDefault(guid) != validity) replica.Run("DELETE FROM mail_deletion_folder WHERE account_id = $1 AND guid = $2", job.AccountId, guid);
        }
    }

    /// <summary>Tells how far it is.</summary>
    public static void Tell(SqliteConnection replica, string node, Job job)
    {
        foreach (var (done, total, _) in Counts(replica, job)) FactOutbox.Add(replica, new MailDataDeletionProgressed(node, job.AccountId, job.JobId, done, total));
    }

    /// <summary>It is done: remembers that, and tells it.</summary>
    public static void Finish(SqliteConnection replica, string node, Job job, DateTimeOffset now)
    {
        if (replica.Run("UPDATE mail_deletion SET finished = 1 WHERE account_id = $1 AND job_id = $2 AND finished = 0", job.AccountId, job.JobId) == 0) return;
        replica.Run("DELETE FROM mail_deletion_folder WHERE account_id = $1", job.AccountId);
        foreach (var (done, _, freed) in Counts(replica, job)) FactOutbox.Add(replica, new MailDataDeleted(node, job.AccountId, job.JobId, now, done, freed));
    }

    private static bool IsWanted(SqliteConnection replica, Job job)
        => replica.One<string>("SELECT mail_deletion_job FROM mailbox WHERE account_id = $1 AND deleted_at IS NULL", job.AccountId) == job.JobId;

    private static List<(long Done, long Total, long Freed)> Counts(SqliteConnection replica, Job job) => replica.All(
        "SELECT done, total, freed_bytes FROM mail_deletion WHERE account_id = $1 AND job_id = $2", r => (r.GetInt64(0), r.GetInt64(1), r.GetInt64(2)), job.AccountId, job.JobId);
}
