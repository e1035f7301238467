using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

/// <summary>A part that has one row for each key, in a table with the columns <c>version</c>, <c>position</c> and <c>deleted_at</c>.</summary>
/// <typeparam name="TState">The contract.</typeparam>
public abstract class Part<TState> : IPart where TState : class
{
    /// <inheritdoc/>
    public abstract string Service { get; }

    /// <inheritdoc/>
    public Type Contract => typeof(TState);

    /// <inheritdoc/>
    public abstract string Tables { get; }

    /// <inheritdoc/>
    public virtual string Views => "";

    /// <summary>The table that has the rows.</summary>
    protected abstract string Table { get; }

    /// <summary>The column that has the key.</summary>
    protected abstract string KeyColumn { get; }

    /// <summary>Which rows a whole list must name: SQL after WHERE.</summary>
    protected virtual string IsListed => "true";

    /// <inheritdoc/>
    public bool IsWhole(object state) => IsWhole((TState)state);

    /// <inheritdoc/>
    public StateIdentity IdentityOf(object state) => IdentityOf((TState)state);

    /// <inheritdoc/>
    public long? KnownVersion(SqliteConnection replica, string key) => replica.One<long?>($"SELECT version FROM {Table} WHERE {KeyColumn} = $1", key);

    /// <inheritdoc/>
    public IReadOnlyList<(string Key, long Position)> ToBeListed(SqliteConnection replica)
        => replica.All($"SELECT {KeyColumn}, position FROM {Table} WHERE {IsListed}", r => (r.GetString(0), r.GetInt64(1)));

    /// <inheritdoc/>
    public abstract IReadOnlyList<HeldState> All(SqliteConnection replica);

    /// <inheritdoc/>
    public void Write(SqliteConnection replica, object state, DateTimeOffset now, long? obeyed) => Write(replica, (TState)state, now, obeyed);

    /// <inheritdoc/>
    public virtual void Vanish(SqliteConnection replica, string key, DateTimeOffset now, long? obeyed) => replica.Run($"DELETE FROM {Table} WHERE {KeyColumn} = $1", key);

    /// <inheritdoc/>
    public virtual void ForgetTombstones(SqliteConnection replica, DateTimeOffset before)
        => replica.Run($"DELETE FROM {Table} WHERE deleted_at < $1", before.ToUnixTimeMilliseconds());

    /// <inheritdoc/>
    public virtual void EndFormerSessions(SqliteConnection made, SqliteConnection former)
    {
        // most parts have no logins
    }

    /// <inheritdoc/>
    public virtual void EndExpiredSessions(SqliteConnection replica, DateTimeOffset now)
    {
        // most parts have nothing that ends by its time
    }

    /// <inheritdoc cref="IPart.IsWhole"/>
    protected abstract bool IsWhole(TState state);

    /// <inheritdoc cref="IPart.IdentityOf"/>
    protected abstract StateIdentity IdentityOf(TState state);

    /// <inheritdoc cref="IPart.Write"/>
    protected abstract void Write(SqliteConnection replica, TState state, DateTimeOffset now, long? obeyed);
}
