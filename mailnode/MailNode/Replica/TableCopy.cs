using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

/// <summary>The rows of a table of one replica, for the next one.</summary>
internal sealed record TableCopy(string Table, IReadOnlyList<string> Columns, IReadOnlyList<object?[]> Rows)
{
    /// <summary>Reads it; without rows when that replica has no such table.</summary>
    public static TableCopy Of(SqliteConnection replica, string table)
    {
        var columns = ColumnsOf(replica, table);
        return columns.Count == 0 ? new(table, [], []) : new(table, columns, replica.All($"SELECT {string.Join(", ", columns)} FROM {table}", r =>
        {
            var row = new object?[columns.Count];
            for (var i = 0; i < row.Length; i++) row[i] = r.IsDBNull(i) ? null : r.GetValue(i);
            return row;
        }));
    }

    /// <summary>Adds the rows, with the columns that both replicas have; a row that the new form does not allow is left out.</summary>
    public void Into(SqliteConnection replica)
    {
        var there = ColumnsOf(replica, Table);
        int[] both = [.. Enumerable.Range(0, Columns.Count).Where(i => there.Contains(Columns[i]))];
        if (both.Length == 0) return;
        var insert = $"INSERT OR IGNORE INTO {Table} ({string.Join(", ", both.Select(i => Columns[i]))}) VALUES ({string.Join(", ", both.Select((_, place) => $"${place + 1}"))})";
        foreach (var row in Rows) replica.Run(insert, [.. both.Select(i => row[i])]);
    }

    private static List<string> ColumnsOf(SqliteConnection replica, string table) => replica.All("SELECT name FROM pragma_table_info($1)", r => r.GetString(0), table);
}
