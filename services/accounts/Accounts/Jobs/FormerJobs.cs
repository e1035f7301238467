using Hikyaku.Platform;
using Npgsql;
using Weasel.Postgresql.Tables;

namespace Hikyaku.Accounts.Jobs;

/// <summary>
/// Brings the jobs of releases before 2026-11-28 into the present shape when the service starts. Their results were numbers in
/// columns, and their bulk changes withheld room in the domain. What these columns said stays in them, so that an instance of
/// the former release that still runs goes on working.
/// </summary>
public sealed class FormerJobs(NpgsqlDataSource database) : TablesAtStart(database, "accounts jobs", Sql)
{
    /// <summary>The result of a job as JSON: an expression of <c>kind</c>, <c>items</c>, <c>bytes</c> and <c>skipped</c>.</summary>
    public const string Result =
        """
        case kind
            when 'account-deletion' then jsonb_build_object('deleted', items)
            when 'mail-data-deletion' then jsonb_strip_nulls(jsonb_build_object('messages', items, 'freedBytes', bytes))
            when 'bulk-registration' then jsonb_build_object('registered', items)
            when 'bulk-change' then jsonb_build_object('changed', items, 'skipped', coalesce(skipped, 0))
            when 'undo' then jsonb_build_object('undone', items, 'leftCount', coalesce(skipped, 0))
        end
        """;

    private const string Sql =
        $"""
        update job j set result = (select {Result} from (select j.kind, j.done as items, j.bytes, j.skipped) former) where j.state = 'succeeded' and j.result is null;
        update bulk_job set lane = domain where lane is null and kind in ('bulk-change', 'undo') and not dry_run;
        update domain_usage set capacity_mb = capacity_mb - withheld_mb, withheld_mb = 0 where withheld_mb > 0;
        """;

    /// <summary>Adds the columns that results had in the table of jobs.</summary>
    public static void AddColumns(Table job)
    {
        job.AddColumn<long>("bytes");
        job.AddColumn<long>("skipped");
    }
}
