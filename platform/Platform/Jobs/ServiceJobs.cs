using Weasel.Postgresql.Tables;

namespace Hikyaku.Platform;

/// <summary>What a service says of its jobs.</summary>
/// <param name="Service">The service's name, with which the ids of its jobs begin.</param>
/// <param name="Kinds">What its jobs do.</param>
public sealed record ServiceJobs(string Service, params IReadOnlyList<JobKind> Kinds)
{
    /// <summary>Every code that a problem in what was asked for may have, and its texts.</summary>
    public IReadOnlyList<ProblemCode> Codes { get; init; } = [];

    /// <summary>The table of the jobs that workers have to do: <see cref="JobWork"/>.</summary>
    public string WorkTable { get; init; } = "job_work";

    /// <summary>Adds the service's own columns to that table, with default values.</summary>
    public Action<Table>? WorkColumns { get; init; }

    /// <summary>SQL of the accounts that jobs may be shown with: a select of <c>account_id</c> and <c>address</c>.</summary>
    public string AccountNames { get; init; } = "select null::text as account_id, null::text as address";

    /// <summary>Columns of the table of jobs that only an earlier release wrote.</summary>
    public Action<Table>? FormerColumns { get; init; }

    /// <summary>
    /// SQL of the result, as jsonb, of a job whose end was stored without one: an expression of <c>kind</c>, <c>items</c>,
    /// <c>bytes</c> and <c>skipped</c>.
    /// </summary>
    public string FormerResult { get; init; } = "null::jsonb";

    /// <summary>An id for a new job.</summary>
    public string NewId() => $"{Service}-{Guid.CreateVersion7():N}";

    /// <summary>The kind of a name.</summary>
    public JobKind Kind(string name)
        => Kinds.FirstOrDefault(k => k.Name == name) ?? throw new InvalidOperationException($"{Service} has no jobs of the kind {name}");
}
