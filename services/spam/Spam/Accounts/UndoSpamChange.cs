using Hikyaku.Platform;
using Marten;

namespace Hikyaku.Spam.Accounts;

/// <summary>The changes of an account's spam settings, and their undo by the same decision as any other change (OPS-3).</summary>
public static class UndoSpamChange
{
    private const string Tag = "tagSubject", Sort = "sortToJunk";

    /// <summary>What is compared.</summary>
    public static readonly StreamHistory History = new(
    [
        new Setting(Tag).SetBy<SubjectTaggingTurnedOn>(_ => true).SetBy<SubjectTaggingTurnedOff>(_ => false).Initially(false),
        new Setting(Sort).SetBy<JunkSortingTurnedOn>(_ => true).SetBy<JunkSortingTurnedOff>(_ => false).Initially(false),
    ])
    {
        Hidden = ["accountId", "domain"],
        MayUndo = [Roles.Operator, Roles.Admin, Roles.User],
    };

    /// <summary><c>GET /api/v1/accounts/{address}/history</c> → 200.</summary>
    public static Task<IResult> Read(string address, string? limit, string? cursor, HttpContext http, IDocumentStore store, CancellationToken stop)
        => HistoryPages.AnswerAsync(History, http.Asking().Target!.AccountId, http, store, stop);

    /// <summary><c>POST /api/v1/accounts/{address}/history/{eventId}/undo</c> → 200; 428 where turning sorting on would ask as well.</summary>
    public static async Task<IResult> Handle(string address, string eventId, UndoBody? body, CommandContext context, PopLogins logins, CancellationToken stop)
    {
        var account = context.Target!;
        var stream = await context.Session.Events.FetchForWriting<AccountSpam>(account.AccountId, stop);
        if (stream.Aggregate is not { } state || await History.FindAsync(context.Session, account.AccountId, eventId, stop) is not { } undo)
            return Problems.Of(PlatformProblems.NotFound);
        var last = await logins.LastAsync(account.AccountId, stop);
        var decision = History.Undo(undo, earlier => SetSpam.Decide(
            new(account, Earlier(Tag, state.TagSubject), Earlier(Sort, state.SortToJunk), last, body?.Confirm == true, context.Now), state));
        return context.Conclude(stream, decision, (after, version) => new Answer(200, SpamSwitches.Of(after), version));

        bool Earlier(string name, bool present) => undo.Change.Before.TryGetValue(name, out var value) ? (bool)value! : present;
    }
}
