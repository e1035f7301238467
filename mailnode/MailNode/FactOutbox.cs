using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

/// <summary>
/// What the node has to tell the services, kept in the replica in the transaction of what it tells of, so that a broker that
/// is away loses nothing.
/// </summary>
public static class FactOutbox
{
    /// <summary>Adds a fact, as part of a transaction.</summary>
    /// <param name="replica">The replica.</param>
    /// <param name="fact">A record of MailNode.Contracts.</param>
    public static void Add(SqliteConnection replica, object fact)
    {
        ArgumentNullException.ThrowIfNull(fact);
        replica.Run("INSERT INTO fact (message_id, type, body) VALUES ($1, $2, $3)",
            Guid.CreateVersion7().ToString("N"), fact.GetType().Name, JsonSerializer.Serialize(fact, fact.GetType(), JsonSerializerOptions.Web));
    }
}
