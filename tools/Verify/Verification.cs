using Hikyaku.Accounts.Verifying;
using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.Verify;

/// <summary>What is compared.</summary>
/// <param name="Postgres">The connection string of the accounts service's database; reading is enough.</param>
/// <param name="Nodes">The folder of each mail node's <c>replica.db</c> and <c>vmail</c>, by the node's name.</param>
/// <param name="Wait">How long nodes and the feed may take to catch up and a disagreement to go away. Zero: the first comparison counts.</param>
/// <param name="Feed">The connection string of the feed's database; null: it is not compared.</param>
public sealed record VerificationSettings(string Postgres, IReadOnlyDictionary<string, string> Nodes, TimeSpan Wait, string? Feed = null);

/// <summary>
/// Verifies what goes across programs of a running platform; what is within a service is its own verb. A node is looked
/// at when it has applied what a snapshot of the service's database holds, and the feed has time to record what is published.
/// </summary>
public static class Verification
{
    /// <summary>Looks at everything.</summary>
    public static async Task<Outcome> RunAsync(VerificationSettings settings, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(settings);
        await using var database = NpgsqlDataSource.Create(settings.Postgres);
        await using var store = VerifyStreams.Open(AccountsVerbs.All, database);
        var (found, counted) = (new List<Disagreement>(), new List<string>());
        if (settings.Feed is not null)
        {
            await using var feed = NpgsqlDataSource.Create(settings.Feed);
            var records = new FeedRecords(database, feed);
            found.AddRange(await Looks.SettledAsync(records.LookAsync, settings.Wait, stop));
            counted.Add(records.Counted);
            found.AddRange(await Looks.SettledAsync(new BoardNotices(database, feed).LookAsync, settings.Wait, stop));
        }

        var nodes = new NodeReplicas(store, database, settings.Nodes);
        found.AddRange(await Looks.SettledAsync((f, _, s) => nodes.LookForOthersAsync(f, s), settings.Wait, stop));
        foreach (var (node, folder) in settings.Nodes.OrderBy(n => n.Key, StringComparer.Ordinal))
        {
            var replica = new NodeReplica(node, folder, database);
            found.AddRange(await Looks.SettledAsync(replica.LookAsync, settings.Wait, stop));
            counted.Add(replica.Counted);
        }

        return new(found, counted);
    }
}
