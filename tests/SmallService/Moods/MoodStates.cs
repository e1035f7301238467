using Hikyaku.Moods.Contracts;
using Npgsql;

namespace Hikyaku.Moods;

/// <summary>The present states that nodes obey, read from the tables: all of them for a list, some for the publisher.</summary>
internal static class MoodStates
{
    private const string Rows = "select m.id, m.data ->> 'Current', s.version from mt_doc_mood m join mt_streams s on s.id = m.id";

    public static async IAsyncEnumerable<object> All(
        NpgsqlConnection snapshot, long position, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken stop)
    {
        await using var command = new NpgsqlCommand(Rows, snapshot);
        await using var row = await command.ExecuteReaderAsync(stop);
        while (await row.ReadAsync(stop)) yield return State(row, position);
    }

    public static async Task<Dictionary<string, MoodState>> OfAsync(NpgsqlDataSource database, IReadOnlyDictionary<string, long> positions, CancellationToken stop)
    {
        await using var command = database.CreateCommand($"{Rows} where m.id = any($1)");
        command.Parameters.Add(new() { Value = positions.Keys.ToArray() });
        await using var row = await command.ExecuteReaderAsync(stop);
        var states = new Dictionary<string, MoodState>();
        while (await row.ReadAsync(stop)) states[row.GetString(0)] = State(row, positions[row.GetString(0)]);
        return states;
    }

    private static MoodState State(NpgsqlDataReader row, long position)
        => new(row.GetString(0), row.GetString(1), row.GetInt64(2), position, Deleted: row.GetString(1).Length == 0);
}
