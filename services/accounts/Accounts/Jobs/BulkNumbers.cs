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
/// <param name="ReadAs">In which encoding the file is read, where it may be meant in another one, too; else null.</param>
public sealed record BulkNumbers(int DefaultMb, int ReservedRows, int ReservedAccounts, long ReservedMb, int AppliedRows, int Changed, int Skipped, string? ReadAs)
{
    private const string Columns = "default_mb, reserved_rows, reserved_accounts, reserved_mb, applied_rows, changed, skipped, read_as";

    /// <summary>Adds the columns to the table of jobs that wait for workers.</summary>
    public static void AddColumns(Table table)
    {
        foreach (var column in Columns.Split(", ").Where(c => c is not "reserved_mb" and not "read_as")) table.AddColumn<int>(column).NotNull().DefaultValue(0);
        table.AddColumn<long>("reserved_mb").NotNull().DefaultValue(0);
        table.AddColumn<string>("read_as");
        table.AddColumn("row_order", "integer[]"); // of a bulk change that is committed: see RowOrder
    }

    /// <summary>The numbers of a job, as a session sees them.</summary>
    public static async Task<BulkNumbers> ReadAsync(IQuerySession session, string job, CancellationToken stop)
    {
        await using var command = new NpgsqlCommand($"select {Columns} from bulk_job where id = $1");
        command.Parameters.Add(new() { Value = job });
        await using var row = await session.ExecuteReaderAsync(command, stop);
        return await row.ReadAsync(stop)
            ? new(row.GetInt32(0), row.GetInt32(1), row.GetInt32(2), row.GetInt64(3), row.GetInt32(4), row.GetInt32(5), row.GetInt32(6), row.IsDBNull(7) ? null : row.GetString(7))
            : throw new Platform.LeaseLostException();
    }
}
