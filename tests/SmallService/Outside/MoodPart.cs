using Hikyaku.Moods.Contracts;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

/// <summary>The moods. Who gets angry is thrown out.</summary>
public sealed class MoodPart : Part<MoodState>
{
    /// <summary>The service that owns it.</summary>
    public const string Owner = "moods";

    /// <inheritdoc/>
    public override string Service => Owner;

    /// <inheritdoc/>
    public override string Tables =>
        """
        CREATE TABLE mood (
            account_id TEXT PRIMARY KEY, mood TEXT NOT NULL,
            version INTEGER NOT NULL, position INTEGER NOT NULL, deleted_at INTEGER) STRICT, WITHOUT ROWID;
        """;

    /// <inheritdoc/>
    protected override string Table => "mood";

    /// <inheritdoc/>
    protected override string KeyColumn => "account_id";

    /// <inheritdoc/>
    public override IReadOnlyList<HeldState> All(SqliteConnection replica) => replica.All(
        "SELECT account_id, mood, version, position, deleted_at FROM mood",
        r => new HeldState(new MoodState(r.GetString(0), r.GetString(1), r.GetInt64(2), r.GetInt64(3), !r.IsDBNull(4)), IsAsWritten: true));

    /// <inheritdoc/>
    protected override bool IsWhole(MoodState state) => state is { AccountId.Length: > 0, Mood: not null };

    /// <inheritdoc/>
    protected override StateIdentity IdentityOf(MoodState state) => new(state.AccountId, state.Version, state.Position, state.Deleted);

    /// <inheritdoc/>
    protected override void Write(SqliteConnection replica, MoodState state, DateTimeOffset now, long? obeyed)
    {
        replica.Run("INSERT OR REPLACE INTO mood VALUES ($1, $2, $3, $4, $5)",
            state.AccountId, state.Mood, state.Version, state.Position, state.Deleted ? now.ToUnixTimeMilliseconds() : null);
        if (state.Mood == "angry" && replica.One<string>("SELECT address FROM mailbox WHERE account_id = $1", state.AccountId) is { } address)
            SessionEnds.Add(replica, Service, state.AccountId, address, now, obeyed);
    }
}
