using Hikyaku.Platform;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

/// <summary>
/// Repairs rows of the replica that are not what the service says, although everything that the service has told was applied:
/// damage, or a mistake somewhere. A row that is newer than what is compared with stays.
/// </summary>
public static class Drift
{
    /// <summary>Repairs some shards, as part of a transaction; answers how many rows it has written or removed.</summary>
    /// <param name="replica">The replica; it must have applied all that the list may hold.</param>
    /// <param name="listed">Every state of these shards that the service knows; of other shards it may hold some.</param>
    /// <param name="shards">The shards.</param>
    /// <param name="position">The list covers all events up to this.</param>
    /// <param name="now">The time.</param>
    public static int Repair(SqliteConnection replica, IReadOnlyList<object> listed, IReadOnlySet<int> shards, long position, DateTimeOffset now)
        => ReplicaStates.Parts.Sum(part => Repair(replica, part, listed.Where(s => s.GetType().Name == part && IsIn(ReplicaRows.KeyOf(s), shards)), shards, position, now));

    private static int Repair(SqliteConnection replica, string part, IEnumerable<object> listed, IReadOnlySet<int> shards, long position, DateTimeOffset now)
    {
        var held = ReplicaStates.Of(replica, part).Where(h => IsIn(h.Key, shards)).ToDictionary(h => h.Key);
        var repaired = 0;
        foreach (var state in listed)
        {
            if (held.Remove(ReplicaRows.KeyOf(state), out var have) && (IsRight(have, state) || IsNewer(have.State, state, position))) continue;
            ReplicaRows.Write(replica, state, now, obeyed: 0); // nobody knows since when it was not
            repaired++;
        }

        foreach (var extra in held.Values)
        {
            if (ReplicaRows.IsTombstone(extra.State) || !Newest.Vanished(ReplicaStates.VersionOf(extra.State).Position, position)) continue;
            ReplicaRows.Vanish(replica, extra.State, now, obeyed: 0);
            repaired++;
        }

        return repaired;
    }

    private static bool IsIn(string key, IReadOnlySet<int> shards) => shards.Contains(NodeStateDigests.ShardOf(key));

    // A tombstone says the same whatever else is in it.
    private static bool IsRight(ReplicaStates.Held have, object listed)
        => (have.IsAsWritten && NodeStateDigests.AreSame(have.State, listed)) || (ReplicaRows.IsTombstone(have.State) && ReplicaRows.IsTombstone(listed));

    // Told after the list was made. A higher version from before the list is one that the service does not know.
    private static bool IsNewer(object have, object listed, long position)
    {
        var ((mine, at), (theirs, _)) = (ReplicaStates.VersionOf(have), ReplicaStates.VersionOf(listed));
        return mine > theirs && at > position;
    }
}
