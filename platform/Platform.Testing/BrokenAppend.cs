using Npgsql;

namespace Hikyaku.Platform.Testing;

/// <summary>What Marten leaves where the transaction of an append broke off after it had its numbers: a tombstone.</summary>
public static class BrokenAppend
{
    /// <summary>Leaves one in a database of events.</summary>
    /// <param name="database">Its connection string.</param>
    public static async Task LeaveAsync(string database)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        await using var leave = new NpgsqlCommand(
            """
            insert into mt_streams (id, version) values ('mt_tombstone', 0);
            insert into mt_events (seq_id, id, stream_id, version, data, type, mt_dotnet_type)
            values (nextval('mt_events_sequence'), gen_random_uuid(), 'mt_tombstone', 1, '{}', 'tombstone', 'JasperFx.Events.Tombstone, JasperFx.Events')
            """, connection);
        await leave.ExecuteNonQueryAsync();
    }
}
