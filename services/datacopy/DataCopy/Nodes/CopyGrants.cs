using System.Data.Common;
using System.Runtime.CompilerServices;
using Hikyaku.DataCopy.Contracts;
using Hikyaku.DataCopy.Copies;
using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.DataCopy.Nodes;

/// <summary>Whom nodes let into which mailbox, made of the snapshots: all of them for a list, some for the publisher.</summary>
public sealed class CopyGrants(NpgsqlDataSource database)
{
    private const string Accounts = "select m.data, s.version from mt_doc_account_copies m join mt_streams s on s.id = m.id";

    /// <summary>All of them, within a snapshot of the database.</summary>
    public async IAsyncEnumerable<object> All(NpgsqlConnection snapshot, long position, [EnumeratorCancellation] CancellationToken stop)
    {
        await using var accounts = new NpgsqlCommand(Accounts, snapshot);
        await using var row = await accounts.ExecuteReaderAsync(stop);
        while (await row.ReadAsync(stop)) yield return GrantOf(row, _ => position);
    }

    /// <summary>Those of some accounts.</summary>
    /// <param name="positions">The newest event's position of each account.</param>
    /// <param name="stop">Stops it.</param>
    public Task<List<CopyGrantState>> OfAsync(IReadOnlyDictionary<string, long> positions, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(positions);
        string[] keys = [.. positions.Keys];
        return database.ListAsync($"{Accounts:sql} where m.id = any({keys})", row => GrantOf(row, id => positions[id]), stop);
    }

    private static CopyGrantState GrantOf(DbDataReader row, Func<string, long> positionOf)
    {
        using var json = row.GetStream(0);
        var copies = EventStore.Serializer.FromJson<AccountCopies>(json);
        return new(copies.Id, copies.Current?.SecretHash, copies.Current?.ExpiresAt, row.GetInt64(1), positionOf(copies.Id), copies.Erased);
    }
}
