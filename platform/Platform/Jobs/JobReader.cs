using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Hikyaku.Platform;

/// <summary>Adds to a job that is read alone what stands elsewhere and is worded for its reader.</summary>
public interface IJobDetails
{
    /// <summary>The job with what belongs to it; the same one when nothing does.</summary>
    Task<JobView> ShowAsync(JobView job, CultureInfo language, CancellationToken stop);
}

/// <summary>
/// Reads jobs. A caller sees what they have started and what is within their scope: operators everything, administrators what
/// is in their domains, users what is about their own account (ROLE-2).
/// </summary>
public sealed class JobReader(NpgsqlDataSource database, ServiceJobs jobs, JobProblems problems, IEnumerable<IJobDetails> details)
{
    private readonly string _select =
        $"""
        select j.id, j.kind, j.state, j.done, j.total, j.domain, l.address, j.result, j.reference, j.created_at, j.finished_at, j.dry_run, j.stage, j.problems, j.started_by, j.account_id
        from job j left join ({jobs.AccountNames}) l on l.account_id = j.account_id
        """;

    /// <summary>A job that the caller may see, with its errors and details, as they read it; null when there is none.</summary>
    public async Task<JobView?> FindAsync(string id, HttpContext http, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(http);
        var job = (await ReadAsync(http.Asking().Caller, "and j.id = $5", [id], stop)).SingleOrDefault();
        if (job is null) return null;
        var language = Problems.LanguageOf(http.Request);
        job = await problems.ShowAsync(job, language, stop);
        foreach (var more in details) job = await more.ShowAsync(job, language, stop);
        return job;
    }

    /// <summary>Jobs that a caller may see.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="rest">What comes after the condition, of the table <c>j</c>; its parameters begin at $5.</param>
    /// <param name="values">The parameters of <paramref name="rest"/>.</param>
    /// <param name="stop">Stops it.</param>
    public async Task<List<JobView>> ReadAsync(Caller caller, string rest, object[] values, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(values);
        await using var command = database.CreateCommand($"{_select} where ($1 or j.domain = any($2) or j.started_by = $3 or j.account_id = $4) {rest}");
        command.Parameters.Add(new() { Value = caller.Role == Roles.Operator });
        command.Parameters.Add(new() { Value = caller.Role == Roles.Admin ? caller.Domains.ToArray() : [] });
        command.Parameters.Add(new() { Value = caller.AccountId ?? caller.Login }); // never empty: that is who started the jobs of erased accounts
        command.Parameters.Add(new() { Value = caller.Role == Roles.User ? caller.AccountId! : "" });
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        var found = new List<JobView>();
        await using var row = await command.ExecuteReaderAsync(stop);
        while (await row.ReadAsync(stop)) found.Add(Read(row));
        return found;
    }

    /// <summary>Those of some jobs that have ended, whoever may see them.</summary>
    internal async Task<List<EndedJob>> EndedAsync(string[] ids, CancellationToken stop)
    {
        await using var command = database.CreateCommand($"{_select} where j.id = any($1) and j.finished_at is not null order by j.finished_at, j.id");
        command.Parameters.Add(new() { Value = ids });
        var found = new List<EndedJob>();
        await using var row = await command.ExecuteReaderAsync(stop);
        while (await row.ReadAsync(stop)) found.Add(new(Read(row), row.GetString(14), row.IsDBNull(15) ? null : row.GetString(15)));
        return found;
    }

    private JobView Read(NpgsqlDataReader row)
    {
        var (kind, state, dryRun) = (jobs.Kind(row.GetString(1)), row.GetString(2), row.GetBoolean(11));
        return new(
            row.GetString(0), kind.Name, state, new(row.GetInt64(3), row.GetInt64(4)), JobStage.Of(kind.Stages(dryRun), state, row.IsDBNull(12) ? null : row.GetString(12)),
            row.GetString(5), row.IsDBNull(6) ? null : row.GetString(6),
            state == JobStates.Succeeded && !row.IsDBNull(7) ? JsonSerializer.Deserialize(row.GetString(7), kind.Result, Answer.Json) : null, null, null,
            row.IsDBNull(13) ? null : row.GetInt64(13), row.IsDBNull(8) ? null : row.GetString(8), dryRun ? true : null,
            row.GetFieldValue<DateTimeOffset>(9), row.IsDBNull(10) ? null : row.GetFieldValue<DateTimeOffset>(10));
    }
}
