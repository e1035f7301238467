using Npgsql;

namespace Hikyaku.Verify;

/// <summary>What is compared.</summary>
/// <param name="Postgres">The connection string of the accounts service's database; reading is enough.</param>
/// <param name="Nodes">The folder of each mail node's <c>replica.db</c> and <c>vmail</c>, by the node's name.</param>
/// <param name="Wait">How long nodes and the feed may take to catch up and a disagreement to go away. Zero: the first comparison counts.</param>
/// <param name="Feed">The connection string of the feed's database; null: it is not compared.</param>
public sealed record VerificationSettings(string Postgres, IReadOnlyDictionary<string, string> Nodes, TimeSpan Wait, string? Feed = null);

/// <summary>Two places that say different things.</summary>
/// <param name="Where">history, read model, feed, message board, or node and its name.</param>
/// <param name="Key">The account, domain, login, address or event.</param>
/// <param name="What">What differs. Never a hash, a comment or a credential's id: who reads this need not see those.</param>
public sealed record Disagreement(string Where, string Key, string What)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Where}: {Key}: {What}";
}

/// <summary>How a verification ended.</summary>
/// <param name="Disagreements">At most <see cref="Findings.Most"/> of each place.</param>
/// <param name="Summary">One line for people.</param>
public sealed record Outcome(IReadOnlyList<Disagreement> Disagreements, string Summary);

/// <summary>
/// Verifies a running platform. Everything that one look compares comes from one snapshot of the database; a node is looked
/// at when it has applied what the snapshot holds, and the feed has time to record what is published. What goes on meanwhile (a node that is ahead of the snapshot, an erasure
/// between two transactions) may still look like a disagreement for a moment, so that one counts only when three looks in a
/// row, each with a snapshot of its own, find the same.
/// </summary>
public static class Verification
{
    private const int LooksInARow = 3;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <summary>Looks at everything.</summary>
    public static async Task<Outcome> RunAsync(VerificationSettings settings, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(settings);
        await using var database = NpgsqlDataSource.Create(settings.Postgres);
        await using var store = AccountsHistory.Open(database);
        var history = new AccountsHistory(store, database);
        var found = await SettledAsync(history.LookAsync, settings.Wait, stop);
        var parts = new List<string> { history.Counted };
        if (settings.Feed is not null)
        {
            await using var feed = NpgsqlDataSource.Create(settings.Feed);
            var records = new FeedRecords(database, feed);
            found.AddRange(await SettledAsync(records.LookAsync, settings.Wait, stop));
            parts.Add(records.Counted);
            found.AddRange(await SettledAsync(new BoardNotices(database, feed).LookAsync, settings.Wait, stop));
        }

        var nodes = new NodeReplicas(store, database, settings.Nodes);
        found.AddRange(await SettledAsync((f, _, s) => nodes.LookForOthersAsync(f, s), settings.Wait, stop));
        foreach (var (node, folder) in settings.Nodes.OrderBy(n => n.Key, StringComparer.Ordinal))
        {
            var replica = new NodeReplica(node, folder, database);
            found.AddRange(await SettledAsync(replica.LookAsync, settings.Wait, stop));
            parts.Add(replica.Counted);
        }

        return new(found, $"{string.Join("; ", parts)}: {(found.Count == 0 ? "no disagreement" : $"{found.Count} disagreements")}");
    }

    // The disagreements that three comparisons in a row have found, or the last two when the time is over.
    private static async Task<List<Disagreement>> SettledAsync(Func<Findings, DateTimeOffset, CancellationToken, Task> look, TimeSpan wait, CancellationToken stop)
    {
        var until = DateTimeOffset.UtcNow + wait;
        var looks = new Dictionary<Disagreement, int>();
        while (true)
        {
            var findings = new Findings();
            await look(findings, until, stop);
            var isFirst = looks.Count == 0;
            looks = findings.All.Distinct().ToDictionary(f => f, f => looks.GetValueOrDefault(f) + 1);
            if (looks.Values.All(n => n >= LooksInARow)) return [.. looks.Keys];
            if (DateTimeOffset.UtcNow + Pause >= until) return [.. looks.Where(l => isFirst || l.Value > 1).Select(l => l.Key)];
            await Task.Delay(Pause, stop);
        }
    }
}

/// <summary>What one look has found, up to a limit: a database of another copy would differ in everything.</summary>
public sealed class Findings
{
    /// <summary>How many are kept.</summary>
    public const int Most = 1000;

    private readonly List<Disagreement> _all = [];

    /// <summary>All of them.</summary>
    public IReadOnlyList<Disagreement> All => _all;

    /// <summary>Adds one.</summary>
    public void Add(string where, string key, string what)
    {
        if (_all.Count < Most) _all.Add(new(where, key, what));
    }

    /// <summary>Adds one when two values differ.</summary>
    /// <param name="where">Where.</param>
    /// <param name="key">Whose.</param>
    /// <param name="field">Which value.</param>
    /// <param name="actual">What it is.</param>
    /// <param name="expected">What it must be.</param>
    /// <param name="hidden">Whether the values are not for everybody's eyes.</param>
    public void Compare(string where, string key, string field, object? actual, object? expected, bool hidden = false)
    {
        if (Equals(actual, expected)) return;
        Add(where, key, hidden ? $"{field} is not what it must be" : FormattableString.Invariant($"{field} is {actual ?? "nothing"}, and must be {expected ?? "nothing"}"));
    }
}
