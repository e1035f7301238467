using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.Accounts.Nodes;

/// <summary>Retires a mail node (N-16): nothing waits for it any more, and it stops serving when it hears of this.</summary>
/// <param name="Mailboxes">How many live there.</param>
/// <param name="Now">When.</param>
public sealed record RetireMailNode(long Mailboxes, DateTimeOffset Now)
{
    /// <summary>Decides; pure.</summary>
    public static Decision Decide(RetireMailNode command, RegisteredNode node)
    {
        if (node.Retired) return Decision.Accept();
        return command.Mailboxes > 0
            ? Decision.Reject(new Rejection(AccountsProblems.NodeHasMailboxes, null, ("n", command.Mailboxes)))
            : Decision.Accept(new MailNodeRetired(command.Now));
    }

    /// <summary><c>POST /api/v1/nodes/{id}/retire</c> → 204; 409 while mailboxes live there.</summary>
    public static async Task<IResult> Handle(string id, CommandContext context, CancellationToken stop)
    {
        var (session, key) = (context.Session, RegisteredNode.KeyOf(id));
        await session.BeginTransactionAsync(stop);
        // The lock waits for accounts that are being placed there, so that they are counted, and no further account can be placed meanwhile.
        await using var turn = new NpgsqlCommand("select 1 from mt_doc_registered_node where id = $1 for update");
        turn.Parameters.Add(new() { Value = key });
        await session.ExecuteAsync(turn, stop);
        var stream = await session.Events.FetchForWriting<RegisteredNode>(key, stop);
        if (stream.Aggregate is not { } node) return Problems.Of(PlatformProblems.NotFound);
        var decision = Decide(new(await NodeMailboxes.CountAsync(session, node.Name, stop), context.Now), node);
        return context.Conclude(stream, decision, (_, version) => new Answer(204, Version: version));
    }
}
