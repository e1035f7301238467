using Hikyaku.Contracts;
using Marten;

namespace Hikyaku.Platform;

/// <summary>What a service knows of nodes beside their leases. The accounts service registers and retires them; the others take who reports.</summary>
public interface INodeRegistry
{
    /// <summary>An SQL condition over a lease <c>d</c> (its id is the node's name) that is false for retired nodes, whose last lease may still run.</summary>
    string NotRetired { get; }

    /// <summary>A node has reported. What is done here is saved with its lease.</summary>
    /// <param name="session">The unit of work.</param>
    /// <param name="node">The node's name, proven by its credential.</param>
    /// <param name="report">What it reports.</param>
    /// <param name="now">When.</param>
    /// <param name="stop">Stops it.</param>
    /// <returns>Accepted, or why the node gets no lease.</returns>
    Task<Decision> ReportedAsync(IDocumentSession session, string node, LeaseReport report, DateTimeOffset now, CancellationToken stop);
}

/// <summary>Of a service that keeps no register of nodes: one that was retired says so itself, and its lease goes.</summary>
public sealed class NoNodeRegistry : INodeRegistry
{
    /// <inheritdoc/>
    public string NotRetired => "true";

    /// <inheritdoc/>
    public Task<Decision> ReportedAsync(IDocumentSession session, string node, LeaseReport report, DateTimeOffset now, CancellationToken stop) => Task.FromResult(Decision.Accept());
}
