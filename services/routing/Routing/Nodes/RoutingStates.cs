using System.Runtime.CompilerServices;
using Hikyaku.Platform;
using Hikyaku.Routing.Contracts;
using Hikyaku.Routing.Mailboxes;
using Hikyaku.Routing.Scripts;
using Npgsql;

namespace Hikyaku.Routing.Nodes;

/// <summary>The present states that nodes obey, made of the snapshots: all of them for a list, some for the publisher.</summary>
public sealed class RoutingStates(NpgsqlDataSource database, RoutingSettings settings)
{
    private const string Rows = "select m.data, s.version from mt_doc_mailbox_routing m join mt_streams s on s.id = m.id";

    /// <summary>All of them, within a snapshot of the database.</summary>
    public async IAsyncEnumerable<object> All(NpgsqlConnection snapshot, long position, [EnumeratorCancellation] CancellationToken stop)
    {
        await using var command = new NpgsqlCommand(Rows, snapshot);
        await using var row = await command.ExecuteReaderAsync(stop);
        while (await row.ReadAsync(stop)) yield return StateOf(row, _ => position);
    }

    /// <summary>Those of some accounts.</summary>
    /// <param name="positions">The newest event's position of each account.</param>
    /// <param name="stop">Stops it.</param>
    public async Task<Dictionary<string, RoutingState>> OfAsync(IReadOnlyDictionary<string, long> positions, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(positions);
        await using var command = database.CreateCommand($"{Rows} where m.id = any($1)");
        command.Parameters.Add(new() { Value = positions.Keys.ToArray() });
        await using var row = await command.ExecuteReaderAsync(stop);
        var states = new Dictionary<string, RoutingState>();
        while (await row.ReadAsync(stop))
        {
            var state = StateOf(row, id => positions[id]);
            states[state.AccountId] = state;
        }

        return states;
    }

    private RoutingState StateOf(NpgsqlDataReader row, Func<string, long> positionOf)
    {
        using var json = row.GetStream(0);
        var routing = EventStore.Serializer.FromJson<MailboxRouting>(json);
        return Of(routing, row.GetInt64(1), positionOf(routing.Id));
    }

    /// <summary>The state of one account as nodes are told.</summary>
    /// <param name="routing">What is set.</param>
    /// <param name="version">Of the stream.</param>
    /// <param name="position">Of the newest event.</param>
    public RoutingState Of(MailboxRouting routing, long version, long position)
    {
        ArgumentNullException.ThrowIfNull(routing);
        var forwards = routing.Rules.SelectMany(r => r.Destinations.Select(d => new Forward(r.Condition == Conditions.All ? SieveScript.AllRules : r.Number, d)))
            .OrderBy(f => f.Rule).ThenBy(f => f.Destination, StringComparer.Ordinal);
        return new(routing.Id, routing.Reception, routing.Autoreply is not null, SieveScript.Of(routing, settings), [.. forwards], version, position, routing.Erased);
    }
}
