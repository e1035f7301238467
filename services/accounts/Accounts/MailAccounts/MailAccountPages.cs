using System.Globalization;
using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.Accounts.MailAccounts;

/// <summary>Reads a domain's accounts by keyset paging: a page costs the same wherever it lies, and nothing is counted.</summary>
/// <param name="database">Where they are.</param>
/// <param name="domain">The domain in A-labels.</param>
/// <param name="query">Part of an address or comment, in any case; null or empty: all.</param>
/// <param name="status">SQL that narrows the accounts; empty: all.</param>
/// <param name="sort">The column that sorts, and its type.</param>
/// <param name="descending">Whether the largest come first.</param>
internal sealed class MailAccountPages(NpgsqlDataSource database, string domain, string? query, string status, (string Column, string Type) sort, bool descending)
{
    /// <summary>Reads one page.</summary>
    public async Task<Page<MailAccountView>> ReadAsync(Cursor? cursor, int limit, CancellationToken stop)
        => PageOf(await RowsAsync(cursor, limit + 1, stop), limit, cursor);

    private async Task<List<(MailAccountView View, Cursor At)>> RowsAsync(Cursor? cursor, int most, CancellationToken stop)
    {
        var back = cursor is { Back: true };
        var (direction, comparison) = descending != back ? ("desc", "<") : ("asc", ">");
        var sql =
            $"""
            select address, comment, capacity_mb, used_bytes, created_at, password_forcibly_changed, reception, forwarding, autoreply, tag_subject, sort_to_junk, {MailAccountTable.Kinds} from mail_account_list
            where domain = $1 and deletion_job is null {status}
            {(string.IsNullOrEmpty(query) ? "" : "and search like lower($3)")}
            {(cursor is null ? "" : $"and ({sort.Column}, address) {comparison} ($4::{sort.Type}, $5)")}
            order by {sort.Column} {direction}, address {direction} limit $2
            """;
        await using var command = database.CreateCommand(sql);
        command.Parameters.Add(new() { Value = domain });
        command.Parameters.Add(new() { Value = most });
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
        var kinds = row.GetFieldValue<string[]>(11);
        var view = new MailAccountView(
            address, address[..address.LastIndexOf('@')], domain, row.IsDBNull(1) ? null : row.GetString(1),
            row.GetInt32(2), MailAccountView.UsedMbOf(used), created, row.GetBoolean(5), InForce: null,
            Reception: row.GetBoolean(6), Forwarding: row.GetBoolean(7), Autoreply: row.GetBoolean(8), Spam: new(row.GetBoolean(9), row.GetBoolean(10)),
            Status: kinds is [var first, ..] ? first : "normal", Restrictions: [.. kinds.Select(k => new RestrictionKindView(k))]);
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
