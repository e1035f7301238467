using Hikyaku.Platform;
using Hikyaku.Routing.Mailboxes;
using Marten;

namespace Hikyaku.Routing.Autoreply;

/// <summary>The text of an autoreply, in a body and in an answer.</summary>
/// <param name="Text">Lines end with LF.</param>
public sealed record AutoreplyBody(string? Text);

/// <summary>Sets the autoreply; set means active.</summary>
/// <param name="Account">Whose.</param>
/// <param name="Text">As typed.</param>
/// <param name="RefuseCharacters">Whether the characters of RTE-7 are refused.</param>
/// <param name="Now">When.</param>
public sealed record SetAutoreply(Target Account, string? Text, bool RefuseCharacters, DateTimeOffset Now)
{
    /// <summary>Decides; pure.</summary>
    public static Decision Decide(SetAutoreply command, MailboxRouting? routing)
    {
        ArgumentNullException.ThrowIfNull(command);
        var state = routing ?? MailboxRouting.Of(command.Account);
        var text = AutoreplyText.Normalize(command.Text);
        return Decision.Unless([.. AutoreplyText.Broken(text, command.RefuseCharacters)], () =>
            state.Autoreply == text ? [] : [new AutoreplySet(state.Id, state.Address, state.Domain, text, command.Now)]);
    }

    /// <summary><c>PUT /api/v1/accounts/{address}/autoreply</c> → 200.</summary>
    public static async Task<IResult> Handle(string address, AutoreplyBody body, CommandContext context, RoutingSettings settings, CancellationToken stop)
    {
        var stream = await context.Session.Events.FetchForWriting<MailboxRouting>(context.Target!.AccountId, stop);
        return context.Conclude(stream, Decide(new(context.Target, body.Text, settings.RefuseCharacters, context.Now), stream.Aggregate),
            (state, version) => new Answer(200, new AutoreplyBody(state.Autoreply), version));
    }

    /// <summary><c>GET /api/v1/accounts/{address}/autoreply</c> → 200; 404 when none is set.</summary>
    public static Task<IResult> Read(string address, HttpContext http, IDocumentStore store, CancellationToken stop)
        => RoutingReader.AnswerAsync(http, store, routing => routing?.Autoreply is { } text ? new AutoreplyBody(text) : null, stop, RoutingProblems.NoAutoreply);
}

/// <summary>Removes the autoreply.</summary>
/// <param name="Now">When.</param>
public sealed record RemoveAutoreply(DateTimeOffset Now)
{
    /// <summary>Decides; pure.</summary>
    public static Decision Decide(RemoveAutoreply command, MailboxRouting? routing)
    {
        ArgumentNullException.ThrowIfNull(command);
        return Decision.Accept(routing?.Autoreply is null ? [] : [new AutoreplyRemoved(routing.Domain, command.Now)]);
    }

    /// <summary><c>DELETE /api/v1/accounts/{address}/autoreply</c> → 204.</summary>
    public static async Task<IResult> Handle(string address, CommandContext context, CancellationToken stop)
    {
        var stream = await context.Session.Events.FetchForWriting<MailboxRouting>(context.Target!.AccountId, stop);
        return context.Conclude(stream, Decide(new(context.Now), stream.Aggregate), (_, version) => new Answer(204, Version: version));
    }
}
