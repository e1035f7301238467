using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

/// <summary>Statements in one line, with the parameters $1, $2, … in order.</summary>
internal static class SqliteStatements
{
    /// <summary>Runs one; answers how many rows it changed.</summary>
    public static int Run(this SqliteConnection connection, string sql, params object?[] parameters)
    {
        using var command = connection.Prepare(sql, parameters);
        return command.ExecuteNonQuery();
    }

    /// <summary>The first column of the first row; default when there is no row or it is NULL.</summary>
    public static T? One<T>(this SqliteConnection connection, string sql, params object?[] parameters)
    {
        using var command = connection.Prepare(sql, parameters);
        using var row = command.ExecuteReader();
        return row.Read() && !row.IsDBNull(0) ? row.GetFieldValue<T>(0) : default;
    }

    /// <summary>All rows.</summary>
    public static List<T> All<T>(this SqliteConnection connection, string sql, Func<SqliteDataReader, T> read, params object?[] parameters)
    {
        using var command = connection.Prepare(sql, parameters);
        using var row = command.ExecuteReader();
        var all = new List<T>();
        while (row.Read()) all.Add(read(row));
        return all;
    }

    private static SqliteCommand Prepare(this SqliteConnection connection, string sql, object?[] parameters)
    {
        // CreateCommand enlists the command in the connection's transaction.
        var command = connection.CreateCommand();
#pragma warning disable CA2100 // every text is a constant of this project
        command.CommandText = sql;
#pragma warning restore CA2100
        for (var i = 0; i < parameters.Length; i++)
            command.Parameters.AddWithValue(string.Create(CultureInfo.InvariantCulture, $"${i + 1}"), parameters[i] ?? DBNull.Value);
        return command;
    }
}
