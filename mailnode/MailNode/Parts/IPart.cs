using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

/// <summary>
/// A part of the replica: the states of one contract, which one service owns. A part is a class in this folder, derived from
/// <see cref="Part{TState}"/>; it is found by being there, and all else (watch, list, comparison, the form of the replica) reads
/// what it says here. A call that gets the replica is within a transaction.
/// </summary>
public interface IPart
{
    /// <summary>The service that owns it, as in <c>Hikyaku:Services:…</c> and in bookmarks.</summary>
    string Service { get; }

    /// <summary>The contract; its name is the part's name in lists and digests.</summary>
    Type Contract { get; }

    /// <summary>SQL that makes its tables and indexes.</summary>
    string Tables { get; }

    /// <summary>SQL that makes the views which the mail servers read; the tables of all parts are there.</summary>
    string Views { get; }

    /// <summary>Whether a state has what it must have: one that has not is passed over, as everything behind it would wait.</summary>
    bool IsWhole(object state);

    /// <summary>What tells a state from others.</summary>
    StateIdentity IdentityOf(object state);

    /// <summary>The version that the replica has of a key; null when it has none.</summary>
    long? KnownVersion(SqliteConnection replica, string key);

    /// <summary>The keys that a whole list must name, and the positions where they were told: what it does not name goes.</summary>
    IReadOnlyList<(string Key, long Position)> ToBeListed(SqliteConnection replica);

    /// <summary>Every state that the replica has, read back.</summary>
    IReadOnlyList<HeldState> All(SqliteConnection replica);

    /// <summary>Writes a state over whatever is there, and notes the sessions that it ends (<see cref="SessionEnds"/>).</summary>
    /// <param name="replica">The replica.</param>
    /// <param name="state">The state.</param>
    /// <param name="now">The time.</param>
    /// <param name="obeyed">Up to where the node obeys until those sessions are ended, when it is not all that is applied.</param>
    void Write(SqliteConnection replica, object state, DateTimeOffset now, long? obeyed);

    /// <summary>Takes away what the service does not name; parameters as in <see cref="Write"/>.</summary>
    void Vanish(SqliteConnection replica, string key, DateTimeOffset now, long? obeyed);

    /// <summary>Forgets tombstones from before a time.</summary>
    void ForgetTombstones(SqliteConnection replica, DateTimeOffset before);

    /// <summary>The replica is made anew: notes the sessions that the former one allowed and this one does not.</summary>
    void EndFormerSessions(SqliteConnection made, SqliteConnection former);

    /// <summary>Notes the sessions of what has ended by its time since this was called last.</summary>
    void EndExpiredSessions(SqliteConnection replica, DateTimeOffset now);
}

/// <summary>What tells a state from others of its part.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Version">Of two states of one key the higher one is obeyed.</param>
/// <param name="Position">Where it was told, in its service's order.</param>
/// <param name="IsTombstone">Whether it says that the key is gone.</param>
public readonly record struct StateIdentity(string Key, long Version, long Position, bool IsTombstone);

/// <summary>A state that the replica holds.</summary>
/// <param name="State">The state.</param>
/// <param name="IsAsWritten">Whether what is derived from it stands there as well.</param>
public sealed record HeldState(object State, bool IsAsWritten);
