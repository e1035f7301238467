using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

/// <summary>
/// The sessions that are still to be ended (<see cref="SessionEnder"/>), as they stand in the replica: written with the state that
/// ends them, and for each service by itself. Each call is part of a transaction.
/// </summary>
public static class SessionEnds
{
    /// <summary>Stands for every account and every address: a mask of doveadm kick.</summary>
    public const string Everybody = "*";

    /// <summary>How often sessions are ended after a change; until the first round is done the change is not obeyed.</summary>
    internal const int Rounds = 2;

    /// <summary>The sessions of an account are to be ended.</summary>
    /// <param name="replica">The replica.</param>
    /// <param name="service">The service whose state ends them.</param>
    /// <param name="accountId">The account.</param>
    /// <param name="address">Its address, by which Dovecot knows them.</param>
    /// <param name="now">The time.</param>
    /// <param name="obeyed">
    /// Up to where the node obeys that service until then. Null: what is applied already, as a state may be newer than it says.
    /// </param>
    /// <param name="network">Only sessions from this network end; null: from everywhere.</param>
    public static void Add(SqliteConnection replica, string service, string accountId, string address, DateTimeOffset now, long? obeyed = null, string? network = null) => replica.Run(
        """
        INSERT INTO session_end VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (service, account_id) DO UPDATE SET address = excluded.address, due = excluded.due, rounds = excluded.rounds,
            obeyed = iif(rounds = excluded.rounds, min(obeyed, excluded.obeyed), excluded.obeyed),
            networks = CASE WHEN networks = '' OR excluded.networks = '' THEN ''
                WHEN instr(' ' || networks || ' ', ' ' || excluded.networks || ' ') > 0 THEN networks ELSE networks || ' ' || excluded.networks END
        """, service, accountId, address, now.ToUnixTimeMilliseconds(), Rounds, obeyed ?? Progress.Of(replica, service).Applied, network ?? "");
}
