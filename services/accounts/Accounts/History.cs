using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hikyaku.Accounts.Domains;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Accounts.Staff;
using Hikyaku.Platform;
using JasperFx.Events;
using Marten;

namespace Hikyaku.Accounts;

/// <summary>One change, as the API shows it (ROLE-3).</summary>
/// <param name="Id">The event's id.</param>
/// <param name="At">When.</param>
/// <param name="Type">What, like <c>accounts.mail-account-created</c>.</param>
/// <param name="By">Who and from where.</param>
/// <param name="Via">Through what: panel, api, csv, policy.</param>
/// <param name="Data">The event's fields, without anything that leads to a password.</param>
public sealed record HistoryItem(Guid Id, DateTimeOffset At, string Type, HistoryActor By, string Via, JsonObject Data);

/// <summary>Who caused a change.</summary>
public sealed record HistoryActor(string Role, string Login, string Address);

/// <summary>The changes of an account or a domain, newest first.</summary>
public static class History
{
    /// <summary><c>GET /api/v1/accounts/{address}/history</c> → 200. Its user does not learn of comments (ACC-3), nor why the password was forced (ACC-8).</summary>
    public static async Task<IResult> OfAccount(string address, string? limit, string? cursor, HttpContext http, IDocumentStore store, MailAccountReader reader, CancellationToken stop)
    {
        var (caller, target) = http.Asking();
        if (await reader.ReadAsync(target!.AccountId, stop) is null) return Problems.Of(PlatformProblems.NotFound);
        return await PageAsync(target!.AccountId, caller.Role != Roles.User, limit, cursor, http, store, stop);
    }

    /// <summary><c>GET /api/v1/domains/{name}/history</c> → 200.</summary>
    public static Task<IResult> OfDomain(string name, string? limit, string? cursor, HttpContext http, IDocumentStore store, CancellationToken stop)
    {
        _ = InternetNames.TryReadDomain(name, out var id); // the access rule has read it
        return PageAsync(id!, true, limit, cursor, http, store, stop);
    }

    /// <summary><c>GET /api/v1/domains/{name}/administrators/{login}/history</c> → 200: when the login was made and its password set.</summary>
    public static async Task<IResult> OfAdministrator(string name, string login, string? limit, string? cursor, HttpContext http, IDocumentStore store, CancellationToken stop)
        => await DismissAdministrator.IsOneAsync(name, login, store, stop)
            ? await PageAsync(StaffMember.KeyOf(login.ToLowerInvariant()), true, limit, cursor, http, store, stop)
            : Problems.Of(PlatformProblems.NotFound);

    private static async Task<IResult> PageAsync(string stream, bool withComments, string? limit, string? cursor, HttpContext http, IDocumentStore store, CancellationToken stop)
    {
        if (!ListMailAccounts.TryReadLimit(limit, out var size)) return Problems.Of(PlatformProblems.BadParameter, "limit", ("name", "limit"));
        if (!Cursor.TryRead(cursor, out var at) || !TryReadVersion(at, out var before)) return Problems.Of(PlatformProblems.BadParameter, "cursor", ("name", "cursor"));
        await using var session = store.QuerySession();
        if (await session.Events.FetchStreamStateAsync(stream, stop) is null) return Problems.Of(PlatformProblems.NotFound);
        var events = await session.Events.QueryAllRawEvents().Where(e => e.StreamKey == stream && e.Version < before)
            .OrderByDescending(e => e.Version).Take(size + 1).ToListAsync(stop);
        var next = events.Count > size ? new Cursor(events[size - 1].Version.ToString(CultureInfo.InvariantCulture), stream, Back: false).ToString() : null;
        if (next is not null) http.Response.Headers.Link = $"<{http.Request.Path}?limit={size}&cursor={next}>; rel=\"next\"";
        var items = events.Take(size).Where(e => withComments || e.Data is not MailAccountCommentChanged).Select(e => Item(e, withComments));
        return new Answer(200, new Page<HistoryItem>([.. items], next));
    }

    private static bool TryReadVersion(Cursor? cursor, out long version)
    {
        version = long.MaxValue;
        return cursor is null || long.TryParse(cursor.Value, NumberStyles.None, CultureInfo.InvariantCulture, out version);
    }

    private static HistoryItem Item(IEvent e, bool withComments)
    {
        var caller = EventHeaders.CallerOf(e);
        var data = JsonSerializer.SerializeToNode(e.Data, e.EventType, Answer.Json)!.AsObject();
        foreach (var hidden in withComments ? ["credentialId", "accountId"] : new[] { "credentialId", "accountId", "comment", "reason" }) data.Remove(hidden);
        data.Remove("at", out var at);
        var type = e.EventTypeName[..e.EventTypeName.LastIndexOf(".v", StringComparison.Ordinal)];
        return new(e.Id, at!.GetValue<DateTimeOffset>(), type, new(caller.Role, caller.Login, caller.Address), caller.Via, data);
    }
}
