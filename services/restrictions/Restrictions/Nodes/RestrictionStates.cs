using System.Data.Common;
using System.Runtime.CompilerServices;
using Hikyaku.Platform;
using Hikyaku.Restrictions.Accounts;
using Hikyaku.Restrictions.Contracts;
using Hikyaku.Restrictions.Sources;
using Npgsql;

namespace Hikyaku.Restrictions.Nodes;

/// <summary>The present states that nodes obey, made of the snapshots: all of them for a list, some for the publisher.</summary>
public sealed class RestrictionStates(NpgsqlDataSource database)
{
    private const string Accounts = "select m.data, s.version from mt_doc_account_standing m join mt_streams s on s.id = m.id";
    private const string Sources = "select m.data, s.version from mt_doc_source_standing m join mt_streams s on s.id = m.id";

    /// <summary>All of them, within a snapshot of the database.</summary>
    public async IAsyncEnumerable<object> All(NpgsqlConnection snapshot, long position, [EnumeratorCancellation] CancellationToken stop)
    {
        await using (var accounts = new NpgsqlCommand(Accounts, snapshot))
        await using (var row = await accounts.ExecuteReaderAsync(stop))
            while (await row.ReadAsync(stop)) yield return AccountOf(row, _ => position).State;
        await using var sources = new NpgsqlCommand(Sources, snapshot);
        await using var source = await sources.ExecuteReaderAsync(stop);
        while (await source.ReadAsync(stop)) yield return SourceOf(source, _ => position).State;
    }

    /// <summary>Those of some streams, by the stream's key.</summary>
    /// <param name="positions">The newest event's position of each stream.</param>
    /// <param name="stop">Stops it.</param>
    public async Task<IReadOnlyList<(string Key, object State)>> OfAsync(IReadOnlyDictionary<string, long> positions, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(positions);
        string[] keys = [.. positions.Keys];
        var accounts = await database.ListAsync($"{Accounts:sql} where m.id = any({keys})", row => AccountOf(row, id => positions[id]), stop);
        var sources = await database.ListAsync($"{Sources:sql} where m.id = any({keys})", row => SourceOf(row, id => positions[id]), stop);
        return [.. accounts, .. sources];
    }

    /// <summary>The addresses of some accounts, by their ids; without those that are gone.</summary>
    public async Task<IReadOnlyDictionary<string, string>> AddressesAsync(string[] accounts, CancellationToken stop)
        => accounts.Length == 0 ? new Dictionary<string, string>() : (await database.ListAsync(
            $"select id, data ->> 'Address' from mt_doc_account_standing where id = any({accounts}) and coalesce(data ->> 'Address', '') <> '' and data ->> 'Erased' = 'false'",
            row => (row.GetString(0), row.GetString(1)), stop)).ToDictionary(a => a.Item1, a => a.Item2);

    private static (string Key, object State) AccountOf(DbDataReader row, Func<string, long> positionOf)
    {
        using var json = row.GetStream(0);
        var standing = EventStore.Serializer.FromJson<AccountStanding>(json);
        var blocks = standing.Restrictions.OrderBy(r => r.Reference, StringComparer.Ordinal)
            .Select(r => new Block(r.Kind, r.Network, r.Until, r.Reference, RestrictionTexts.ForClients(r.Kind, r.Reference)));
        var known = standing.Restrictions.SelectMany(r => r.KnownNetworks).Distinct().Order(StringComparer.Ordinal);
        return (standing.Id, new RestrictionState(standing.Id, [.. blocks], [.. known], [.. standing.Decided.Select(Decided).OrderBy(d => d.Node, StringComparer.Ordinal).ThenBy(d => d.QueueId, StringComparer.Ordinal)], row.GetInt64(1), positionOf(standing.Id), standing.Erased));
    }

    private static DecidedMail Decided(DecidedMessage message)
    {
        var colon = message.Name.IndexOf(':', StringComparison.Ordinal);
        return new(message.Name[..colon], message.Name[(colon + 1)..], message.IsReleased);
    }

    private static (string Key, object State) SourceOf(DbDataReader row, Func<string, long> positionOf)
    {
        using var json = row.GetStream(0);
        var source = EventStore.Serializer.FromJson<SourceStanding>(json);
        // One that is released is told as a tombstone; its time says nothing then.
        return (source.Id, new SourceState(
            source.Network, source.Until ?? source.Since, source.Reference, RestrictionTexts.ForClients(Kinds.AccountLocked, source.Reference), source.KnownAccounts,
            row.GetInt64(1), positionOf(source.Id), source.Until is null));
    }
}
