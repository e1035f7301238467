using System.Globalization;
using Hikyaku.Accounts.Domains;
using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.Accounts.MailAccounts;

/// <summary>How a list of accounts is asked for.</summary>
/// <param name="Query">Part of an address or comment, in any case.</param>
/// <param name="Status">password-forcibly-changed, restricted, or normal: nothing of the kind; all when absent.</param>
/// <param name="Sort">address (default), usedMb or createdAt.</param>
/// <param name="Order">asc (default) or desc.</param>
/// <param name="Limit">1 to 500; 50 when absent.</param>
/// <param name="Cursor">From an earlier page's next or prev.</param>
public sealed record ListQuery(string? Query, string? Status, string? Sort, string? Order, string? Limit, string? Cursor);

/// <summary>Lists a domain's accounts.</summary>
public static class ListMailAccounts
{
    private static readonly Dictionary<string, (string Column, string Type)> Sorts = new()
    {
        ["address"] = ("address", "text"),
        ["usedMb"] = ("used_bytes", "bigint"),
        ["createdAt"] = ("created_at", "timestamptz"),
    };

    private static readonly Dictionary<string, string> Statuses = new()
    {
        ["normal"] = $"and not password_forcibly_changed and not {MailAccountTable.IsRestricted}",
        ["password-forcibly-changed"] = "and password_forcibly_changed",
        ["restricted"] = $"and {MailAccountTable.IsRestricted}",
    };

    /// <summary><c>GET /api/v1/domains/{name}/accounts</c> → 200.</summary>
    public static async Task<IResult> Handle(string name, [AsParameters] ListQuery query, HttpContext http, NpgsqlDataSource database, CancellationToken stop)
    {
        _ = InternetNames.TryReadDomain(name, out var domain); // the access rule has read it
        List<Rejection> unreadable = [];
        if (!Sorts.TryGetValue(query.Sort ?? "address", out var sort)) unreadable.Add(Bad("sort"));
        var status = "";
        if (!string.IsNullOrEmpty(query.Status) && !Statuses.TryGetValue(query.Status, out status)) unreadable.Add(Bad("status"));
        if (query.Order is not (null or "asc" or "desc")) unreadable.Add(Bad("order"));
        if (!Paging.TryReadLimit(query.Limit, out var limit)) unreadable.Add(Bad("limit"));
        if (!Cursor.TryRead(query.Cursor, out var cursor) || !Fits(cursor, sort.Type)) unreadable.Add(Bad("cursor"));
        if (unreadable.Count > 0) return Problems.Of(unreadable);
        if (!await DomainUsage.IsThereAsync(database, domain!, stop)) return Problems.Of(PlatformProblems.NotFound);

        var page = await new MailAccountPages(database, domain!, query.Query, status!, sort, query.Order == "desc").ReadAsync(cursor, limit, stop);
        if (page.Next is not null) Paging.LinkNext(http, page.Next);
        return new Answer(200, page);
    }

    private static Rejection Bad(string parameter) => new(PlatformProblems.BadParameter, parameter, ("name", parameter));

    private static bool Fits(Cursor? cursor, string type) => cursor is null || type switch
    {
        "bigint" => long.TryParse(cursor.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _),
        "timestamptz" => DateTimeOffset.TryParseExact(cursor.Value, "O", CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out _),
        _ => !cursor.Value.Contains('\0', StringComparison.Ordinal),
    };
}
