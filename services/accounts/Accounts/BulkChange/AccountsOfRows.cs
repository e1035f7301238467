using Hikyaku.Accounts.MailAccounts;
using Marten;
using Npgsql;

namespace Hikyaku.Accounts.BulkChange;

/// <summary>Finds and locks the accounts that the rows of a bulk change are about.</summary>
internal static class AccountsOfRows
{
    /// <summary>The accounts that are there, by address.</summary>
    public static async Task<Dictionary<string, MailAccount>> ReadAsync(IQuerySession session, IEnumerable<ChangedAccount> rows, CancellationToken stop)
    {
        var reservations = await session.LoadManyAsync<AddressReservation>(stop, rows.Select(r => r.Address).ToArray());
        var ids = reservations.Where(r => r is { BeingDeleted: false, ReservedBy: null }).Select(r => r.AccountId).ToArray();
        var accounts = await session.LoadManyAsync<MailAccount>(stop, ids);
        return accounts.Where(a => a.DeletionJob is null).ToDictionary(a => a.Address, StringComparer.Ordinal);
    }

    /// <summary>The capacities of the accounts that are there and whose rows name a capacity, by address.</summary>
    public static async Task<Dictionary<string, int>> CapacitiesAsync(IQuerySession session, string domain, List<ChangedAccount> rows, CancellationToken stop)
    {
        await using var command = new NpgsqlCommand("select address, capacity_mb from mail_account_list where domain = $1 and address = any($2) and deletion_job is null");
        command.Parameters.Add(new() { Value = domain });
        command.Parameters.Add(new() { Value = rows.Where(r => r.CapacityMb is not null).Select(r => r.Address).ToArray() });
        var capacities = new Dictionary<string, int>(StringComparer.Ordinal);
        await using var row = await session.ExecuteReaderAsync(command, stop);
        while (await row.ReadAsync(stop)) capacities[row.GetString(0)] = row.GetInt32(1);
        return capacities;
    }

    /// <summary>Those of some accounts that were created after a position: after the change was committed, so the file was not written for them.</summary>
    public static async Task<HashSet<string>> CreatedAfterAsync(IQuerySession session, IEnumerable<string> ids, long position, CancellationToken stop)
    {
        await using var command = new NpgsqlCommand("select stream_id from mt_events where stream_id = any($1) and version = 1 and seq_id > $2");
        command.Parameters.Add(new() { Value = ids.ToArray() });
        command.Parameters.Add(new() { Value = position });
        var later = new HashSet<string>(StringComparer.Ordinal);
        await using var row = await session.ExecuteReaderAsync(command, stop);
        while (await row.ReadAsync(stop)) later.Add(row.GetString(0));
        return later;
    }

    /// <summary>Takes the rows of streams until the end of the session's transaction, which whoever appends takes first; in one order for all.</summary>
    public static async Task LockAsync(IDocumentSession session, IEnumerable<string> ids, CancellationToken stop)
    {
        await using var command = new NpgsqlCommand("select id from mt_streams where id = any($1) order by id for update");
        command.Parameters.Add(new() { Value = ids.ToArray() });
        await using var row = await session.ExecuteReaderAsync(command, stop);
        while (await row.ReadAsync(stop)) { }
    }
}
