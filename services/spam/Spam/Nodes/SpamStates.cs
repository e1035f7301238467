using System.Data.Common;
using System.Runtime.CompilerServices;
using Hikyaku.Platform;
using Hikyaku.Spam.Accounts;
using Hikyaku.Spam.Contracts;
using Hikyaku.Spam.Domains;
using Npgsql;

namespace Hikyaku.Spam.Nodes;

/// <summary>The present states that nodes obey, made of the snapshots: all of them for a list, some for the publisher.</summary>
public sealed class SpamStates(NpgsqlDataSource database)
{
    private const string Accounts = "select m.data, s.version from mt_doc_account_spam m join mt_streams s on s.id = m.id";
    private const string Domains = "select m.data, s.version from mt_doc_domain_standing m join mt_streams s on s.id = m.id";

    /// <summary>All of them, within a snapshot of the database.</summary>
    public async IAsyncEnumerable<object> All(NpgsqlConnection snapshot, long position, [EnumeratorCancellation] CancellationToken stop)
    {
        await using (var accounts = new NpgsqlCommand(Accounts, snapshot))
        await using (var row = await accounts.ExecuteReaderAsync(stop))
            while (await row.ReadAsync(stop)) yield return AccountOf(row, _ => position).State;
        await using var domains = new NpgsqlCommand(Domains, snapshot);
        await using var standing = await domains.ExecuteReaderAsync(stop);
        while (await standing.ReadAsync(stop)) yield return DomainOf(standing, _ => position).State;
    }

    /// <summary>Those of some streams, by the stream's key.</summary>
    /// <param name="positions">The newest event's position of each stream.</param>
    /// <param name="stop">Stops it.</param>
    public async Task<IReadOnlyList<(string Key, object State)>> OfAsync(IReadOnlyDictionary<string, long> positions, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(positions);
        string[] keys = [.. positions.Keys];
        var accounts = await database.ListAsync($"{Accounts:sql} where m.id = any({keys})", row => AccountOf(row, id => positions[id]), stop);
        var domains = await database.ListAsync($"{Domains:sql} where m.id = any({keys})", row => DomainOf(row, id => positions[id]), stop);
        return [.. accounts, .. domains];
    }

    private static (string Key, object State) AccountOf(DbDataReader row, Func<string, long> positionOf)
    {
        using var json = row.GetStream(0);
        var spam = EventStore.Serializer.FromJson<AccountSpam>(json);
        return (spam.Id, new SpamState(spam.Id, spam.TagSubject, spam.SortToJunk, row.GetInt64(1), positionOf(spam.Id), spam.Erased));
    }

    private static (string Key, object State) DomainOf(DbDataReader row, Func<string, long> positionOf)
    {
        using var json = row.GetStream(0);
        var standing = EventStore.Serializer.FromJson<DomainStanding>(json);
        return (standing.Id, new DomainStandingState(standing.Domain, standing.InForce, row.GetInt64(1), positionOf(standing.Id), Deleted: false));
    }
}
