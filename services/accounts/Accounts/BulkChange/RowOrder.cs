using Hikyaku.Accounts.Domains;
using Hikyaku.Accounts.Jobs;
using Hikyaku.Platform;
using Marten;
using Npgsql;

namespace Hikyaku.Accounts.BulkChange;

/// <summary>
/// In which order a committed bulk change does its rows: those that give room back first, so that the others find it. The order
/// is stored with the commit, as capacities change while the job runs and a worker that takes it over must go on in the same one.
/// </summary>
public static class RowOrder
{
    /// <summary>The places of the rows in the file, in the order in which they are done; pure.</summary>
    /// <param name="rows">The rows of the file.</param>
    /// <param name="present">The capacities of the accounts that are there, by address.</param>
    /// <param name="done">How many rows of the file are done already: they stay first.</param>
    public static int[] Of(IReadOnlyList<ChangedAccount> rows, IReadOnlyDictionary<string, int> present, int done = 0)
        => [.. Enumerable.Range(0, rows.Count).OrderBy(i => i < done ? 0 : GivesBack(rows[i], present) ? 1 : 2)]; // stable

    /// <summary>Stores the order in the session's transaction.</summary>
    public static void Store(IDocumentSession session, string job, int[] order)
        => session.QueueSqlCommand("update bulk_job set row_order = ? where id = ?", order, job);

    /// <summary>The rows of a committed job in their order.</summary>
    public static async Task<List<ChangedAccount>> ApplyAsync(JobSteps steps, LeasedJob job, List<ChangedAccount> rows, CancellationToken stop)
    {
        await using var step = await steps.BeginAsync(job, stop);
        var order = await ReadAsync(step.Session, job.Id, stop) ?? await FindAsync(step, rows, stop);
        return [.. order.Select(i => rows[i])];
    }

    // A job that a release before 2026-11-28 has committed was done in the order of the file until now.
    private static async Task<int[]> FindAsync(JobStep step, List<ChangedAccount> rows, CancellationToken stop)
    {
        await DomainUsage.LockAsync(step.Session, step.Job.Domain, stop);
        var present = await AccountsOfRows.CapacitiesAsync(step.Session, step.Job.Domain, rows, stop);
        var order = Of(rows, present, (await BulkNumbers.ReadAsync(step.Session, step.Job.Id, stop)).AppliedRows);
        Store(step.Session, step.Job.Id, order);
        await step.SaveAsync(stop);
        return order;
    }

    private static async Task<int[]?> ReadAsync(IQuerySession session, string job, CancellationToken stop)
    {
        await using var command = new NpgsqlCommand("select row_order from bulk_job where id = $1");
        command.Parameters.Add(new() { Value = job });
        await using var row = await session.ExecuteReaderAsync(command, stop);
        return await row.ReadAsync(stop) && !await row.IsDBNullAsync(0, stop) ? await row.GetFieldValueAsync<int[]>(0, stop) : null;
    }

    private static bool GivesBack(ChangedAccount row, IReadOnlyDictionary<string, int> present)
        => row.CapacityMb is { } mb && present.TryGetValue(row.Address, out var now) && mb < now;
}
