using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

/// <summary>How far the states of each service are applied, in that service's order. Each call is part of a transaction.</summary>
public static class Progress
{
    /// <summary>Up to where a service's states are applied, and up to where its last list went; 0 when never.</summary>
    public static (long Applied, long Listed) Of(SqliteConnection replica, string service)
        => replica.All("SELECT applied, listed FROM progress WHERE service = $1", r => (r.GetInt64(0), r.GetInt64(1)), service).FirstOrDefault();

    /// <summary>How many accounts are named at most that obey less than the others.</summary>
    internal const int MostPending = 100;

    /// <summary>
    /// What is told to a service: up to where everything is obeyed, and the accounts that obey less, up to where. When these are too
    /// many to be named, or it is everybody, the lowest position is told for all.
    /// </summary>
    public static (long Applied, IReadOnlyDictionary<string, long>? Pending) ForLease(SqliteConnection replica, string service)
    {
        var pending = replica.All("SELECT account_id, obeyed FROM session_end WHERE service = $1 AND rounds = $2 LIMIT $3",
            r => (AccountId: r.GetString(0), Obeyed: r.GetInt64(1)), service, SessionEnds.Rounds, MostPending + 1);
        return pending.Count > MostPending || pending.Exists(p => p.AccountId == SessionEnds.Everybody) ? (Obeyed(replica, service), null)
            : (Of(replica, service).Applied, pending.ToDictionary(p => p.AccountId, p => p.Obeyed));
    }

    /// <summary>
    /// Up to where everything of a service is obeyed. A state whose old sessions may still be open (<see cref="SessionEnds"/>) is
    /// applied and not obeyed.
    /// </summary>
    public static long Obeyed(SqliteConnection replica, string service) => replica.One<long?>(
        "SELECT min(p.applied, ifnull((SELECT min(obeyed) FROM session_end WHERE service = $1 AND rounds = $2), p.applied)) FROM progress AS p WHERE service = $1",
        service, SessionEnds.Rounds) ?? 0;

    /// <summary>Everything that a service had changed before <paramref name="time"/> is applied.</summary>
    public static void SetCurrentAsOf(SqliteConnection replica, string service, DateTimeOffset time)
        => replica.Run("UPDATE progress SET current_as_of = $2 WHERE service = $1 AND current_as_of < $2", service, time.ToUnixTimeMilliseconds());

    /// <summary>States are applied, by the watch or by a list.</summary>
    internal static void Set(SqliteConnection replica, string service, long applied, long listed) => replica.Run(
        """
        INSERT INTO progress VALUES ($1, $2, $3, 0)
        ON CONFLICT (service) DO UPDATE SET applied = excluded.applied, listed = excluded.listed
        """, service, applied, listed);
}
