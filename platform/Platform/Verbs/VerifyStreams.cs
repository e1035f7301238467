using System.Data.Common;
using JasperFx;
using JasperFx.Events.Projections;
using Marten;
using Npgsql;

namespace Hikyaku.Platform;

/// <summary>
/// The verb <c>verify</c>: every event of a service can be read, versions run from 1 without a gap, every stream folds with the
/// service's own code, and snapshots and read models say what comes out. One look reads one snapshot of the database; one stream
/// at a time is in memory.
/// </summary>
public sealed class VerifyStreams
{
    private readonly ServiceVerbs _verbs;
    private readonly NpgsqlDataSource _database;
    private readonly IDocumentStore _store;
    private readonly IReadOnlyList<IStreamKind> _kinds;
    private readonly Dictionary<string, Type> _types;
    private string _counted = "";

    private VerifyStreams(ServiceVerbs verbs, NpgsqlDataSource database, IDocumentStore store)
    {
        (_verbs, _database, _store) = (verbs, database, store);
        _kinds = IStreamKind.AllOf(store);
        _types = store.Options.Events.AllKnownEventTypes().ToDictionary(e => e.EventTypeName, e => e.EventType);
    }

    /// <summary>Verifies a service.</summary>
    /// <param name="verbs">What the service says.</param>
    /// <param name="postgres">The connection string of its database; reading is enough.</param>
    /// <param name="wait">How long a disagreement may take to go away. Zero: the first look counts.</param>
    /// <param name="stop">Stops it.</param>
    public static async Task<Outcome> RunAsync(ServiceVerbs verbs, string postgres, TimeSpan wait, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(verbs);
        await using var database = NpgsqlDataSource.Create(postgres);
        await using var store = Open(verbs, database);
        var verify = new VerifyStreams(verbs, database, store);
        var found = await Looks.SettledAsync((findings, _, s) => verify.LookAsync(findings, s), wait, stop);
        return new(found, verify._counted);
    }

    /// <summary>The service's store, which changes nothing.</summary>
    public static IDocumentStore Open(ServiceVerbs verbs, NpgsqlDataSource database)
    {
        ArgumentNullException.ThrowIfNull(verbs);
        return DocumentStore.For(options =>
        {
            EventStore.Configure(options);
            options.Connection(database);
            options.AutoCreateSchemaObjects = AutoCreate.None;
            verbs.Store(options, ProjectionLifecycle.Inline);
        });
    }

    private async Task LookAsync(Findings findings, CancellationToken stop)
    {
        await using var connection = await _database.OpenConnectionAsync(stop);
        await using var snapshot = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, stop);
        var checks = _verbs.Checks();
        var erased = await ErasedAsync(connection, stop);
        var snapshots = new SnapshotComparison(_store, checks);
        var (streams, events) = (0, 0L);
#pragma warning disable CA2100 // the service's own columns and joins
        await using (var command = new NpgsqlCommand(StreamRow.Sql([.. _kinds.Select(k => k.TableIn(_store))], checks), connection) { CommandTimeout = 0 })
#pragma warning restore CA2100
        await using (var reader = await command.ExecuteReaderAsync(stop))
        {
            while (await reader.ReadAsync(stop))
            {
                var row = StreamRow.Read(reader, _kinds);
                (streams, events) = (streams + 1, events + row.Events.Count);
                var stream = Fold(row, findings);
                if (stream.State is null) continue; // the fault in the history is reported already
                snapshots.Compare(stream, row, findings);
                checks.Compare(stream, reader, findings);
                if (erased.Contains(row.Key)) LookForPerson(stream, findings);
            }
        }

        _counted = $"{streams} streams of {events} events";
        await checks.CompareOthersAsync(connection, findings, stop);
        foreach (var question in PlatformQuestions.Of(_store, _kinds).Concat(_verbs.Questions)) await AskAsync(question, connection, findings, stop);
    }

    private FoldedStream Fold(StreamRow row, Findings findings)
    {
        var versions = row.Events.Select(e => e.Version).ToList();
        if (!versions.SequenceEqual(Enumerable.Range(1, versions.Count).Select(v => (long)v)))
            findings.Add(StreamChecks.History, row.Key, "its events' versions do not run from 1 without a gap");
        findings.Compare(StreamChecks.History, row.Key, "the stream's version", row.Version, versions.Count == 0 ? 0 : versions[^1]);
        var read = new List<object>();
        foreach (var e in row.Events)
        {
            if (TryRead(e, out var data)) read.Add(data!);
            else findings.Add(StreamChecks.History, row.Key, $"event {e.Version} ({e.Type}) cannot be read");
        }

        var kind = read.Count == 0 ? null : _kinds.FirstOrDefault(k => k.Events.Contains(read[0].GetType()));
        if (read.Count < row.Events.Count || kind is null) return new(row.Key, kind, null, read);
        try
        {
            return new(row.Key, kind, read.Aggregate((object?)null, kind.Evolve), read);
        }
        // Evolve throws these for events that do not belong together.
        catch (Exception e) when (e is InvalidOperationException or NullReferenceException or ArgumentException)
        {
            findings.Add(StreamChecks.History, row.Key, $"it does not fold: {e.Message}");
            return new(row.Key, kind, null, read);
        }
    }

    private bool TryRead(StoredEvent e, out object? data)
    {
        data = null;
        if (!_types.TryGetValue(e.Type, out var type)) return false;
        try
        {
            using var json = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(e.Json));
            data = _store.Options.Serializer().FromJson(type, json);
            return data is not null;
        }
        catch (System.Text.Json.JsonException)
        {
            return false; // the caller reports it
        }
    }

    private static void LookForPerson(FoldedStream stream, Findings findings)
    {
        foreach (var e in stream.Events)
        {
            foreach (var field in PersonalDataMask.MaskOf(e.GetType()).Select(m => m.Key).Where(f => e.GetType().GetProperty(f)!.GetValue(e) is string { Length: > 0 }))
                findings.Add(StreamChecks.History, stream.Key, $"its account is deleted and {e.GetType().Name}.{field} still tells of a person");
        }
    }

    // The ids of erased accounts, if the service takes part in deletions.
    private static async Task<HashSet<string>> ErasedAsync(NpgsqlConnection snapshot, CancellationToken stop)
    {
        var erased = new HashSet<string>(StringComparer.Ordinal);
        await using var exists = new NpgsqlCommand("select to_regclass('erased_account') is not null", snapshot);
        if (!(bool)(await exists.ExecuteScalarAsync(stop))!) return erased;
        await using var command = new NpgsqlCommand("select account_id from erased_account", snapshot);
        await using var row = await command.ExecuteReaderAsync(stop);
        while (await row.ReadAsync(stop)) erased.Add(row.GetString(0));
        return erased;
    }

    private static async Task AskAsync(Question question, NpgsqlConnection snapshot, Findings findings, CancellationToken stop)
    {
#pragma warning disable CA2100 // the platform's and the service's own
        await using var command = new NpgsqlCommand($"{question.Sql} limit {Findings.Most}", snapshot) { CommandTimeout = 0 };
#pragma warning restore CA2100
        await using DbDataReader row = await command.ExecuteReaderAsync(stop);
        while (await row.ReadAsync(stop)) findings.Add(question.Where, row.GetString(0), question.What);
    }
}
