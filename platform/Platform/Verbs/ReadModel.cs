using Npgsql;

namespace Hikyaku.Platform;

/// <summary>What a rebuild repaired in a table.</summary>
/// <param name="Table">Its name.</param>
/// <param name="Changed">Rows that said something else than the history.</param>
/// <param name="Added">Rows that were missing.</param>
/// <param name="Removed">Rows that no event accounts for.</param>
public sealed record Repair(string Table, int Changed, int Added, int Removed);

/// <summary>A table that follows from the history.</summary>
/// <param name="Table">Its name.</param>
/// <param name="Key">The columns by which a row is known.</param>
/// <param name="Kept">Columns that are measured or ticked off: no event says them, so a row that is there keeps its own.</param>
public sealed record ReadModel(string Table, string[] Key, string[] Kept)
{
    /// <summary>The table of a stream's snapshots; what Marten notes beside state and version does not matter.</summary>
    internal static ReadModel OfSnapshots(string table) => new(table, ["id"], ["mt_last_modified", "mt_dotnet_type"]);

    /// <summary>Gives the table the rows of its namesake in a schema; rows that are right are not written.</summary>
    internal async Task<Repair> RepairAsync(NpgsqlConnection session, string schema, CancellationToken stop)
    {
        var columns = await ColumnsAsync(session, stop);
        var compared = columns.Except(Key).Except(Kept).ToList();
        var same = string.Join(" and ", Key.Select(k => $"o.{k} = n.{k}"));
        var removed = await ExecuteAsync(session, $"delete from public.{Table} o where not exists (select 1 from {schema}.{Table} n where {same})", stop);
        var changed = await ExecuteAsync(
            session,
            $"""
            update public.{Table} o set {List(compared, c => $"{c} = n.{c}")} from {schema}.{Table} n
            where {same} and row({List(compared, c => $"o.{c}")}) is distinct from row({List(compared, c => $"n.{c}")})
            """, stop);
        var added = await ExecuteAsync(
            session,
            $"""
            insert into public.{Table} ({List(columns, c => c)}) select {List(columns, c => $"n.{c}")} from {schema}.{Table} n
            where not exists (select 1 from public.{Table} o where {same})
            """, stop);
        return new(Table, changed, added, removed);
    }

    private static string List(IEnumerable<string> columns, Func<string, string> text) => string.Join(", ", columns.Select(text));

    private async Task<List<string>> ColumnsAsync(NpgsqlConnection session, CancellationToken stop)
    {
        await using var command = new NpgsqlCommand("select attname::text from pg_attribute where attrelid = ('public.' || $1)::regclass and attnum > 0 and not attisdropped", session);
        command.Parameters.Add(new() { Value = Table });
        var columns = new List<string>();
        await using var row = await command.ExecuteReaderAsync(stop);
        while (await row.ReadAsync(stop)) columns.Add(row.GetString(0));
        return columns;
    }

    private static async Task<int> ExecuteAsync(NpgsqlConnection session, string sql, CancellationToken stop)
    {
#pragma warning disable CA2100 // all that is put together here are names of this program's tables and columns
        await using var command = new NpgsqlCommand(sql, session);
#pragma warning restore CA2100
        return await command.ExecuteNonQueryAsync(stop);
    }
}
