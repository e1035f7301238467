using Hikyaku.Platform;
using Marten;
using Npgsql;

namespace Hikyaku.Accounts.Nodes;

/// <summary>A node reports its address with each renewal of its lease.</summary>
/// <param name="Node">Its name.</param>
/// <param name="Address">Where it is; null when it does not tell.</param>
/// <param name="Now">When.</param>
public sealed record RegisterMailNode(string Node, NodeAddress? Address, DateTimeOffset Now)
{
    /// <summary>Decides; pure. Usually there is no event: a node reports the same address every few seconds.</summary>
    public static Decision Decide(RegisterMailNode command, RegisteredNode? node)
    {
        if (node is { Retired: true }) return Decision.Reject(new Rejection(AccountsProblems.NodeRetired, null, ("node", node.Name)));
        if (command.Address is not { } at || at == node?.Address) return Decision.Accept();
        return Decision.Accept(node is null
            ? new MailNodeRegistered(command.Node, at.Host, at.ImapPort, at.Pop3Port, at.LmtpPort, at.QuotaPort, command.Now)
            : new MailNodeMoved(at.Host, at.ImapPort, at.Pop3Port, at.LmtpPort, at.QuotaPort, command.Now));
    }

    /// <summary>Decides, and appends to the session what happens.</summary>
    public static async Task<Decision> HandleAsync(IDocumentSession session, RegisterMailNode command, CancellationToken stop)
    {
        var key = RegisteredNode.KeyOf(command.Node);
        var decision = Decide(command, await session.LoadAsync<RegisteredNode>(key, stop));
        if (decision.Events.IsEmpty) return decision;

        // Two agents have the same name, or a renewal was sent again while the first one still runs.
        await session.BeginTransactionAsync(stop);
        await using var turn = new NpgsqlCommand("select pg_advisory_xact_lock(hashtextextended($1, 1))");
        turn.Parameters.Add(new() { Value = key });
        await session.ExecuteAsync(turn, stop);
        var stream = await session.Events.FetchForWriting<RegisteredNode>(key, stop);
        decision = Decide(command, stream.Aggregate);
        if (!decision.Events.IsEmpty) stream.AppendMany(decision.Events);
        return decision;
    }
}
