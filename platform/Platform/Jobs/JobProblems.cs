using System.Globalization;
using System.Text.Json;
using Marten;
using Npgsql;
using Weasel.Postgresql.Tables;

namespace Hikyaku.Platform;

/// <summary>One thing that is wrong with what was asked for, as the API shows it.</summary>
/// <param name="Line">The physical line where the record starts; the header is 1.</param>
/// <param name="Column">The column; absent where it is the whole line or file.</param>
/// <param name="Code">Stable, like those of refusals.</param>
/// <param name="Detail">In the reader's language; never a password.</param>
public sealed record JobError(int Line, string? Column, string Code, string Detail);

/// <summary>One thing that is wrong with what was asked for, before anybody reads of it.</summary>
/// <param name="Line">The physical line where the record starts; the header is 1.</param>
/// <param name="Column">The column; null where it is the whole line or file.</param>
/// <param name="Code">Why; one of <see cref="ServiceJobs.Codes"/>.</param>
/// <param name="Args">What the text's placeholders stand for. Never a password.</param>
public sealed record JobProblem(int Line, string? Column, ProblemCode Code, IReadOnlyList<(string Name, object Value)> Args);

/// <summary>
/// What was wrong with what failed jobs were asked to do, kept as codes and what stands in their texts, so that everybody reads
/// it in their own language. Addresses may be among it, so it is kept for <see cref="Kept"/> only, and not longer than its account.
/// </summary>
public sealed class JobProblems(NpgsqlDataSource database, ServiceJobs jobs)
{
    /// <summary>The most of one job; the rest is counted.</summary>
    public const int Most = 1000;

    /// <summary>How long they are kept.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromDays(30);

    private readonly Dictionary<string, ProblemCode> _codes = jobs.Codes.ToDictionary(c => c.Code, StringComparer.Ordinal);

    /// <summary>The table, one row a job.</summary>
    public static Table Table()
    {
        var table = new Table("job_problems");
        table.AddColumn<string>("job_id").AsPrimaryKey();
        table.AddColumn("problems", "jsonb").NotNull();
        table.AddColumn<long>("more").NotNull();
        table.AddColumn<DateTimeOffset>("at").NotNull();
        return table;
    }

    /// <summary>Keeps them in the session's transaction; a job that was interrupted there keeps its first.</summary>
    public static void Store(IDocumentSession session, string job, IEnumerable<JobProblem> problems, long more, DateTimeOffset now)
    {
        var kept = problems.Select(p => new Stored(
            p.Line, p.Column, p.Code.Code, p.Args.ToDictionary(a => a.Name, a => Convert.ToString(a.Value, CultureInfo.InvariantCulture)!)));
        session.QueueSqlCommand(
            "insert into job_problems (job_id, problems, more, at) values (?, ?::jsonb, ?, ?) on conflict (job_id) do nothing",
            job, JsonSerializer.Serialize(kept), more, now);
    }

    /// <summary>How many a job has, those that are only counted included.</summary>
    public static async Task<long?> CountAsync(IQuerySession session, string job, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(session);
        await using var command = new NpgsqlCommand("select jsonb_array_length(problems) + more from job_problems where job_id = $1");
        command.Parameters.Add(new() { Value = job });
        await using var row = await session.ExecuteReaderAsync(command, stop);
        return await row.ReadAsync(stop) ? row.GetInt64(0) : null;
    }

    /// <summary>The job with what was wrong with its file, worded in a language.</summary>
    public async Task<JobView> ShowAsync(JobView job, CultureInfo language, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(job);
        if (job.State != JobStates.Failed) return job;
        await using var command = database.CreateCommand("select problems, more from job_problems where job_id = $1");
        command.Parameters.Add(new() { Value = job.Id });
        await using var row = await command.ExecuteReaderAsync(stop);
        if (!await row.ReadAsync(stop)) return job;
        var errors = JsonSerializer.Deserialize<List<Stored>>(row.GetString(0))!;
        return job with { Errors = [.. errors.Select(e => Worded(e, language))], MoreErrors = row.GetInt64(1) is > 0 and var more ? more : null };
    }

    /// <summary>Forgets, in the session's transaction, what names addresses that are nobody's any more (rule OPS-6): it is only counted from now on.</summary>
    public static void Forget(IDocumentSession session, IReadOnlyCollection<string> addresses)
    {
        ArgumentNullException.ThrowIfNull(addresses);
        string[] gone = [.. addresses], domains = [.. addresses.Select(a => a[(a.IndexOf('@', StringComparison.Ordinal) + 1)..]).Distinct()];
        session.QueueSqlCommand(
            """
            with judged as (
                select p.job_id, coalesce(jsonb_agg(problem order by place) filter (where not names), '[]') as kept, count(*) filter (where names) as gone
                from job_problems p
                join job j on j.id = p.job_id and j.domain = any(?),
                jsonb_array_elements(p.problems) with ordinality as e(problem, place),
                lateral (select exists (select 1 from jsonb_each_text(problem -> 'Args') where lower(value) = any(?)) as names) n
                group by p.job_id)
            update job_problems p set problems = judged.kept, more = p.more + judged.gone from judged where judged.job_id = p.job_id and judged.gone > 0
            """,
            domains, gone);
    }

    /// <summary>Removes what is too old.</summary>
    public async Task ForgetAsync(DateTimeOffset now, CancellationToken stop)
    {
        await using var command = database.CreateCommand("delete from job_problems where at < $1");
        command.Parameters.Add(new() { Value = now - Kept });
        await command.ExecuteNonQueryAsync(stop);
    }

    private JobError Worded(Stored problem, CultureInfo language)
    {
        var args = problem.Args.Select(a => (a.Key, (object)a.Value)).ToArray();
        return new(problem.Line, problem.Column, problem.Code, Problems.Text(new(_codes[problem.Code], problem.Column, args), language));
    }

    private sealed record Stored(int Line, string? Column, string Code, Dictionary<string, string> Args);
}
