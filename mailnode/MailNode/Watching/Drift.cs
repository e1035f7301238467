using Hikyaku.Platform;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

/// <summary>
/// Repairs rows of the replica that are not what their service says, although everything that the service has told was applied:
/// damage, or a mistake somewhere. A row that is newer than what is compared with stays, and so do the rows of other services.
/// </summary>
public static class Drift
{
    /// <summary>The digests of some parts as the replica has them.</summary>
    public static NodeStateDigests Digests(SqliteConnection replica, IEnumerable<IPart> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        var digests = new NodeStateDigests();
        foreach (var held in parts.SelectMany(p => p.All(replica)))
        {
            if (held.IsAsWritten) digests.Add(held.State); // else it is missing in its shard's digest, which then differs
        }

        return digests;
    }

    /// <summary>Repairs some shards of a service's parts, as part of a transaction; answers how many rows it has written or removed.</summary>
    /// <param name="replica">The replica; it must have applied all that the list may hold.</param>
    /// <param name="parts">The service's parts.</param>
    /// <param name="listed">Every state of these shards that the service knows; of other shards it may hold some.</param>
    /// <param name="shards">The shards.</param>
    /// <param name="position">The list covers all events up to this.</param>
    /// <param name="now">The time.</param>
    public static int Repair(
        SqliteConnection replica, IEnumerable<IPart> parts, IReadOnlyList<object> listed, IReadOnlySet<int> shards, long position, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(parts);
        return parts.Sum(part => Repair(replica, part, listed.Where(s => s.GetType() == part.Contract), shards, position, now));
    }

    private static int Repair(SqliteConnection replica, IPart part, IEnumerable<object> listed, IReadOnlySet<int> shards, long position, DateTimeOffset now)
    {
        var held = part.All(replica).Select(h => new Row(part.IdentityOf(h.State), h.State, h.IsAsWritten)).Where(h => IsIn(h.Identity.Key, shards)).ToDictionary(h => h.Identity.Key);
        var repaired = 0;
        foreach (var state in listed.Select(s => new Row(part.IdentityOf(s), s, IsAsWritten: true)).Where(s => IsIn(s.Identity.Key, shards)))
        {
            if (held.Remove(state.Identity.Key, out var have) && (have.IsRight(state) || have.IsNewer(state, position))) continue;
            part.Write(replica, state.State, now, obeyed: 0); // nobody knows since when it was not
            repaired++;
        }

        foreach (var (extra, _, _) in held.Values)
        {
            if (extra.IsTombstone || !Newest.Vanished(extra.Position, position)) continue;
            part.Vanish(replica, extra.Key, now, obeyed: 0);
            repaired++;
        }

        return repaired;
    }

    private static bool IsIn(string key, IReadOnlySet<int> shards) => shards.Contains(NodeStateDigests.ShardOf(key));

    private sealed record Row(StateIdentity Identity, object State, bool IsAsWritten)
    {
        // Tombstones are equal whatever else is in them.
        public bool IsRight(Row listed) => (IsAsWritten && NodeStateDigests.AreSame(State, listed.State)) || (Identity.IsTombstone && listed.Identity.IsTombstone);

        // Newer than the list: both version and position are higher. A higher version from before the list is one that the service does not know.
        public bool IsNewer(Row listed, long position) => Identity.Version > listed.Identity.Version && Identity.Position > position;
    }
}
