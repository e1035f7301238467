using Hikyaku.Accounts.Domains;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Accounts.Storage;
using JasperFx;
using JasperFx.Events;
using Marten;
using Npgsql;
using Weasel.Core;

namespace Hikyaku.Verify;

/// <summary>
/// The history of the accounts service: every event can be read, versions run from 1 without a gap, and every stream folds
/// with the service's own code. What comes out is what the read models must say. One stream at a time is in memory.
/// </summary>
internal sealed class AccountsHistory(IDocumentStore store, NpgsqlDataSource database)
{
    private const string Where = "history";

    private static readonly Dictionary<string, Type> Types = EventNames.All.ToDictionary(e => e.Value, e => e.Key);

    private readonly IReadOnlyList<StreamKind> _kinds = StreamKind.All(store);

    /// <summary>How much was looked at.</summary>
    public string Counted { get; private set; } = "";

    /// <summary>The service's store, which changes nothing.</summary>
    public static IDocumentStore Open(NpgsqlDataSource database) => DocumentStore.For(options =>
    {
        options.Connection(database);
        options.UseSystemTextJsonForSerialization(EnumStorage.AsString);
        options.DisableNpgsqlLogging = true;
        options.AutoCreateSchemaObjects = AutoCreate.None;
        options.Events.StreamIdentity = StreamIdentity.AsString;
        AccountsStore.Configure(options);
    });

    /// <summary>Looks at all streams, and at the read models that follow from them.</summary>
    public async Task LookAsync(Findings findings, DateTimeOffset until, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        await using var snapshot = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, stop);
        var (streams, events) = (0, 0L);
        var usage = new DomainTotals();
        await using (var command = new NpgsqlCommand(StreamRow.Sql(_kinds), connection) { CommandTimeout = 0 })
        await using (var reader = await command.ExecuteReaderAsync(stop))
        {
            while (await reader.ReadAsync(stop))
            {
                var row = StreamRow.Read(reader, _kinds);
                (streams, events) = (streams + 1, events + row.Events.Count);
                var folded = Fold(row, findings);
                ReadModels.Compare(folded, row, store.Options.Serializer(), findings);
                if (folded.State is MailAccount account) usage.Add(account);
                if (folded.State is Domain domain) usage.Add(domain);
            }
        }

        Counted = $"{streams} streams of {events} events";
        await usage.CompareAsync(connection, findings, stop);
        await Strays.LookAsync(connection, _kinds, findings, stop);
    }

    private FoldedStream Fold(StreamRow row, Findings findings)
    {
        var versions = row.Events.Select(e => e.Version).ToList();
        if (!versions.SequenceEqual(Enumerable.Range(1, versions.Count).Select(v => (long)v))) findings.Add(Where, row.Key, "its events' versions do not run from 1 without a gap");
        findings.Compare(Where, row.Key, "the stream's version", row.Version, versions.Count == 0 ? 0 : versions[^1]);
        var read = new List<object>();
        foreach (var e in row.Events)
        {
            if (TryRead(e, out var data)) read.Add(data!);
            else findings.Add(Where, row.Key, $"event {e.Version} ({e.Type}) cannot be read");
        }

        var kind = read.Count == 0 ? null : _kinds.FirstOrDefault(k => k.Events.Contains(read[0].GetType()));
        if (read.Count < row.Events.Count || kind is null) return new(kind, null, read);
        try
        {
            return new(kind, read.Aggregate((object?)null, kind.Evolve), read);
        }
        // The service's code throws these for events that do not belong together.
        catch (Exception e) when (e is InvalidOperationException or NullReferenceException or ArgumentException)
        {
            findings.Add(Where, row.Key, $"it does not fold: {e.Message}");
            return new(kind, null, read);
        }
    }

    private bool TryRead(StoredEvent e, out object? data)
    {
        data = null;
        if (!Types.TryGetValue(e.Type, out var type)) return false;
        try
        {
            using var json = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(e.Json));
            data = store.Options.Serializer().FromJson(type, json);
            return data is not null;
        }
        catch (System.Text.Json.JsonException)
        {
            return false; // the caller reports it
        }
    }
}

/// <summary>A stream and what it adds up to.</summary>
/// <param name="Kind">Null when its first event is of no known kind.</param>
/// <param name="State">Null when it does not fold.</param>
/// <param name="Events">Those that could be read.</param>
internal sealed record FoldedStream(StreamKind? Kind, object? State, IReadOnlyList<object> Events);
