using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

/// <summary>
/// How many recipients each account had within the last hour at this node: the limit that holds when everything else is away. Counted in
/// steps of five minutes, so that the limit is not doubled around the full hour; the last twelve steps are the hour. Counts are in memory,
/// and a little later in the replica, from which an agent that starts has them.
/// </summary>
internal sealed class RecipientCounts
{
    /// <summary>The table, for <see cref="Schema"/>.</summary>
    public const string Tables =
        """
        -- How many recipients an account had in what it submitted (RecipientCounts); step: five minutes, counted since 1970.
        CREATE TABLE recipient_count (step INTEGER, account_id TEXT, recipients INTEGER NOT NULL, PRIMARY KEY (step, account_id)) STRICT, WITHOUT ROWID;

        """;

    private const int StepSeconds = 300;
    private const int StepsOfAnHour = 12;

    private readonly Dictionary<Submitter, Dictionary<long, long>> _counts = [];
    private Dictionary<(Submitter By, long Step), long> _unwritten = [];

    /// <summary>What goes along into a new replica.</summary>
    public static IReadOnlyList<string> Kept { get; } = ["recipient_count"];

    /// <summary>Counts one more recipient; not when there were as many as <paramref name="most"/> within the hour.</summary>
    /// <param name="by">Whose message it is.</param>
    /// <param name="most">The limit; 0: none.</param>
    /// <param name="now">The time.</param>
    public bool TryAdd(Submitter by, int most, DateTimeOffset now)
    {
        if (most == 0) return true;
        var step = StepOf(now);
        if (Within(by, step) >= most) return false;
        Add(by, step, 1);
        _unwritten[(by, step)] = _unwritten.GetValueOrDefault((by, step)) + 1;
        return true;
    }

    /// <summary>Takes over what an agent of before has counted within the last hour.</summary>
    public void Load(IEnumerable<(Submitter By, long Step, long Recipients)> counted)
    {
        foreach (var (by, step, recipients) in counted) Add(by, step, recipients);
    }

    /// <summary>What was counted since this was asked last, for <see cref="Write"/>.</summary>
    public IReadOnlyDictionary<(Submitter By, long Step), long> TakeUnwritten()
    {
        var taken = _unwritten;
        _unwritten = [];
        return taken;
    }

    /// <summary>It could not be written.</summary>
    public void GiveBack(IReadOnlyDictionary<(Submitter By, long Step), long> unwritten)
    {
        foreach (var (key, recipients) in unwritten) _unwritten[key] = _unwritten.GetValueOrDefault(key) + recipients;
    }

    /// <summary>Forgets what was before the last hour.</summary>
    public void Forget(DateTimeOffset now)
    {
        var before = StepOf(now) - StepsOfAnHour + 1;
        foreach (var (by, steps) in _counts)
        {
            foreach (var step in steps.Keys.Where(s => s < before).ToList()) steps.Remove(step);
            if (steps.Count == 0) _counts.Remove(by);
        }
    }

    /// <summary>Reads the last hour from the replica.</summary>
    public static List<(Submitter By, long Step, long Recipients)> Read(SqliteConnection replica, DateTimeOffset now) => replica.All(
        "SELECT m.address, m.life, c.step, c.recipients FROM recipient_count AS c JOIN mailbox AS m ON m.account_id = c.account_id WHERE c.step > $1",
        r => (new Submitter(r.GetString(0), r.GetInt32(1)), r.GetInt64(2), r.GetInt64(3)), StepOf(now) - StepsOfAnHour);

    /// <summary>Writes, as part of a transaction, and removes what is older than an hour. What an account had that is gone is not written.</summary>
    public static void Write(SqliteConnection replica, IReadOnlyDictionary<(Submitter By, long Step), long> unwritten, DateTimeOffset now)
    {
        foreach (var ((by, step), recipients) in unwritten)
        {
            replica.Run("""
                INSERT INTO recipient_count SELECT $1, account_id, $2 FROM mailbox WHERE address = $3 AND life = $4
                ON CONFLICT DO UPDATE SET recipients = recipients + excluded.recipients
                """, step, recipients, by.Address, by.Life);
        }

        replica.Run("DELETE FROM recipient_count WHERE step <= $1", StepOf(now) - StepsOfAnHour);
    }

    private static long StepOf(DateTimeOffset at) => at.ToUnixTimeSeconds() / StepSeconds;

    private long Within(Submitter by, long step) => _counts.TryGetValue(by, out var steps) ? steps.Where(s => s.Key > step - StepsOfAnHour).Sum(s => s.Value) : 0;

    private void Add(Submitter by, long step, long recipients)
    {
        if (!_counts.TryGetValue(by, out var steps)) _counts[by] = steps = [];
        steps[step] = steps.GetValueOrDefault(step) + recipients;
    }
}
