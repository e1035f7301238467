using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

// What goes over from a replica that is replaced: facts that were not told, notes of what was read of the logs, how many recipients
// accounts had, and how far deletions of mail are, as they would find nothing the second time and report that.
public sealed partial class Replica
{
    // Reads the facts of the lost replica, and those in the file that is there now (an older version or a copy). Duplicates are dropped by message id.
    private IEnumerable<FactOutbox.Waiting> UnsentOfTheOld()
    {
        var unsent = _unsent;
        if (File.Exists(settings.Replica))
        {
            try
            {
                using var old = ConnectToRead(settings);
                unsent = [.. unsent, .. FactOutbox.All(old)];
            }
            catch (SqliteException e)
            {
                LogFactsLost(e, settings.Replica);
            }
        }

        return unsent.DistinctBy(f => f.MessageId);
    }

    // What the agent remembers of messages belongs to the facts that it has told of them: of the lost replica, or else of the file.
    private IReadOnlyList<TableCopy> NotesOfTheOld()
    {
        if (_notes.Count > 0 || !File.Exists(settings.Replica)) return _notes;
        try
        {
            using var old = ConnectToRead(settings);
            return NotesOf(old);
        }
        catch (SqliteException e)
        {
            LogFactsLost(e, settings.Replica); // the logs are read again from their beginning
            return [];
        }
    }

    private static IReadOnlyList<TableCopy> NotesOf(SqliteConnection replica) => [.. DeliveryNotes.Kept.Concat(MailDeletions.Kept).Concat(RecipientCounts.Kept).Select(table => TableCopy.Of(replica, table))];
}
