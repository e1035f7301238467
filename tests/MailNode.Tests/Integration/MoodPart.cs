using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>A state of the service <c>moods</c>, which is there for tests alone.</summary>
public sealed record MoodState(string AccountId, string Mood, long Version, long Position, bool Deleted);

/// <summary>Its part of the replica. Who gets angry is thrown out.</summary>
public sealed class MoodPart : Part<MoodState>
{
    public const string Owner = "moods";

    public override string Service => Owner;

    public override string Tables =>
        """
        CREATE TABLE mood (
            account_id TEXT PRIMARY KEY, mood TEXT NOT NULL,
            version INTEGER NOT NULL, position INTEGER NOT NULL, deleted_at INTEGER) STRICT, WITHOUT ROWID;
        """;

    protected override string Table => "mood";

    protected override string KeyColumn => "account_id";

    public override IReadOnlyList<HeldState> All(SqliteConnection replica) => replica.All(
        "SELECT account_id, mood, version, position, deleted_at FROM mood",
        r => new HeldState(new MoodState(r.GetString(0), r.GetString(1), r.GetInt64(2), r.GetInt64(3), !r.IsDBNull(4)), IsAsWritten: true));

    protected override bool IsWhole(MoodState state) => state is { AccountId.Length: > 0, Mood.Length: > 0 };

    protected override StateIdentity IdentityOf(MoodState state) => new(state.AccountId, state.Version, state.Position, state.Deleted);

    protected override void Write(SqliteConnection replica, MoodState state, DateTimeOffset now, long? obeyed)
    {
        replica.Run("INSERT OR REPLACE INTO mood VALUES ($1, $2, $3, $4, $5)",
            state.AccountId, state.Mood, state.Version, state.Position, state.Deleted ? now.ToUnixTimeMilliseconds() : null);
        if (state.Mood == "angry" && replica.One<string>("SELECT address FROM mailbox WHERE account_id = $1", state.AccountId) is { } address)
            SessionEnds.Add(replica, Service, state.AccountId, address, now, obeyed);
    }
}
