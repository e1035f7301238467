using Hikyaku.Contracts;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

/// <summary>Writes states into the replica by the rules of <see cref="Newest"/>. Each call is part of a transaction.</summary>
public sealed class ReplicaRows(Parts parts)
{
    private static readonly TimeSpan TombstoneLife = TimeSpan.FromDays(30);

    /// <summary>Applies a state from the watch; whether it was newer than what was there.</summary>
    public bool Watch(SqliteConnection replica, object state, DateTimeOffset now)
    {
        var part = parts.Of(state);
        var (key, version, position, isTombstone) = part.IdentityOf(state);
        var known = part.KnownVersion(replica, key);
        // A tombstone of an unknown key is applied whatever its position, because it cannot bring back anything.
        var isGone = known is null && isTombstone;
        if (!isGone && !Newest.Watched(known, version, position, Progress.Of(replica, part.Service).Listed)) return false;
        part.Write(replica, state, now, obeyed: null);
        return true;
    }

    /// <summary>Applies a bookmark; false when states are missing before it.</summary>
    public static bool Watch(SqliteConnection replica, NodeStateBookmark bookmark)
    {
        ArgumentNullException.ThrowIfNull(bookmark);
        var (before, listed) = Progress.Of(replica, bookmark.Service);
        if (Newest.Applied(before, bookmark.After, bookmark.Position) is not { } applied) return false;
        Progress.Set(replica, bookmark.Service, applied, listed);
        return true;
    }

    /// <summary>Applies a whole list of a service: takes away what it did not name and what is not newer than it, and writes what is newer.</summary>
    /// <param name="replica">The replica.</param>
    /// <param name="service">The service.</param>
    /// <param name="states">Everything that the service knows.</param>
    /// <param name="position">The list covers all events up to this.</param>
    /// <param name="now">The time.</param>
    public void List(SqliteConnection replica, string service, IEnumerable<object> states, long position, DateTimeOffset now)
    {
        var byPart = states.ToLookup(parts.Of);
        foreach (var part in parts.OfService(service)) List(replica, part, byPart[part], position, now);
        var (applied, listed) = Progress.Of(replica, service);
        Progress.Set(replica, service, Math.Max(applied, position), Math.Max(listed, position));
    }

    /// <summary>Forgets tombstones of a service after 30 days.</summary>
    public void ForgetTombstones(SqliteConnection replica, string service, DateTimeOffset now)
    {
        foreach (var part in parts.OfService(service)) part.ForgetTombstones(replica, now - TombstoneLife);
    }

    // Deletions are applied first: a later life of an address needs the former life to be gone.
    private static void List(SqliteConnection replica, IPart part, IEnumerable<object> states, long position, DateTimeOffset now)
    {
        var named = states.Select(state => (Identity: part.IdentityOf(state), State: state)).ToList();
        var keys = named.Select(n => n.Identity.Key).ToHashSet(StringComparer.Ordinal);
        foreach (var (key, at) in part.ToBeListed(replica))
        {
            if (!keys.Contains(key) && Newest.Vanished(at, position)) part.Vanish(replica, key, now, obeyed: null);
        }

        foreach (var (identity, state) in named.OrderByDescending(n => n.Identity.IsTombstone))
        {
            if (Newest.Listed(part.KnownVersion(replica, identity.Key), identity.Version)) part.Write(replica, state, now, obeyed: null);
        }
    }
}
