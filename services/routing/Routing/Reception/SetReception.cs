using Hikyaku.Platform;
using Hikyaku.Routing.Mailboxes;
using Marten;

namespace Hikyaku.Routing.Reception;

/// <summary>Whether new mail is stored, in a body and in an answer.</summary>
/// <param name="Enabled">On or off.</param>
/// <param name="Confirm">Whether the caller has seen that mail will be lost (428).</param>
public sealed record ReceptionBody(bool? Enabled, bool? Confirm = null);

/// <summary>Turns reception on or off (RTE-6).</summary>
/// <param name="Account">Whose.</param>
/// <param name="Enabled">On or off.</param>
/// <param name="Confirmed">Whether the caller has seen that mail will be lost.</param>
/// <param name="Now">When.</param>
public sealed record SetReception(Target Account, bool? Enabled, bool Confirmed, DateTimeOffset Now)
{
    /// <summary>
    /// Decides; pure. With rules by From or Subject alone, mail that none of them matches is lost, which must be confirmed. Without any
    /// rule the account is for sending, which needs no confirmation.
    /// </summary>
    public static Decision Decide(SetReception command, MailboxRouting? routing)
    {
        ArgumentNullException.ThrowIfNull(command);
        var state = routing ?? MailboxRouting.Of(command.Account);
        if (command.Enabled is not { } enabled) return Decision.Reject(new Rejection(RoutingProblems.EnabledMissing, "enabled"));
        if (enabled == state.Reception) return Decision.Accept();
        if (enabled) return Decision.Accept(new ReceptionTurnedOn(state.Domain, command.Now));
        if (!state.Rules.IsEmpty && !state.ForwardsAll && !command.Confirmed) return Decision.Reject(new Rejection(RoutingProblems.UnmatchedMailIsLost, "confirm"));
        return Decision.Accept(new ReceptionTurnedOff(state.Id, state.Address, state.Domain, command.Now));
    }

    /// <summary><c>PUT /api/v1/accounts/{address}/reception</c> → 200.</summary>
    public static async Task<IResult> Handle(string address, ReceptionBody body, CommandContext context, CancellationToken stop)
    {
        var stream = await context.Session.Events.FetchForWriting<MailboxRouting>(context.Target!.AccountId, stop);
        return context.Conclude(stream, Decide(new(context.Target, body.Enabled, body.Confirm == true, context.Now), stream.Aggregate),
            (state, version) => new Answer(200, new ReceptionBody(state?.Reception ?? true), version));
    }

    /// <summary><c>GET /api/v1/accounts/{address}/reception</c> → 200.</summary>
    public static Task<IResult> Read(string address, HttpContext http, IDocumentStore store, CancellationToken stop)
        => RoutingReader.AnswerAsync(http, store, routing => new ReceptionBody(routing?.Reception ?? true), stop);
}
