using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

/// <summary>
/// Sessions that were opened by what a replica said which is replaced by a new one. The new one cannot tell what has changed
/// meanwhile: each part compares the old one with it, and where there is none to compare with, everybody's sessions end.
/// </summary>
public sealed class FormerSessions(NodeSettings settings, Parts parts)
{
    /// <summary>Notes in a new replica which sessions are to be ended. Until they are it has obeyed nothing.</summary>
    /// <param name="made">The new one.</param>
    /// <param name="wasLost">Whether the old one was found to be no replica any more.</param>
    public void End(SqliteConnection made, bool wasLost)
    {
        if (!wasLost && !File.Exists(settings.Replica) && !File.Exists(settings.DovecotReads) && !File.Exists(settings.ReplicaMark)) return; // there never was one
        if (!wasLost && TryCompare(made)) return;
        foreach (var service in parts.Services) SessionEnds.Add(made, service, SessionEnds.Everybody, SessionEnds.Everybody, DateTimeOffset.UnixEpoch, obeyed: 0);
    }

    private bool TryCompare(SqliteConnection made)
    {
        if (!File.Exists(settings.Replica)) return false; // taken away
        try
        {
            using var former = Replica.ConnectToRead(settings);
            if (ReplicaMark.Read(settings.ReplicaMark) is not { } mark || mark.IsAheadOf(Replica.MarkOf(former))) return false;
            foreach (var (account, address) in former.All("SELECT account_id, address FROM session_end", r => (r.GetString(0), r.GetString(1))))
            {
                foreach (var service in parts.Services) SessionEnds.Add(made, service, account, address, DateTimeOffset.UnixEpoch, obeyed: 0);
            }

            foreach (var part in parts.All) part.EndFormerSessions(made, former);
            return true;
        }
        catch (Exception e) when (e is SqliteException or InvalidDataException or InvalidOperationException)
        {
            return false; // damaged, or of a form that is not known
        }
    }
}
