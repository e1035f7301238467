using System.Text.Json;
using Hikyaku.MailNode.Contracts;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

/// <summary>
/// Keeps the outbox small while the broker is away. Logins are put together; of the progress of one deletion only the newest
/// word counts. What else waits is one or two facts for each account or job that a service named, and is kept, all of it.
/// </summary>
public static class FactBound
{
    /// <summary>As many messages of logins wait before they are put together.</summary>
    internal const int LoginMessages = 400;

    /// <summary>As many entries are left of them.</summary>
    internal const int LoginEntries = 50_000;

    /// <summary>Logins of one message.</summary>
    internal const int InOneMessage = 500;

    /// <summary>Removes progress that a later word about the same deletion has replaced.</summary>
    public static int DropReplacedProgress(SqliteConnection replica) => replica.Run(
        """
        DELETE FROM fact WHERE type = $1 AND id NOT IN (
            SELECT max(id) FROM fact WHERE type = $1 GROUP BY json_extract(body, '$.jobId'), json_extract(body, '$.accountId'))
        """, nameof(MailDataDeletionProgressed));

    /// <summary>The messages of logins that are to be put together; none while there are few.</summary>
    /// <param name="replica">The replica.</param>
    /// <param name="untouched">The oldest facts, which may have reached the broker without its word: put together they would count twice.</param>
    internal static List<FactOutbox.Waiting> TooManyLogins(SqliteConnection replica, int untouched)
    {
        var after = replica.One<long>("SELECT max(id) FROM (SELECT id FROM fact ORDER BY id LIMIT $1)", untouched);
        if (replica.One<long>("SELECT count(*) FROM fact WHERE type = $1 AND id > $2", nameof(LoginsObserved), after) <= LoginMessages) return [];
        return replica.All("SELECT message_id, type, body FROM fact WHERE type = $1 AND id > $2 ORDER BY id",
            row => new FactOutbox.Waiting(row.GetString(0), row.GetString(1), row.GetString(2)), nameof(LoginsObserved), after);
    }

    /// <summary>
    /// The same logins in fewer messages, and whose they are: not those of a message that cannot be read. Takes a while of
    /// many: not for inside a transaction.
    /// </summary>
    internal static (List<FactOutbox.Waiting> Many, List<LoginsObserved> Few) Together(IEnumerable<FactOutbox.Waiting> messages)
    {
        List<FactOutbox.Waiting> many = [];
        List<LoginsObserved> read = [];
        foreach (var message in messages)
        {
            if (message.Read() is not LoginsObserved { Logins: not null } logins) continue;
            many.Add(message);
            read.Add(logins);
        }

        var few = LoginSums.Of(read.SelectMany(m => m.Logins), LoginEntries).Chunk(InOneMessage);
        return (many, [.. few.Select(some => new LoginsObserved(read[0].Node, some))]);
    }

    /// <summary>Puts the fewer messages into the place of the many, unless these are no longer there.</summary>
    internal static bool Exchange(SqliteConnection replica, List<FactOutbox.Waiting> many, IEnumerable<LoginsObserved> few)
    {
        var there = replica.One<long>("SELECT count(*) FROM fact WHERE message_id IN (SELECT value FROM json_each($1))", JsonSerializer.Serialize(many.Select(m => m.MessageId)));
        if (there != many.Count) return false; // another replica meanwhile; the next round looks again
        FactOutbox.Remove(replica, many.Select(m => m.MessageId));
        foreach (var fact in few) FactOutbox.Add(replica, fact);
        return true;
    }
}
