using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hikyaku.Gateway.Routing;
using Hikyaku.Gateway.Routing.Routes;
using Hikyaku.Platform;

namespace Hikyaku.Gateway.Composition;

/// <summary>Mail that is held.</summary>
/// <param name="Id">NODE:QUEUE-ID; <c>…/held-mail/release</c> and <c>…/held-mail/delete</c> take it.</param>
/// <param name="At">When it was taken.</param>
/// <param name="Size">In bytes.</param>
/// <param name="Recipients">Who has not got it.</param>
public sealed record RewindMail(string Id, DateTimeOffset At, long Size, IReadOnlyList<string> Recipients);

/// <summary>A change since the intrusion.</summary>
/// <param name="Change">As in the account's history.</param>
/// <param name="Suspected">Whether it can be undone and was made from a network of the intrusion.</param>
public sealed record RewindChange(HistoryItem Change, bool Suspected);

/// <summary>What somebody did who had got into an account.</summary>
/// <param name="Since">Since when: as asked for, else as the evidence says.</param>
/// <param name="Networks">From which networks.</param>
/// <param name="Logins">How many right logins came from there.</param>
/// <param name="Messages">How many messages were sent from there.</param>
/// <param name="Recipients">To how many recipients.</param>
/// <param name="Held">What of it is held.</param>
/// <param name="Changes">What anybody changed of the account since, newest first, 5,000 at most.</param>
/// <param name="More">Whether there are more changes, which are older; absent when not.</param>
/// <param name="Unavailable">The services that did not tell their changes; absent when all did.</param>
public sealed record RewindView(
    DateTimeOffset Since, IReadOnlyList<string> Networks, long Logins, long Messages, long Recipients, IReadOnlyList<RewindMail> Held,
    IReadOnlyList<RewindChange>? Changes = null, bool? More = null, IReadOnlyList<string>? Unavailable = null);

/// <summary>Which changes to undo.</summary>
/// <param name="Changes">Their ids in the history, 100 at most.</param>
/// <param name="Confirm">Whether the caller has seen what undoing leads to, where a setting asks for that (428).</param>
public sealed record RewindBody(IReadOnlyList<string?>? Changes, bool? Confirm = null);

/// <summary>What came of one change.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Status">What an undo of it alone answers: 200 when it was undone.</param>
/// <param name="Problem">Why not; absent when it was undone.</param>
public sealed record RewoundChange(string Id, int Status, JsonNode? Problem);

/// <summary>What came of each, in the order in which they were undone.</summary>
public sealed record Rewound(IReadOnlyList<RewoundChange> Changes);

/// <summary>
/// The way back after an account was broken into: one view of what the intruder did, and one call that undoes the chosen changes, newest
/// first, so that several changes of one setting lead back to what it was before all of them.
/// </summary>
public sealed class Rewind(RouteTable table, ServiceQuestions questions)
{
    private const int MostSeen = 5000, MostUndone = 100;

    private readonly IReadOnlyList<string> _services = table.Sharing(Shares.AccountHistory);

    /// <summary><c>GET /api/v1/accounts/{address}/restrictions/{kind}/rewind?since=</c> → 200; 404 when there was no restriction of the kind.</summary>
    public static async Task<IResult> Show(string kind, HttpContext http, Rewind rewind, ServiceQuestions questions)
    {
        ArgumentNullException.ThrowIfNull(http);
        ArgumentNullException.ThrowIfNull(rewind);
        ArgumentNullException.ThrowIfNull(questions);
        var path = $"/internal/accounts/{http.Admission().Target!.AccountId}/intrusion/{Uri.EscapeDataString(kind)}{http.Request.QueryString}";
        var answer = await questions.AskInOwnWordsAsync(http, HttpMethod.Get, "restrictions", path);
        if (!answer.IsThere) return Problems.Of(PlatformProblems.Unavailable);
        if (!answer.IsOk) return answer;
        var view = JsonSerializer.Deserialize<RewindView>(answer.Body, Platform.Answer.Json)!;
        var (seen, away) = await rewind.ReadAsync(http, (_, at) => at >= view.Since);
        var changes = seen.ConvertAll(s => s.Item.Deserialize<HistoryItem>(Platform.Answer.Json)!).ConvertAll(c => new RewindChange(c, c.Undoable && IsFrom(c.By.Address, view.Networks)));
        return new Answer(200, view with { Changes = changes, More = seen.Count == MostSeen ? true : null, Unavailable = away.Count > 0 ? away : null });
    }

    /// <summary>
    /// <c>POST /api/v1/accounts/{address}/restrictions/{kind}/rewind</c> → 200 with what came of each. Each is a change of its own, and one that is refused
    /// does not stop the others.
    /// </summary>
    public static async Task<IResult> Undo(RewindBody body, HttpContext http, Rewind rewind)
    {
        ArgumentNullException.ThrowIfNull(body);
        ArgumentNullException.ThrowIfNull(rewind);
        if (body.Changes is not { Count: > 0 and <= MostUndone } || body.Changes.Any(c => !Guid.TryParseExact(c, "D", out _)))
            return Problems.Of(GatewayProblems.ChangesMissing, "changes", ("max", MostUndone));
        return new Answer(200, new Rewound(await rewind.UndoAsync(http, [.. body.Changes.Select(c => c!.ToLowerInvariant()).Distinct()], body.Confirm == true)));
    }

    private async Task<List<RewoundChange>> UndoAsync(HttpContext http, HashSet<string> wanted, bool isConfirmed)
    {
        var missing = new HashSet<string>(wanted, StringComparer.Ordinal);
        var (seen, away) = await ReadAsync(http, (id, _) =>
        {
            var isWanted = missing.Count > 0;
            missing.Remove(id);
            return isWanted;
        });
        var results = new List<RewoundChange>();
        foreach (var (service, item) in seen)
        {
            var id = IdOf(item);
            if (!wanted.Remove(id)) continue;
            var answer = await questions.AskInOwnWordsAsync(http, HttpMethod.Post, service, $"{HistoryOf(http)}/{id}/undo", new UndoBody(isConfirmed));
            results.Add(new(id, answer.Status, answer.IsOk ? null : answer.IsThere ? JsonNode.Parse(answer.Body) : ProblemOf(PlatformProblems.Unavailable, http)));
        }

        var unknown = away.Count > 0 ? PlatformProblems.Unavailable : PlatformProblems.NotFound; // who is away may have it
        results.AddRange(wanted.Select(id => new RewoundChange(id, unknown.Status, ProblemOf(unknown, http))));
        return results;
    }

    // Newest first over all services, until one is not wanted any more.
    private async Task<(List<(string Service, JsonNode Item)> Seen, List<string> Away)> ReadAsync(HttpContext http, Func<string, DateTimeOffset, bool> isWanted)
    {
        var lists = _services.Select(s => new ServiceList(s, new Place(), "at", (service, cursor) => questions.AskInOwnWordsAsync(
            http, HttpMethod.Get, service, $"{HistoryOf(http)}?limit={Cursor.MaxLimit}{(cursor is null ? "" : $"&cursor={Uri.EscapeDataString(cursor)}")}"))).ToList();
        await Task.WhenAll(lists.Select(l => l.FillAsync()));
        var seen = new List<(string, JsonNode)>();
        while (seen.Count < MostSeen && lists.MaxBy(l => l.Time) is { Time: { } at } newest)
        {
            var item = newest.Take();
            if (!isWanted(IdOf(item), at)) break;
            seen.Add((newest.Service, item));
            await newest.FillAsync();
        }

        return (seen, lists.Where(l => !l.Answer.IsThere).Select(l => l.Service).ToList());
    }

    private static string HistoryOf(HttpContext http) => $"/api/v1/accounts/{Uri.EscapeDataString(http.Admission().Target!.Address)}/history";

    private static string IdOf(JsonNode item) => item["id"]!.GetValue<string>();

    private static bool IsFrom(string address, IReadOnlyList<string> networks) => IPAddress.TryParse(address, out var from) && networks.Contains(ClientNetwork.Of(from));

    private static JsonNode ProblemOf(ProblemCode code, HttpContext http) => Problems.Node(new(code), Problems.LanguageOf(http.Request));
}
