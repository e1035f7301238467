using System.Text.Json;
using Hikyaku.Copier;
using Microsoft.Data.Sqlite;

namespace Hikyaku.CopyMailbox;

/// <summary>
/// A journal in a file. It survives the death of the process at any moment; only a failure of the machine's power may take the last entries
/// with it.
/// </summary>
public sealed class SqliteJournal : ICopyJournal, IAsyncDisposable
{
    private const string Tables = """
        pragma journal_mode = wal;
        pragma synchronous = normal;
        create table if not exists copied (folder text, validity integer, uid integer, digest text, primary key (folder, validity, uid)) without rowid;
        create index if not exists copied_by_digest on copied (digest, folder);
        create table if not exists intent (id text primary key, json text);
        create table if not exists mark (folder text primary key, validity integer, next integer);
        """;

    private readonly SqliteConnection _connection;

    // Two connections to the source are copied from at once, and a connection to SQLite serves one thread at a time.
    private readonly SemaphoreSlim _turn = new(1);

    private SqliteJournal(SqliteConnection connection) => _connection = connection;

    /// <summary>Opens the file, which is made when it is not there.</summary>
    public static SqliteJournal Open(string file)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ToString());
        connection.Open();
        var journal = new SqliteJournal(connection);
        journal.Run(Tables);
        return journal;
    }

    /// <inheritdoc/>
    public Task<IReadOnlySet<uint>> CopiedAsync(string folder, uint uidValidity, IReadOnlyCollection<uint> uids, CancellationToken stop)
        => InTurnAsync<IReadOnlySet<uint>>(() =>
        {
            var wanted = uids.ToHashSet();
            if (wanted.Count == 0) return wanted;
            using var command = Command("select uid from copied where folder = $0 and validity = $1 and uid between $2 and $3", folder, uidValidity, wanted.Min(), wanted.Max());
            using var rows = command.ExecuteReader();
            var copied = new HashSet<uint>();
            while (rows.Read()) copied.Add((uint)rows.GetInt64(0));
            copied.IntersectWith(wanted);
            return copied;
        }, stop);

    /// <inheritdoc/>
    public Task<IReadOnlySet<uint>> AdoptAsync(string folder, uint uidValidity, IReadOnlyList<IntendedMessage> messages, CancellationToken stop)
        => AdoptAsync("folder = $3 and validity <> $0", folder, uidValidity, messages, null, stop);

    /// <inheritdoc/>
    public Task<IReadOnlySet<uint>> AdoptRenamedAsync(string folder, uint uidValidity, IReadOnlyList<IntendedMessage> messages, IReadOnlyCollection<string> present, CancellationToken stop)
        => AdoptAsync("folder not in (select value from json_each($4))", folder, uidValidity, messages, JsonSerializer.Serialize(present), stop);

    /// <inheritdoc/>
    public Task IntendAsync(CopyIntent intent, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(intent);
        return InTurnAsync(() => Run("insert into intent values ($0, $1)", intent.Id.ToString(), JsonSerializer.Serialize(intent)), stop);
    }

    /// <inheritdoc/>
    public Task SettleAsync(Guid intent, bool written, CancellationToken stop) => InTurnAsync(() =>
    {
        if (written)
        {
            var settled = Intents("where id = $0", intent.ToString()).Single();
            foreach (var message in settled.Messages)
                Run("insert into copied values ($0, $1, $2, $3)", settled.SourceFolder, settled.SourceUidValidity, message.Uid, message.Digest);
        }

        return Run("delete from intent where id = $0", intent.ToString());
    }, stop);

    /// <inheritdoc/>
    public Task<IReadOnlyList<CopyIntent>> OpenAsync(CancellationToken stop) => InTurnAsync<IReadOnlyList<CopyIntent>>(() => [.. Intents("")], stop);

    /// <inheritdoc/>
    public Task<IReadOnlyDictionary<string, int>> CountAsync(IReadOnlyCollection<string> digests, CancellationToken stop)
        => InTurnAsync<IReadOnlyDictionary<string, int>>(() => digests.Distinct().ToDictionary(d => d, d =>
        {
            using var command = Command("select count(*) from copied where digest = $0", d);
            return (int)(long)command.ExecuteScalar()!;
        }), stop);

    /// <inheritdoc/>
    public Task MarkAsync(IReadOnlyDictionary<string, FolderMark> marks, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(marks);
        return InTurnAsync(() =>
        {
            Run("delete from mark");
            foreach (var (folder, mark) in marks) Run("insert into mark values ($0, $1, $2)", folder, mark.UidValidity, mark.UidNext);
            return 0;
        }, stop);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyDictionary<string, FolderMark>> MarksAsync(CancellationToken stop) => InTurnAsync<IReadOnlyDictionary<string, FolderMark>>(() =>
    {
        using var command = Command("select folder, validity, next from mark");
        using var rows = command.ExecuteReader();
        var marks = new Dictionary<string, FolderMark>();
        while (rows.Read()) marks.Add(rows.GetString(0), new((uint)rows.GetInt64(1), (uint)rows.GetInt64(2)));
        return marks;
    }, stop);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        _turn.Dispose();
    }

    private Task<IReadOnlySet<uint>> AdoptAsync(string former, string folder, uint uidValidity, IReadOnlyList<IntendedMessage> messages, string? present, CancellationToken stop)
        => InTurnAsync<IReadOnlySet<uint>>(() =>
        {
            var adopted = new HashSet<uint>();
            var one = $"update copied set folder = $3, validity = $0, uid = $1 where (folder, validity, uid) = (select folder, validity, uid from copied where digest = $2 and {former} limit 1)";
            foreach (var message in messages)
            {
                if (Run(one, uidValidity, message.Uid, message.Digest, folder, present ?? "[]") == 1) adopted.Add(message.Uid);
            }

            return adopted;
        }, stop);

    private IEnumerable<CopyIntent> Intents(string where, params object[] values)
    {
        using var command = Command($"select json from intent {where}", values);
        using var rows = command.ExecuteReader();
        while (rows.Read()) yield return JsonSerializer.Deserialize<CopyIntent>(rows.GetString(0))!;
    }

    // As one transaction.
    private async Task<T> InTurnAsync<T>(Func<T> work, CancellationToken stop)
    {
        await _turn.WaitAsync(stop);
        try
        {
            Run("begin");
            try
            {
                var result = work();
                Run("commit");
                return result;
            }
            catch
            {
                Run("rollback");
                throw;
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    private int Run(string sql, params object[] values)
    {
        using var command = Command(sql, values);
        return command.ExecuteNonQuery();
    }

    private SqliteCommand Command(string sql, params object[] values)
    {
        var command = _connection.CreateCommand();
#pragma warning disable CA2100 // all texts are written here
        command.CommandText = sql;
#pragma warning restore CA2100
        for (var i = 0; i < values.Length; i++) command.Parameters.AddWithValue($"${i}", values[i] is uint number ? (long)number : values[i]);
        return command;
    }
}
