using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.Accounts.MailAccounts;

/// <summary>Reads one account for an answer.</summary>
public sealed class MailAccountReader(NpgsqlDataSource database, NodeLeases leases)
{
    // One statement, so that the state and the newest event, by which inForce is judged, belong together.
    private const string Sql =
        """
        select l.address, l.domain, l.comment, l.capacity_mb, l.life, l.credential_id, l.created_at, l.used_bytes, e.version, e.seq_id, l.password_forcibly_changed
        from mail_account_list l, lateral (select version, seq_id from mt_events where stream_id = l.account_id order by version desc limit 1) e
        where l.account_id = $1 and l.deletion_job is null
        """;

    /// <summary>An account, what its mailbox takes, its stream's version, and the position of its newest event.</summary>
    public sealed record Row(MailAccount Account, long UsedBytes, long Version, long Position);

    /// <summary>Reads an account; null when there is none.</summary>
    public async Task<Row?> ReadAsync(string accountId, CancellationToken stop)
    {
        await using var command = database.CreateCommand(Sql);
        command.Parameters.Add(new() { Value = accountId });
        await using var row = await command.ExecuteReaderAsync(stop);
        if (!await row.ReadAsync(stop)) return null;
        var account = new MailAccount
        {
            Id = accountId,
            Address = row.GetString(0),
            Domain = row.GetString(1),
            Comment = row.IsDBNull(2) ? null : row.GetString(2),
            CapacityMb = row.GetInt32(3),
            Life = row.GetInt32(4),
            CredentialId = row.IsDBNull(5) ? null : row.GetString(5),
            CreatedAt = row.GetFieldValue<DateTimeOffset>(6),
            PasswordForciblyChanged = row.GetBoolean(10),
        };
        return new(account, row.GetInt64(7), row.GetInt64(8), row.GetInt64(9));
    }

    /// <summary>Whether every node that counts obeys what was read (NOD-5): asked anew each time.</summary>
    public Task<bool> IsInForceAsync(Row row, CancellationToken stop) => leases.IsInForceAsync(row.Account.Id, row.Position, stop);
}
