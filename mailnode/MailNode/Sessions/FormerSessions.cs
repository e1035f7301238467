using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

/// <summary>
/// Sessions that were opened by what a replica said which is replaced by a new one. The new one cannot tell whose password has
/// changed or who was deleted meanwhile: the old one is compared with it, and where that cannot be, everybody's sessions end.
/// </summary>
internal static class FormerSessions
{
    /// <summary>Stands for every account and every address: a mask of doveadm kick.</summary>
    public const string Everybody = "*";

    /// <summary>Notes in a new replica which sessions are to be ended. Until they are it has obeyed nothing.</summary>
    /// <param name="made">The new one.</param>
    /// <param name="settings">Where the old one is.</param>
    /// <param name="wasLost">Whether the old one was found to be no replica any more.</param>
    public static void End(SqliteConnection made, NodeSettings settings, bool wasLost)
    {
        if (wasLost || Of(settings) is not { } former)
        {
            ReplicaRows.EndSessions(made, Everybody, Everybody, DateTimeOffset.UnixEpoch, obeyed: 0);
            return;
        }

        foreach (var (account, address, hash) in former)
        {
            if (hash is null || made.One<string>("SELECT password_hash FROM mailbox WHERE account_id = $1 AND deleted_at IS NULL", account) != hash)
                ReplicaRows.EndSessions(made, account, address, DateTimeOffset.UnixEpoch, obeyed: 0);
        }
    }

    // By which passwords there may be sessions; without one are those that were to be ended. Null: nobody knows.
    private static List<(string Account, string Address, string? Hash)>? Of(NodeSettings settings)
    {
        // Taken away, unless there never was one.
        if (!File.Exists(settings.Replica)) return File.Exists(settings.DovecotReads) || File.Exists(settings.ReplicaMark) ? null : [];
        try
        {
            using var old = Replica.ConnectToRead(settings);
            if (ReplicaMark.Read(settings.ReplicaMark) is not { } mark || mark.IsAheadOf(Replica.MarkOf(old))) return null;
            return old.All(
                """
                SELECT account_id, address, password_hash FROM mailbox WHERE password_hash IS NOT NULL AND deleted_at IS NULL
                UNION ALL SELECT account_id, address, NULL FROM session_end
                """, r => (r.GetString(0), r.GetString(1), r.IsDBNull(2) ? null : r.GetString(2)));
        }
        catch (Exception e) when (e is SqliteException or InvalidDataException or InvalidOperationException)
        {
            return null; // damaged, or of a version that is not known
        }
    }
}
