using System.Globalization;
using Hikyaku.Accounts.Domains;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Accounts.Staff;
using Hikyaku.Platform;
using JasperFx.Events;
using Marten;
using Marten.Events;

namespace Hikyaku.Accounts.History;

/// <summary>The changes of an account, a domain or a login, newest first.</summary>
public static class ReadHistory
{
    private static readonly string[] Keys = ["credentialId", "accountId"];

    /// <summary><c>GET /api/v1/accounts/{address}/history</c> → 200. Its user does not learn of comments (ACC-3), nor why the password was forced (ACC-8).</summary>
    public static async Task<IResult> OfAccount(string address, string? limit, string? cursor, HttpContext http, IDocumentStore store, MailAccountReader reader, CancellationToken stop)
    {
        var (caller, target) = http.Asking();
        if (await reader.ReadAsync(target!.AccountId, stop) is not { } row) return Problems.Of(PlatformProblems.NotFound);
        var asked = caller.Role == Roles.User
            ? new Asked(target.AccountId, UndoAccountChange.Settings, null, [.. Keys, "comment", "reason"])
            : new Asked(target.AccountId, UndoAccountChange.Settings, UndoAccountChange.Present(row.Account), Keys);
        return await PageAsync(asked, limit, cursor, http, store, stop);
    }

    /// <summary><c>GET /api/v1/domains/{name}/history</c> → 200.</summary>
    public static async Task<IResult> OfDomain(string name, string? limit, string? cursor, HttpContext http, IDocumentStore store, CancellationToken stop)
    {
        _ = InternetNames.TryReadDomain(name, out var id); // the access rule has read it
        await using var session = store.QuerySession();
        if (await session.LoadAsync<Domain>(id!, stop) is not { } domain) return Problems.Of(PlatformProblems.NotFound);
        var mayUndo = http.Asking().Caller.Role == Roles.Operator;
        return await PageAsync(new(id!, UndoDomainChange.Settings, mayUndo ? UndoDomainChange.Present(domain) : null, Keys), limit, cursor, http, store, stop);
    }

    /// <summary><c>GET /api/v1/domains/{name}/administrators/{login}/history</c> → 200: when the login was made and its password set.</summary>
    public static async Task<IResult> OfAdministrator(string name, string login, string? limit, string? cursor, HttpContext http, IDocumentStore store, CancellationToken stop)
        => await DismissAdministrator.IsOneAsync(name, login, store, stop)
            ? await PageAsync(new(StaffMember.KeyOf(login.ToLowerInvariant()), [], null, Keys), limit, cursor, http, store, stop)
            : Problems.Of(PlatformProblems.NotFound);

    private static async Task<IResult> PageAsync(Asked asked, string? limit, string? cursor, HttpContext http, IDocumentStore store, CancellationToken stop)
    {
        if (!Paging.TryReadLimit(limit, out var size)) return Problems.Of(PlatformProblems.BadParameter, "limit", ("name", "limit"));
        if (!Cursor.TryRead(cursor, out var at) || !TryReadVersion(at, out var before)) return Problems.Of(PlatformProblems.BadParameter, "cursor", ("name", "cursor"));
        await using var session = store.QuerySession();
        if (await session.Events.FetchStreamStateAsync(asked.Stream, stop) is null) return Problems.Of(PlatformProblems.NotFound);
        var events = (await session.Events.QueryAllRawEvents().Where(e => e.StreamKey == asked.Stream && e.Version < before)
            .OrderByDescending(e => e.Version).Take(size + 1).ToListAsync(stop)).ToList();
        string? next = null;
        if (events.Count > size)
        {
            events.RemoveAt(size);
            next = new Cursor(events[^1].Version.ToString(CultureInfo.InvariantCulture), asked.Stream, Back: false).ToString();
            http.Response.Headers.Link = $"<{http.Request.Path}?limit={size}&cursor={next}>; rel=\"next\"";
        }

        events.Reverse();
        var values = await ValuesBeforeAsync(events, asked, session, stop);
        var items = events.Select(e => (Event: e, Change: Change.Of(e, asked.Settings, values))).Reverse()
            .Where(i => asked.Shows(i.Change))
            .Select(i => HistoryItem.Of(i.Event, i.Change, asked.MayUndo(i.Change), asked.Hidden));
        return new Answer(200, new Page<HistoryItem>([.. items], next));
    }

    // A page knows what its own events set; what they replace is looked for, one event a setting, however long the history is.
    private static async Task<Dictionary<string, object?>> ValuesBeforeAsync(List<IEvent> page, Asked asked, IQuerySession session, CancellationToken stop)
    {
        var values = new Dictionary<string, object?>(StringComparer.Ordinal);
        if (page is not [{ Version: > 1 and var first }, ..]) return values;
        foreach (var setting in asked.Settings.Where(s => page.Exists(e => s.IsSetBy(e.Data, out _))))
        {
            var types = setting.Events.ToArray();
            var earlier = await session.Events.QueryAllRawEvents()
                .Where(e => e.StreamKey == asked.Stream && e.Version < first && e.EventTypesAre(types))
                .OrderByDescending(e => e.Version).Take(1).ToListAsync(stop);
            if (earlier is [var e] && setting.IsSetBy(e.Data, out var value)) values[setting.Name] = value;
        }

        return values;
    }

    private static bool TryReadVersion(Cursor? cursor, out long version)
    {
        version = long.MaxValue;
        return cursor is null || long.TryParse(cursor.Value, NumberStyles.None, CultureInfo.InvariantCulture, out version);
    }

    /// <summary>Whose history, and for whom.</summary>
    /// <param name="Stream">The stream's key.</param>
    /// <param name="Settings">What is compared.</param>
    /// <param name="Present">The settings as they are now; null for those who may undo nothing.</param>
    /// <param name="Hidden">The fields that the reader does not learn of.</param>
    private sealed record Asked(string Stream, IReadOnlyList<Setting> Settings, IReadOnlyDictionary<string, object?>? Present, string[] Hidden)
    {
        public bool Shows(Change change) => change.Event is not MailAccountCommentChanged || !Hidden.Contains("comment");

        public bool MayUndo(Change change)
            => Present is not null && change.ThatMayBePutBack(Settings) is { Count: > 0 } names && names.All(n => Equals(Present[n], change.After[n]));
    }
}
