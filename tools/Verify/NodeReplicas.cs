using Hikyaku.Platform;
using Marten;
using Npgsql;

namespace Hikyaku.Verify;

/// <summary>Which nodes serve, against those that are looked at: a node that is left out would be no agreement.</summary>
internal sealed class NodeReplicas(IDocumentStore store, NpgsqlDataSource database, IReadOnlyDictionary<string, string> folders)
{
    public async Task LookForOthersAsync(Findings findings, CancellationToken stop)
    {
        if (!await HasLeasesAsync(stop)) return; // none has ever registered
        await using var session = store.QuerySession();
        foreach (var lease in await session.Query<NodeLease>().ToListAsync(stop))
        {
            if (lease.Until > DateTimeOffset.UtcNow && lease.Listed && !folders.ContainsKey(lease.Id))
                findings.Add($"node {lease.Id}", "replica", "the node serves, and its folder was not told (--node)");
        }
    }

    private async Task<bool> HasLeasesAsync(CancellationToken stop)
    {
        await using var command = database.CreateCommand("select to_regclass('mt_doc_node_lease') is not null");
        return (bool)(await command.ExecuteScalarAsync(stop))!;
    }
}
