using System.Data.Common;
using Marten;
using Npgsql;

namespace Hikyaku.Platform;

/// <summary>
/// Statements of SQL written as interpolated strings: every value becomes a parameter, null too, so that no value is ever part of the
/// statement. What is no value, the name of a table or a list of columns, is written <c>{Columns:sql}</c> and must be the program's
/// own constant. Where PostgreSQL cannot tell the type of a parameter that may be null, the statement says it: <c>{reason}::text</c>.
/// </summary>
public static class Sql
{
    /// <summary>Makes a command; on no connection as long as nobody gives it one.</summary>
    public static NpgsqlCommand Command(FormattableString sql)
    {
        var command = new NpgsqlCommand();
#pragma warning disable CA2100 // all values are parameters
        command.CommandText = Fill(sql, command.Parameters);
#pragma warning restore CA2100
        return command;
    }

    /// <summary>Runs a statement.</summary>
    /// <returns>How many rows it has changed.</returns>
    public static async Task<int> ExecuteAsync(this NpgsqlDataSource database, FormattableString sql, CancellationToken stop)
    {
        await using var command = CommandOn(database, sql);
        return await command.ExecuteNonQueryAsync(stop);
    }

    /// <summary>Runs statements in one transaction.</summary>
    /// <returns>How many rows each has changed.</returns>
    public static async Task<IReadOnlyList<int>> ExecuteAllAsync(this NpgsqlDataSource database, IEnumerable<FormattableString> statements, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(database);
        ArgumentNullException.ThrowIfNull(statements);
        await using var batch = database.CreateBatch();
        foreach (var sql in statements)
        {
            var command = new NpgsqlBatchCommand();
#pragma warning disable CA2100 // all values are parameters
            command.CommandText = Fill(sql, command.Parameters);
#pragma warning restore CA2100
            batch.BatchCommands.Add(command);
        }

        await batch.ExecuteNonQueryAsync(stop);
        return [.. batch.BatchCommands.Cast<NpgsqlBatchCommand>().Select(c => c.RecordsAffected)];
    }

    /// <summary>Reads one value; the type's default when there is no row or it is null.</summary>
    public static async Task<T?> ValueAsync<T>(this NpgsqlDataSource database, FormattableString sql, CancellationToken stop)
    {
        await using var command = CommandOn(database, sql);
        return await command.ExecuteScalarAsync(stop) is T value ? value : default;
    }

    /// <summary>Reads all rows.</summary>
    public static async Task<List<T>> ListAsync<T>(this NpgsqlDataSource database, FormattableString sql, Func<DbDataReader, T> read, CancellationToken stop)
    {
        await using var command = CommandOn(database, sql);
        await using var row = await command.ExecuteReaderAsync(stop);
        return await ReadAsync(row, read, stop);
    }

    /// <summary>Reads the first row; null when there is none.</summary>
    public static async Task<T?> FirstAsync<T>(this NpgsqlDataSource database, FormattableString sql, Func<DbDataReader, T> read, CancellationToken stop) where T : class
        => (await database.ListAsync(sql, read, stop)).FirstOrDefault();

    /// <summary>Runs a statement now, in the session's transaction where one is begun.</summary>
    public static async Task ExecuteAsync(this IDocumentSession session, FormattableString sql, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(session);
        await using var command = Command(sql);
        await session.ExecuteAsync(command, stop);
    }

    /// <summary>Reads all rows, in the session's transaction where one is begun.</summary>
    public static async Task<List<T>> ListAsync<T>(this IQuerySession session, FormattableString sql, Func<DbDataReader, T> read, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(session);
        await using var command = Command(sql);
        await using var row = await session.ExecuteReaderAsync(command, stop);
        return await ReadAsync(row, read, stop);
    }

    /// <summary>Reads the first row, in the session's transaction where one is begun; null when there is none.</summary>
    public static async Task<T?> FirstAsync<T>(this IQuerySession session, FormattableString sql, Func<DbDataReader, T> read, CancellationToken stop) where T : class
        => (await session.ListAsync(sql, read, stop)).FirstOrDefault();

    /// <summary>A column of text that may be null.</summary>
    public static string? TextOrNull(this DbDataReader row, int column)
    {
        ArgumentNullException.ThrowIfNull(row);
        return row.IsDBNull(column) ? null : row.GetString(column);
    }

    private static NpgsqlCommand CommandOn(NpgsqlDataSource database, FormattableString sql)
    {
        ArgumentNullException.ThrowIfNull(database);
        var command = database.CreateCommand();
#pragma warning disable CA2100 // all values are parameters
        command.CommandText = Fill(sql, command.Parameters);
#pragma warning restore CA2100
        return command;
    }

    private static async Task<List<T>> ReadAsync<T>(DbDataReader row, Func<DbDataReader, T> read, CancellationToken stop)
    {
        var rows = new List<T>();
        while (await row.ReadAsync(stop)) rows.Add(read(row));
        return rows;
    }

    private static string Fill(FormattableString sql, NpgsqlParameterCollection parameters)
    {
        ArgumentNullException.ThrowIfNull(sql);
        return string.Format(null, sql.Format, [.. sql.GetArguments().Select(a => new Part(a, parameters))]);
    }

    // string.Format formats each argument once, in the order of the statement.
    private sealed class Part(object? value, NpgsqlParameterCollection parameters) : IFormattable
    {
        public string ToString(string? format, IFormatProvider? formatProvider)
        {
            if (format == "sql") return (string)value!;
            if (format is not null) throw new FormatException($"A value has no format: {format}");
            parameters.Add(new NpgsqlParameter { Value = value ?? DBNull.Value });
            return $"${parameters.Count}";
        }
    }
}
