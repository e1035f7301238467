using System.Text.Json;
using Hikyaku.MailNode.Contracts;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

/// <summary>
/// What the node has to tell the services, kept in the replica in the transaction of what it tells of, so that a broker that
/// is away loses nothing. <see cref="FactSender"/> sends it.
/// </summary>
public static class FactOutbox
{
    private static readonly Dictionary<string, Type> Contracts = typeof(MailboxErased).Assembly.GetExportedTypes().ToDictionary(t => t.Name);
    private static readonly string Known = JsonSerializer.Serialize(Contracts.Keys);

    /// <summary>A fact that waits.</summary>
    /// <param name="MessageId">Its message's id: a fact that is sent twice is known by it.</param>
    /// <param name="Type">The contract's name.</param>
    /// <param name="Body">The contract as JSON.</param>
    public sealed record Waiting(string MessageId, string Type, string Body)
    {
        /// <summary>The contract; null when the body is none.</summary>
        public object? Read()
        {
            try
            {
                return JsonSerializer.Deserialize(Body, Contracts[Type], JsonSerializerOptions.Web);
            }
            catch (JsonException)
            {
                return null; // the sender tells, and sets it aside
            }
        }
    }

    /// <summary>Adds a fact, as part of a transaction.</summary>
    /// <param name="replica">The replica.</param>
    /// <param name="fact">A record of MailNode.Contracts.</param>
    public static void Add(SqliteConnection replica, object fact)
    {
        ArgumentNullException.ThrowIfNull(fact);
        Add(replica, new Waiting(Guid.CreateVersion7().ToString("N"), fact.GetType().Name, JsonSerializer.Serialize(fact, fact.GetType(), JsonSerializerOptions.Web)));
    }

    /// <summary>Adds one as it stood in another replica.</summary>
    internal static void Add(SqliteConnection replica, Waiting fact)
        => replica.Run("INSERT INTO fact (message_id, type, body) VALUES ($1, $2, $3)", fact.MessageId, fact.Type, fact.Body);

    /// <summary>The oldest ones, in order; without those that only another version of the agent can send.</summary>
    internal static List<Waiting> Oldest(SqliteConnection replica, int most)
        => replica.All("SELECT message_id, type, body FROM fact WHERE type IN (SELECT value FROM json_each($1)) ORDER BY id LIMIT $2", Read, Known, most);

    /// <summary>All of them, in order.</summary>
    internal static List<Waiting> All(SqliteConnection replica) => replica.All("SELECT message_id, type, body FROM fact ORDER BY id", Read);

    /// <summary>Takes out what the broker has; answers how many there were.</summary>
    internal static int Remove(SqliteConnection replica, IEnumerable<string> messageIds)
        => replica.Run("DELETE FROM fact WHERE message_id IN (SELECT value FROM json_each($1))", JsonSerializer.Serialize(messageIds));

    /// <summary>Keeps one whose body cannot be read out of the way of the others.</summary>
    internal static int SetAside(SqliteConnection replica, string messageId)
        => replica.Run("UPDATE fact SET type = 'unreadable ' || type WHERE message_id = $1", messageId);

    private static Waiting Read(SqliteDataReader row) => new(row.GetString(0), row.GetString(1), row.GetString(2));
}
