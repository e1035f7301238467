using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using Hikyaku.Accounts.Jobs;
using Hikyaku.Platform;
using Marten;
using Npgsql;
using Weasel.Postgresql.Tables;

namespace Hikyaku.Accounts.Undo;

/// <summary>An account that an undo has left as it is.</summary>
/// <param name="Address">Absent once the account is gone.</param>
/// <param name="Code">Why.</param>
/// <param name="Detail">In the reader's language.</param>
public sealed record LeftAccount(string? Address, string Code, string Detail);

/// <summary>What undoing jobs have left as it is, as codes and what stands in their texts. Accounts are kept by id, so that nothing personal is left of one that goes.</summary>
public sealed class LeftAccounts(NpgsqlDataSource database) : IJobDetails
{
    private const int Most = 1000;

    private static readonly Dictionary<string, ProblemCode> Codes =
        AccountsProblems.All.Concat(PlatformProblems.All).ToDictionary(c => c.Code, StringComparer.Ordinal);

    /// <summary>The table, one row a reason.</summary>
    public static Table Table()
    {
        var table = new Table("job_left");
        table.AddColumn<string>("job_id").AsPrimaryKey();
        table.AddColumn<string>("account_id").AsPrimaryKey();
        table.AddColumn<string>("code").AsPrimaryKey();
        table.AddColumn("args", "jsonb").NotNull();
        return table;
    }

    /// <summary>Keeps one in the session's transaction.</summary>
    public static void Add(IDocumentSession session, string job, string account, Rejection why)
        => session.QueueSqlCommand(
            "insert into job_left (job_id, account_id, code, args) values (?, ?, ?, ?::jsonb) on conflict do nothing",
            job, account, why.Code.Code,
            JsonSerializer.Serialize(why.Values.Where(v => v.Name != "a").ToDictionary(v => v.Name, v => Convert.ToString(v.Value, CultureInfo.InvariantCulture)!)));

    /// <inheritdoc/>
    public async Task<JobView> ShowAsync(JobView job, CultureInfo language, CancellationToken stop)
    {
        if (job is not { Result: UndoneAccounts result }) return job;
        var left = await database.ListAsync(
            $"""
            select l.address, f.code, f.args from job_left f left join mail_account_list l on l.account_id = f.account_id
            where f.job_id = {job.Id} order by l.address, f.code limit {Most}
            """, row => Read(row, language), stop);
        return job with { Result = result with { Left = left } };
    }

    private static LeftAccount Read(DbDataReader row, CultureInfo language)
    {
        var address = row.TextOrNull(0);
        var args = JsonSerializer.Deserialize<Dictionary<string, string>>(row.GetString(2))!.Append(KeyValuePair.Create("a", address ?? ""));
        var why = new Rejection(Codes[row.GetString(1)], null, [.. args.Select(a => (a.Key, (object)a.Value))]);
        return new(address, why.Code.Code, Problems.Text(why, language));
    }
}
