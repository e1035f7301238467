using Hikyaku.Contracts;
using Hikyaku.Platform;
using Marten;

namespace Hikyaku.Accounts.Nodes;

/// <summary>The platform's register of mail nodes, which this service keeps: where each is, and which were retired.</summary>
public sealed class NodeRegistry : INodeRegistry
{
    /// <inheritdoc/>
    public string NotRetired => "not exists (select 1 from mt_doc_registered_node n where n.id = 'node:' || d.id and (n.data ->> 'Retired')::boolean)";

    /// <inheritdoc/>
    public Task<Decision> ReportedAsync(IDocumentSession session, string node, LeaseReport report, DateTimeOffset now, CancellationToken stop)
        => RegisterMailNode.HandleAsync(session, new(node, NodeAddress.Read(report), now), stop);
}
