using System.Data.Common;
using Marten;
using Npgsql;

namespace Hikyaku.Accounts.Nodes;

/// <summary>How well a node suits a new mailbox, from worst to best.</summary>
public enum NodeStanding
{
    /// <summary>Only its credential is known; it has never reported its address.</summary>
    Configured,

    /// <summary>It is known, but its lease has expired or its copy is not complete.</summary>
    Registered,

    /// <summary>It serves.</summary>
    Serving,
}

/// <summary>A node on which a mailbox can be placed.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Standing">How well it suits.</param>
/// <param name="Mailboxes">How many live there.</param>
public sealed record PossibleHome(string Name, NodeStanding Standing, long Mailboxes);

/// <summary>Where a new account's mail will be.</summary>
public sealed class NodePlacement(IConfiguration configuration, TimeProvider time)
{
    // The rows are locked until the end of the transaction: a retirement waits for it and then counts again.
    private const string Registered =
        """
        select n.data ->> 'Name', (n.data ->> 'Retired')::boolean,
            exists (select 1 from mt_doc_node_lease l
                where l.id = n.data ->> 'Name' and (l.data ->> 'Listed')::boolean and (l.data ->> 'Until')::timestamptz > $1),
            (select coalesce(sum(m.accounts), 0) from node_mailboxes m where m.node = n.data ->> 'Name')
        from mt_doc_registered_node n order by n.id for key share of n
        """;

    private const string Configured =
        "select name, coalesce(sum(m.accounts), 0) from unnest($1) name left join node_mailboxes m on m.node = name group by name";

    /// <summary>Chooses, of the nodes that suit best, the one with the fewest mailboxes; of several, the first by name. Null without any node.</summary>
    public static string? Choose(IEnumerable<PossibleHome> nodes)
        => nodes.OrderByDescending(n => n.Standing).ThenBy(n => n.Mailboxes).ThenBy(n => n.Name, StringComparer.Ordinal).FirstOrDefault()?.Name;

    /// <summary>
    /// The home of an account that the session's transaction creates; null when there is no node at all. A retired node is
    /// none, and none of those chosen from is retired before the transaction has ended.
    /// </summary>
    public async Task<string?> HomeAsync(IDocumentSession session, CancellationToken stop) => Choose(await BestAsync(session, stop));

    /// <summary>The homes of several accounts that the session's transaction creates, balanced as if they came one after the other.</summary>
    public async Task<string?[]> HomesAsync(IDocumentSession session, int accounts, CancellationToken stop)
    {
        var nodes = await BestAsync(session, stop);
        var homes = new string?[accounts];
        for (var i = 0; i < accounts; i++)
        {
            homes[i] = Choose(nodes);
            var chosen = nodes.FindIndex(n => n.Name == homes[i]);
            if (chosen >= 0) nodes[chosen] = nodes[chosen] with { Mailboxes = nodes[chosen].Mailboxes + 1 };
        }

        return homes;
    }

    private async Task<List<PossibleHome>> BestAsync(IDocumentSession session, CancellationToken stop)
    {
        await session.BeginTransactionAsync(stop);
        var retired = new HashSet<string>(StringComparer.Ordinal);
        var nodes = new List<PossibleHome>();
        await foreach (var row in ReadAsync(session, Registered, time.GetUtcNow(), stop))
        {
            if (row.GetBoolean(1)) retired.Add(row.GetString(0));
            else nodes.Add(new(row.GetString(0), row.GetBoolean(2) ? NodeStanding.Serving : NodeStanding.Registered, row.GetInt64(3)));
        }

        if (nodes.Count > 0) return nodes;
        var names = configuration.GetSection("Hikyaku:Nodes").GetChildren().Select(n => n.Key).Where(n => !retired.Contains(n)).ToArray();
        await foreach (var row in ReadAsync(session, Configured, names, stop)) nodes.Add(new(row.GetString(0), NodeStanding.Configured, row.GetInt64(1)));
        return nodes;
    }

    private static async IAsyncEnumerable<DbDataReader> ReadAsync(
        IDocumentSession session, string sql, object value, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken stop)
    {
#pragma warning disable CA2100 // one of the constants above
        await using var command = new NpgsqlCommand(sql);
#pragma warning restore CA2100
        command.Parameters.Add(new() { Value = value });
        await using var rows = await session.ExecuteReaderAsync(command, stop);
        while (await rows.ReadAsync(stop)) yield return rows;
    }
}
