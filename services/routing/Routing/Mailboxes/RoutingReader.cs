using Hikyaku.Platform;
using Marten;

namespace Hikyaku.Routing.Mailboxes;

/// <summary>Answers what is set of an account, with the stream's version as ETag: 0 while nothing was ever changed.</summary>
internal static class RoutingReader
{
    /// <summary>Answers one view of an account's routing; null when there is nothing: 404 with <paramref name="none"/>.</summary>
    public static async Task<IResult> AnswerAsync(HttpContext http, IDocumentStore store, Func<MailboxRouting?, object?> show, CancellationToken stop, ProblemCode? none = null)
    {
        await using var session = store.QuerySession();
        var id = http.Asking().Target!.AccountId;
        // The stream, not the snapshot alone: version and state must be of one moment.
        var events = await session.Events.FetchStreamAsync(id, token: stop);
        var routing = events.Aggregate(default(MailboxRouting), (state, e) => MailboxRouting.Evolve(state, e.Data));
        return show(routing) is { } body ? new Answer(200, body, events.Count) : Problems.Of(none ?? PlatformProblems.NotFound);
    }
}
