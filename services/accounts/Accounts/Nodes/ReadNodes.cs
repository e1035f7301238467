using Hikyaku.Platform;
using Marten;
using Npgsql;

namespace Hikyaku.Accounts.Nodes;

/// <summary>A mail node as the API shows it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="State"><c>serving</c>, <c>lagging</c>, <c>expired</c>, <c>rebuilding</c> or <c>retired</c>.</param>
/// <param name="Position">Up to which event it has applied everything.</param>
/// <param name="Lag">How far it is behind.</param>
/// <param name="LeaseUntil">When its lease ends; null when it never had one.</param>
/// <param name="Servers">Versions of its servers.</param>
/// <param name="Accounts">How many mailboxes live there.</param>
/// <param name="Host">Where the other nodes reach it; null when it has not told.</param>
/// <param name="RegisteredAt">When it came; null when it has not told where it is.</param>
/// <param name="Definitions">When its newest <c>spamRules</c> and <c>virusSignatures</c> came (SPM-7); null: it fetches none.</param>
public sealed record NodeView(
    string Name, string State, long Position, NodeLag Lag, DateTimeOffset? LeaseUntil,
    IReadOnlyDictionary<string, string> Servers, long Accounts, string? Host, DateTimeOffset? RegisteredAt, IReadOnlyDictionary<string, DateTimeOffset>? Definitions);

/// <summary>How far a node is behind.</summary>
/// <param name="Seconds">The age of the oldest event that it has not applied.</param>
/// <param name="Events">How many it has not applied; more than 10,000 are not counted.</param>
public sealed record NodeLag(double Seconds, long Events);

/// <summary>Lists the mail nodes.</summary>
public static class ReadNodes
{
    // Changes are promised to be in force within a second; ten seconds are no momentary delay.
    private static readonly TimeSpan LaggingAfter = TimeSpan.FromSeconds(10);

    private const string Behind =
        "select count(*), min(timestamp) from (select timestamp from mt_events where seq_id > $1 order by seq_id limit 10000) waiting";

    /// <summary><c>GET /api/v1/nodes</c> → 200, by name; never paged.</summary>
    public static async Task<IResult> Handle(IDocumentStore store, NpgsqlDataSource database, TimeProvider time, CancellationToken stop)
    {
        await using var session = store.QuerySession();
        var registered = (await session.Query<RegisteredNode>().ToListAsync(stop)).ToDictionary(n => n.Name);
        var leases = (await session.Query<NodeLease>().ToListAsync(stop)).ToDictionary(l => l.Id);
        var mailboxes = await MailboxesAsync(database, stop);
        var nodes = new List<NodeView>();
        foreach (var name in registered.Keys.Union(leases.Keys).Order(StringComparer.Ordinal))
        {
            var (node, lease) = (registered.GetValueOrDefault(name), leases.GetValueOrDefault(name));
            var position = lease?.Applied.GetValueOrDefault(Program.Service) ?? 0;
            var lag = await LagAsync(database, position, time.GetUtcNow(), stop);
            nodes.Add(new(
                name, StateOf(node, lease, lag, time.GetUtcNow()), position, lag, lease?.Until, lease?.Servers ?? new Dictionary<string, string>(),
                mailboxes.GetValueOrDefault(name), node?.Address.Host, node?.RegisteredAt, lease?.Definitions));
        }

        return new Answer(200, new Page<NodeView>(nodes));
    }

    /// <summary>The one word for a node; pure.</summary>
    public static string StateOf(RegisteredNode? node, NodeLease? lease, NodeLag lag, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(lag);
        if (node is { Retired: true }) return "retired";
        if (lease is null || lease.Until <= now) return "expired";
        if (!lease.Listed) return "rebuilding";
        return lag.Seconds > LaggingAfter.TotalSeconds ? "lagging" : "serving";
    }

    private static async Task<NodeLag> LagAsync(NpgsqlDataSource database, long position, DateTimeOffset now, CancellationToken stop)
    {
        await using var command = database.CreateCommand(Behind);
        command.Parameters.Add(new() { Value = position });
        await using var row = await command.ExecuteReaderAsync(stop);
        await row.ReadAsync(stop);
        if (row.GetInt64(0) is 0) return new(0, 0);
        var age = now - row.GetFieldValue<DateTimeOffset>(1);
        return new(Math.Max(0, Math.Round(age.TotalSeconds, 1)), row.GetInt64(0));
    }

    private static async Task<Dictionary<string, long>> MailboxesAsync(NpgsqlDataSource database, CancellationToken stop)
    {
        await using var command = database.CreateCommand("select node, sum(accounts) from node_mailboxes group by node");
        await using var row = await command.ExecuteReaderAsync(stop);
        var all = new Dictionary<string, long>();
        while (await row.ReadAsync(stop)) all[row.GetString(0)] = row.GetInt64(1);
        return all;
    }
}
