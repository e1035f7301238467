using Hikyaku.Accounts.Domains;
using System.Data;
using System.Runtime.CompilerServices;
using Hikyaku.Accounts.Files;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Platform;
using Microsoft.Net.Http.Headers;
using Npgsql;

namespace Hikyaku.Accounts.Export;

/// <summary>
/// Exports a domain's accounts as CSV (ACC-11), by address, as they are at one moment: rows go from the database to the caller
/// one by one, so that memory does not grow with the domain. Accounts that are being deleted are not there any more.
/// </summary>
public static class ExportMailAccounts
{
    private const int MostNamed = 1000;
    private const string Living = "from mail_account_list where domain = $1 and deletion_job is null";

    /// <summary><c>GET /api/v1/domains/{name}/accounts.csv?encoding=utf-8|cp932&amp;columns=manual|all</c> → 200.</summary>
    public static async Task<IResult> Handle(string name, string? encoding, string? columns, HttpContext http, NpgsqlDataSource database, CancellationToken stop)
    {
        _ = InternetNames.TryReadDomain(name, out var domain); // the access rule has read it
        List<Rejection> unreadable = [];
        if (encoding is not (null or "utf-8" or "cp932")) unreadable.Add(Bad("encoding"));
        if (columns is not (null or "manual" or "all")) unreadable.Add(Bad("columns"));
        if (unreadable.Count > 0) return Problems.Of(unreadable);
        if (!await DomainUsage.IsThereAsync(database, domain!, stop)) return Problems.Of(PlatformProblems.NotFound);

        var cp932 = encoding == "cp932";
        await using var connection = await database.OpenConnectionAsync(stop);
        // A snapshot, so that the rows that were checked for CP932 are the rows that are sent.
        await using var snapshot = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, stop);
        // Checked before the first byte, because an answer that has begun cannot become a refusal.
        if (cp932 && await BeyondCp932Async(connection, domain!, stop) is { Count: > 0 } lacking) return Problems.Of(lacking);

        http.Response.ContentType = cp932 ? "text/csv; charset=shift_jis" : "text/csv; charset=utf-8";
        http.Response.Headers.ContentDisposition = new ContentDispositionHeaderValue("attachment") { FileName = $"mail-accounts-{domain}.csv" }.ToString();
        http.Response.Headers.CacheControl = "no-store";
        await AccountsCsv.WriteAsync(http.Response.Body, AccountsAsync(connection, domain!, stop), cp932, all: columns == "all", stop);
        return Results.Empty;
    }

    private static Rejection Bad(string parameter) => new(PlatformProblems.BadParameter, parameter, ("name", parameter));

    private static async Task<List<Rejection>> BeyondCp932Async(NpgsqlConnection connection, string domain, CancellationToken stop)
    {
        var (named, more) = (new List<Rejection>(), 0);
        await using var command = Ask(connection, $"select address, comment {Living} and comment is not null order by address", domain);
        await using var row = await command.ExecuteReaderAsync(stop);
        while (await row.ReadAsync(stop))
        {
            if (CsvText.FirstBeyondCp932(row.GetString(1)) is not { } lacking) continue;
            if (named.Count < MostNamed) named.Add(new(CsvProblems.NotInCp932, CsvColumns.Comment, ("a", row.GetString(0)), ("c", lacking.ToString())));
            else more++;
        }

        if (more > 0) named.Add(new(CsvProblems.MoreNotInCp932, CsvColumns.Comment, ("n", more)));
        return named;
    }

    private static async IAsyncEnumerable<ExportedAccount> AccountsAsync(NpgsqlConnection connection, string domain, [EnumeratorCancellation] CancellationToken stop)
    {
        await using var command = Ask(connection, $"select address, comment, used_bytes, capacity_mb, password_forcibly_changed, forwarding, autoreply, reception, tag_subject, sort_to_junk, ({MailAccountTable.Kinds})[1] {Living} order by address", domain);
        await using var row = await command.ExecuteReaderAsync(stop);
        while (await row.ReadAsync(stop))
            yield return new(row.GetString(0), row.IsDBNull(1) ? null : row.GetString(1), row.GetInt64(2), row.GetInt32(3), row.GetBoolean(4), row.GetBoolean(5), row.GetBoolean(6), row.GetBoolean(7),
                row.GetBoolean(8), row.GetBoolean(9), row.IsDBNull(10) ? null : row.GetString(10));
    }

    private static NpgsqlCommand Ask(NpgsqlConnection connection, string sql, string domain)
        => new(sql, connection) { Parameters = { new() { Value = domain } } };
}
