using System.Globalization;
using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.Accounts.MailAccounts;

/// <summary>How a list of accounts is asked for.</summary>
/// <param name="Query">Part of an address or comment, in any case.</param>
/// <param name="Status">password-forcibly-changed, or normal: nothing of the kind; all when absent.</param>
/// <param name="Sort">address (default), usedMb or createdAt.</param>
/// <param name="Order">asc (default) or desc.</param>
/// <param name="Limit">1 to 500; 50 when absent.</param>
/// <param name="Cursor">From an earlier page's next or prev.</param>
public sealed record ListQuery(string? Query, string? Status, string? Sort, string? Order, string? Limit, string? Cursor);

/// <summary>
/// Lists a domain's accounts by keyset paging: a page costs the same wherever it lies, and nothing is counted.
/// </summary>
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
        ["normal"] = "and not password_forcibly_changed",
        ["password-forcibly-changed"] = "and password_forcibly_changed",
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
        if (!await DomainExistsAsync(database, domain!, stop)) return Problems.Of(PlatformProblems.NotFound);

        var rows = await ReadAsync(database, domain!, query.Query, status!, sort, query.Order == "desc", cursor, limit + 1, stop);
        var page = PageOf(rows, limit, cursor);
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

    private static async Task<bool> DomainExistsAsync(NpgsqlDataSource database, string domain, CancellationToken stop)
    {
        await using var command = database.CreateCommand("select 1 from domain_usage where domain = $1");
        command.Parameters.Add(new() { Value = domain });
        return await command.ExecuteScalarAsync(stop) is not null;
    }

    private static async Task<List<(MailAccountView View, Cursor At)>> ReadAsync(
        NpgsqlDataSource database, string domain, string? query, string status, (string Column, string Type) sort, bool descending, Cursor? cursor, int limit, CancellationToken stop)
    {
        var back = cursor is { Back: true };
        var (direction, comparison) = descending != back ? ("desc", "<") : ("asc", ">");
        var sql =
            $"""
            select address, comment, capacity_mb, used_bytes, created_at, password_forcibly_changed from mail_account_list
            where domain = $1 and deletion_job is null {status}
            {(string.IsNullOrEmpty(query) ? "" : "and search like lower($3)")}
            {(cursor is null ? "" : $"and ({sort.Column}, address) {comparison} ($4::{sort.Type}, $5)")}
            order by {sort.Column} {direction}, address {direction} limit $2
            """;
        await using var command = database.CreateCommand(sql);
        command.Parameters.Add(new() { Value = domain });
        command.Parameters.Add(new() { Value = limit });
        command.Parameters.Add(new() { Value = $"%{EscapeLike(query ?? "")}%" });
        command.Parameters.Add(new() { Value = cursor?.Value ?? "" });
        command.Parameters.Add(new() { Value = cursor?.Key ?? "" });
        var rows = new List<(MailAccountView, Cursor)>();
        await using var row = await command.ExecuteReaderAsync(stop);
        while (await row.ReadAsync(stop)) rows.Add(Read(row, domain, sort.Column));
        return rows;
    }

    private static (MailAccountView, Cursor) Read(NpgsqlDataReader row, string domain, string sortColumn)
    {
        var (address, used, created) = (row.GetString(0), row.GetInt64(3), row.GetFieldValue<DateTimeOffset>(4));
        var view = new MailAccountView(
            address, address[..address.LastIndexOf('@')], domain, row.IsDBNull(1) ? null : row.GetString(1),
            row.GetInt32(2), MailAccountView.UsedMbOf(used), created, row.GetBoolean(5), InForce: null);
        var value = sortColumn switch
        {
            "used_bytes" => used.ToString(CultureInfo.InvariantCulture),
            "created_at" => created.ToString("O", CultureInfo.InvariantCulture),
            _ => address,
        };
        return (view, new Cursor(value, address, Back: false));
    }

    private static Page<MailAccountView> PageOf(List<(MailAccountView View, Cursor At)> rows, int limit, Cursor? cursor)
    {
        var more = rows.Count > limit;
        if (more) rows.RemoveAt(limit);
        var back = cursor is { Back: true };
        if (back) rows.Reverse();
        var next = (back || more) && rows.Count > 0 ? rows[^1].At.ToString() : null;
        var prev = (back ? more : cursor is not null) && rows.Count > 0 ? (rows[0].At with { Back = true }).ToString() : null;
        return new([.. rows.Select(r => r.View)], next, prev);
    }

    private static string EscapeLike(string text)
        => text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal)
            .Replace("\0", "", StringComparison.Ordinal);
}
