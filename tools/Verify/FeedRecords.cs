using System.Reflection;
using Hikyaku.Accounts.Contracts;
using Hikyaku.Accounts.Storage;
using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.Verify;

/// <summary>
/// The feed, against the history: each event that the accounts service publishes is recorded once and under its own type, and nothing
/// personal of a deleted account is left (OPS-6). Events from before the first recorded one may be missing, because the feed
/// did not exist yet. A feed that has recorded nothing at all is no disagreement; the summary shows it.
/// </summary>
internal sealed class FeedRecords(NpgsqlDataSource history, NpgsqlDataSource feed)
{
    private const string Where = "feed";
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private static readonly Assembly[] Contracts = [typeof(MailAccountCreated).Assembly, typeof(MailAccountDeletionStarted).Assembly];

    // By stored name. A published event has a contract of the same name; its name in the feed is the stored one without the version.
    private static readonly Dictionary<string, string> Published = EventNames.All
        .Where(e => Contracts.Any(a => a.GetType($"{typeof(MailAccountCreated).Namespace}.{e.Key.Name}") is not null))
        .ToDictionary(e => e.Value, e => e.Value[..e.Value.LastIndexOf('.')]);

    private static readonly HashSet<string> Names = [.. Published.Values];

    /// <summary>How much was looked at.</summary>
    public string Counted { get; private set; } = "";

    /// <summary>Compares them; an event that is missing may still arrive until the given time.</summary>
    public async Task LookAsync(Findings findings, DateTimeOffset until, CancellationToken stop)
    {
        var recorded = await RecordedAsync(findings, stop); // read before the history: an event is in the history before it is in the feed
        Counted = $"feed of {recorded.Count} events";
        if (recorded.Count == 0) return;
        var missing = await CompareAsync(recorded, findings, stop);
        foreach (var stray in recorded.Keys) findings.Add(Where, stray.ToString(), "it is recorded and not in the history");
        while (missing.Count > 0 && DateTimeOffset.UtcNow < until)
        {
            await Task.Delay(Pause, stop);
            await foreach (var row in feed.RowsAsync("select event_id from recorded_event where event_id = any($1)", [missing.Keys.ToArray()], stop)) missing.Remove(row.GetGuid(0));
        }

        foreach (var (stream, what) in missing.Values) findings.Add(Where, stream, $"{what} is not recorded");
        await foreach (var row in feed.RowsAsync(
            "select e.event_id from recorded_event e where not e.erased and exists (select from recorded_event d where d.account_id = e.account_id and d.type = $1)",
            ["accounts.mail-account-deletion-started"], stop))
            findings.Add(Where, row.GetGuid(0).ToString(), "it tells of a person whose account is deleted");
    }

    // Only the ids of events are kept in memory: about 50 MB for a million.
    private async Task<Dictionary<Guid, string>> RecordedAsync(Findings findings, CancellationToken stop)
    {
        var recorded = new Dictionary<Guid, string>();
        await foreach (var row in feed.RowsAsync("select event_id, type from recorded_event where source = $1", ["urn:hikyaku:accounts"], stop))
        {
            var type = row.GetString(1);
            if (!recorded.TryAdd(row.GetGuid(0), Names.TryGetValue(type, out var known) ? known : type)) findings.Add(Where, row.GetGuid(0).ToString(), "it is recorded twice");
        }

        return recorded;
    }

    // Removes from the recorded events those that are in the history; returns those that are missing in the feed.
    private async Task<Dictionary<Guid, (string Stream, string What)>> CompareAsync(Dictionary<Guid, string> recorded, Findings findings, CancellationToken stop)
    {
        await using var first = feed.CreateCommand("select recorded_at from recorded_event order by position limit 1");
        var begun = (DateTime)(await first.ExecuteScalarAsync(stop))!;
        var missing = new Dictionary<Guid, (string, string)>();
        await foreach (var row in history.RowsAsync(
            "select id, stream_id, version, type, coalesce((data ->> 'At')::timestamptz > $2, false) from mt_events where type = any($1)", [Published.Keys.ToArray(), begun], stop))
        {
            var (stream, stored) = (row.GetString(1), row.GetString(3));
            var what = $"event {row.GetInt64(2)} ({stored})";
            if (!recorded.Remove(row.GetGuid(0), out var type))
            {
                if (row.GetBoolean(4)) missing.Add(row.GetGuid(0), (stream, what));
            }
            else if (type != Published[stored])
            {
                findings.Add(Where, stream, $"{what} is recorded as {type}");
            }
        }

        return missing;
    }
}
