using System.Runtime.CompilerServices;
using Npgsql;

namespace Hikyaku.Verify;

/// <summary>Reads the rows of a query, however long it takes.</summary>
internal static class Rows
{
    /// <summary>The rows, one after the other.</summary>
    /// <param name="database">Where.</param>
    /// <param name="sql">This program's own.</param>
    /// <param name="values">Its parameters.</param>
    /// <param name="stop">Ends it.</param>
    public static async IAsyncEnumerable<NpgsqlDataReader> RowsAsync(this NpgsqlDataSource database, string sql, object[] values, [EnumeratorCancellation] CancellationToken stop)
    {
#pragma warning disable CA2100 // the callers' constants
        await using var command = database.CreateCommand(sql);
#pragma warning restore CA2100
        command.CommandTimeout = 0;
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        await using var row = await command.ExecuteReaderAsync(stop);
        while (await row.ReadAsync(stop)) yield return row;
    }
}
