using Marten;
using Npgsql;
using Weasel.Postgresql.Tables;

namespace Hikyaku.Accounts.Jobs;

/// <summary>What a bulk job counts on its way, in its row of <c>bulk_job</c>.</summary>
/// <param name="DefaultMb">What an account gets whose row names no capacity: decided once, however long the job runs.</param>
/// <param name="ReservedRows">How many rows have their address and room.</param>
/// <param name="ReservedAccounts">How many accounts are counted in <c>domain_usage</c> and do not exist yet.</param>
/// <param name="ReservedMb">Room that is counted in <c>domain_usage</c> and is not an account's yet.</param>
/// <param name="AppliedRows">How many rows are done.</param>
/// <param name="Changed">How many accounts were changed.</param>
/// <param name="Skipped">How many were left out.</param>
public sealed record BulkNumbers(int DefaultMb, int ReservedRows, int ReservedAccounts, long ReservedMb, int AppliedRows, int Changed, int Skipped)
{
    private const string Columns = "default_mb, reserved_rows, reserved_accounts, reserved_mb, applied_rows, changed, skipped";

    /// <summary>Adds the columns to the table of jobs that wait for workers.</summary>
    public static void AddColumns(Table table)
    {
        foreach (var column in Columns.Split(", ").Where(c => c != "reserved_mb")) table.AddColumn<int>(column).NotNull().DefaultValue(0);
        table.AddColumn<long>("reserved_mb").NotNull().DefaultValue(0);
        table.AddColumn("row_order", "integer[]"); // of a bulk change that is committed: see RowOrder
    }

    /// <summary>The numbers of a job, as a session sees them.</summary>
    public static async Task<BulkNumbers> ReadAsync(IQuerySession session, string job, CancellationToken stop)
    {
        await using var command = new NpgsqlCommand($"select {Columns} from bulk_job where id = $1");
        command.Parameters.Add(new() { Value = job });
        await using var row = await session.ExecuteReaderAsync(command, stop);
        return await row.ReadAsync(stop)
            ? new(row.GetInt32(0), row.GetInt32(1), row.GetInt32(2), row.GetInt64(3), row.GetInt32(4), row.GetInt32(5), row.GetInt32(6))
            : throw new Platform.LeaseLostException();
    }
}
