using Hikyaku.Accounts.Undo;
using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.Accounts.Jobs;

/// <summary>A job as the API shows it.</summary>
/// <param name="Id">Opaque.</param>
/// <param name="Kind">One of <see cref="JobKinds"/>.</param>
/// <param name="State">queued, running, succeeded, failed or cancelled.</param>
/// <param name="Progress">How far it is, in accounts or messages.</param>
/// <param name="Stages">What it goes through, in order; absent where there is only one.</param>
/// <param name="Domain">The domain that everything of it is in.</param>
/// <param name="Account">The account that it is about, when it is one that still exists.</param>
/// <param name="Result">What came of it, once it has succeeded.</param>
/// <param name="Errors">What is wrong with what was asked for, in the reader's language, by line; at most 1,000, and absent in lists.</param>
/// <param name="MoreErrors">How many there are beside those; absent when there are none.</param>
/// <param name="Problems">How many things are wrong with what was asked for, once it has failed of that.</param>
/// <param name="Reference">For support, once it has failed by the platform's fault.</param>
/// <param name="DryRun">True when it only finds out what would happen; else absent.</param>
/// <param name="CreatedAt">When it was asked for.</param>
/// <param name="FinishedAt">When it ended; absent while it runs.</param>
public sealed record JobView(
    string Id, string Kind, string State, JobProgress Progress, IReadOnlyList<JobStage>? Stages, string Domain, string? Account, JobResult? Result,
    IReadOnlyList<JobError>? Errors, long? MoreErrors, long? Problems, string? Reference, bool? DryRun, DateTimeOffset CreatedAt, DateTimeOffset? FinishedAt)
{
    private const string Columns =
        """
        select j.id, j.kind, j.state, j.done, j.total, j.domain, l.address, j.bytes, j.reference, j.created_at, j.finished_at,
            j.skipped, j.dry_run, j.stage, j.problems
        from job j left join mail_account_list l on l.account_id = j.account_id and l.deletion_job is null
        """;

    /// <summary>A job that has just begun, as it will be read.</summary>
    public static JobView Begun(JobStarted job, string? account)
        => new(job.JobId, job.Kind, JobStates.Running, new(0, job.Total), null, job.Domain, account, null, null, null, null, null, null, job.At, null);

    /// <summary>A job that waits, as it will be read.</summary>
    public static JobView Waiting(JobQueued job) => new(
        job.JobId, job.Kind, JobStates.Queued, new(0, 0), JobStages.Of(job.Kind, job.DryRun, JobStates.Queued, null), job.Domain, null, null, null, null, null, null,
        job.DryRun ? true : null, job.At, null);

    /// <summary>
    /// Reads jobs that a caller may see: everything for operators, everything in their domains for administrators, for users
    /// what is about their own account.
    /// </summary>
    /// <param name="database">Where they are.</param>
    /// <param name="caller">Who asks.</param>
    /// <param name="rest">What comes after the condition; its parameters begin at $5.</param>
    /// <param name="values">The parameters of <paramref name="rest"/>.</param>
    /// <param name="stop">Stops it.</param>
    public static async Task<List<JobView>> ReadAsync(NpgsqlDataSource database, Caller caller, string rest, object[] values, CancellationToken stop)
    {
        await using var command = database.CreateCommand(
            $"{Columns} where ($1 or j.domain = any($2) or j.started_by = $3 or j.account_id = $4) {rest}");
        command.Parameters.Add(new() { Value = caller.Role == Roles.Operator });
        command.Parameters.Add(new() { Value = caller.Role == Roles.Admin ? caller.Domains.ToArray() : [] });
        command.Parameters.Add(new() { Value = caller.AccountId ?? caller.Login }); // never empty: that is who started the jobs of erased accounts
        command.Parameters.Add(new() { Value = caller.Role == Roles.User ? caller.AccountId! : "" });
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        var jobs = new List<JobView>();
        await using var row = await command.ExecuteReaderAsync(stop);
        while (await row.ReadAsync(stop)) jobs.Add(Read(row));
        return jobs;
    }

    private static JobView Read(NpgsqlDataReader row)
    {
        var (kind, state, done, dryRun) = (row.GetString(1), row.GetString(2), row.GetInt64(3), row.GetBoolean(12));
        long? bytes = row.IsDBNull(7) ? null : row.GetInt64(7);
        return new(
            row.GetString(0), kind, state, new(done, row.GetInt64(4)), JobStages.Of(kind, dryRun, state, row.IsDBNull(13) ? null : row.GetString(13)),
            row.GetString(5), row.IsDBNull(6) ? null : row.GetString(6),
            state == JobStates.Succeeded ? JobResult.Of(kind, done, bytes, row.IsDBNull(11) ? null : row.GetInt64(11)) : null, null, null,
            row.IsDBNull(14) ? null : row.GetInt64(14), row.IsDBNull(8) ? null : row.GetString(8), dryRun ? true : null,
            row.GetFieldValue<DateTimeOffset>(9), row.IsDBNull(10) ? null : row.GetFieldValue<DateTimeOffset>(10));
    }
}

/// <summary>How far a job is.</summary>
/// <param name="Done">Accounts or messages that are done.</param>
/// <param name="Total">How many there are; 0 until they are counted.</param>
public sealed record JobProgress(long Done, long Total);

/// <summary>What came of a job.</summary>
/// <param name="Deleted">How many accounts were deleted.</param>
/// <param name="Messages">How many messages were deleted.</param>
/// <param name="FreedBytes">What they took.</param>
/// <param name="Registered">How many accounts were registered; of a dry run: would be.</param>
/// <param name="Changed">How many accounts were changed; of a dry run: would be.</param>
/// <param name="Skipped">How many were left out as they do not exist, or whose password must not be set, as it was forced meanwhile.</param>
/// <param name="Undone">How many accounts an undo put back or deleted.</param>
/// <param name="LeftCount">How many it left as they are.</param>
/// <param name="Left">Those and why, 1,000 reasons at most; absent in lists.</param>
public sealed record JobResult(
    long? Deleted = null, long? Messages = null, long? FreedBytes = null, long? Registered = null, long? Changed = null, long? Skipped = null,
    long? Undone = null, long? LeftCount = null, IReadOnlyList<LeftAccount>? Left = null)
{
    /// <summary>What came of a job of a kind.</summary>
    public static JobResult Of(string kind, long done, long? bytes, long? skipped) => kind switch
    {
        JobKinds.AccountDeletion => new(Deleted: done),
        JobKinds.BulkRegistration => new(Registered: done),
        JobKinds.BulkChange => new(Changed: done, Skipped: skipped ?? 0),
        JobKinds.Undo => new(Undone: done, LeftCount: skipped ?? 0),
        _ => new(Messages: done, FreedBytes: bytes),
    };
}
