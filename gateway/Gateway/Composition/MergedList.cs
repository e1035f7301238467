using System.Globalization;
using System.Text.Json.Nodes;
using Hikyaku.Gateway.Routing;
using Hikyaku.Platform;

namespace Hikyaku.Gateway.Composition;

/// <summary>
/// Merges a list that several services have a part of, newest first. Each service is asked in parallel and keeps its own order; one
/// that does not answer is named in <c>unavailable</c>, and is asked again from the same place on the next page. Where one
/// service alone has such a list, the request is forwarded as it is.
/// </summary>
public sealed class MergedList(ServiceQuestions questions, Forwarding forwarding)
{
    /// <summary>Answers one page.</summary>
    /// <param name="http">The request.</param>
    /// <param name="services">The services that have a part of the list.</param>
    /// <param name="timeField">The field by which it is sorted.</param>
    public async Task SendAsync(HttpContext http, IReadOnlyList<string> services, string timeField)
    {
        ArgumentNullException.ThrowIfNull(http);
        ArgumentNullException.ThrowIfNull(services);
        if (services is [var only])
        {
            await forwarding.SendAsync(http, only);
            return;
        }

        if (MergedCursor.Read(http.Request.Query["cursor"], services) is not { } places)
        {
            await Problems.Of(PlatformProblems.BadParameter, "cursor", ("name", "cursor")).ExecuteAsync(http);
            return;
        }

        var lists = places.Select(p => new ServiceList(p.Key, p.Value, timeField, (service, cursor) => AskAsync(http, service, cursor))).ToList();
        await Task.WhenAll(lists.Select(l => l.FillAsync()));
        if (await RefusedAsync(http, lists)) return;
        var items = await MergeAsync(lists, LimitOf(http.Request));
        await Page(http, items, lists).ExecuteAsync(http);
    }

    private Task<ServiceAnswer> AskAsync(HttpContext http, string service, string? cursor)
        => questions.AskAsync(http, service, http.Admission().Path + QueryWith(http.Request, cursor), questions.ForShare);

    // Not being there (404) at one service is an empty list: it has nothing of an account yet.
    private static async Task<bool> RefusedAsync(HttpContext http, List<ServiceList> lists)
    {
        var answers = lists.ConvertAll(l => l.Answer);
        var refusal = answers.Find(a => a is { IsThere: true, IsOk: false, Status: not StatusCodes.Status404NotFound })
            ?? (answers.Exists(a => a.IsOk) ? null : answers.Find(a => a.IsThere));
        if (refusal is not null) await refusal.PassOnAsync(http);
        else if (answers.Count > 0 && answers.TrueForAll(a => !a.IsThere)) await Problems.Of(PlatformProblems.Unavailable).ExecuteAsync(http);
        else return false;
        return true;
    }

    private static async Task<JsonArray> MergeAsync(List<ServiceList> lists, int limit)
    {
        var items = new JsonArray();
        while (items.Count < limit && lists.MaxBy(l => l.Time) is { Time: not null } newest)
        {
            items.Add(newest.Take());
            await newest.FillAsync();
        }

        return items;
    }

    private static Answer Page(HttpContext http, JsonArray items, List<ServiceList> lists)
    {
        var page = new JsonObject { ["items"] = items };
        var more = lists.Where(l => l.Place is not null).ToDictionary(l => l.Service, l => l.Place!);
        if (lists.Exists(l => l is { Place: not null, Answer.IsThere: true })) // else whoever follows the pages would never come to an end
        {
            var next = MergedCursor.Write(more);
            page["next"] = next;
            http.Response.Headers.Link = $"<{http.Admission().Path}{QueryWith(http.Request, next)}>; rel=\"next\"";
        }

        var away = lists.Where(l => !l.Answer.IsThere).Select(l => JsonValue.Create(l.Service)).ToArray();
        if (away.Length > 0) page["unavailable"] = new JsonArray(away);
        return new(StatusCodes.Status200OK, page);
    }

    private static QueryString QueryWith(HttpRequest request, string? cursor)
    {
        var query = QueryString.Create(request.Query.Where(q => q.Key != "cursor").SelectMany(q => q.Value.Select(v => KeyValuePair.Create(q.Key, v))));
        return cursor is null ? query : query.Add("cursor", cursor);
    }

    // A limit that cannot be read is refused by the services; any number will do here.
    private static int LimitOf(HttpRequest request)
        => int.TryParse(request.Query["limit"], NumberStyles.None, CultureInfo.InvariantCulture, out var limit) ? Math.Min(limit, Cursor.MaxLimit) : Cursor.DefaultLimit;
}
