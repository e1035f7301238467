using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

/// <summary>
/// The node's own copy of what its mail servers must know: one SQLite file, written by the agent alone and read by Dovecot
/// and Postfix. It is there only when it is complete: a first list is gathered in another file, and until that one has its
/// place the servers answer "try again later" instead of "no such user".
/// <para>
/// WAL, so that nobody waits for a writer. <c>synchronous=FULL</c>, because a state that was acknowledged to the broker and
/// told to the services is not sent again. Readers have no right to write and so cannot make the <c>-wal</c> and
/// <c>-shm</c> files: these are kept when the agent ends (SQLITE_FCNTL_PERSIST_WAL).
/// </para>
/// <para>
/// A file that was removed, exchanged, overwritten or damaged by somebody else is no replica any more, and neither is an older
/// copy that was put there while no agent ran (<see cref="ReplicaMark"/>): a list makes a new one. What was to be told is kept.
/// </para>
/// </summary>
public sealed partial class Replica(NodeSettings settings, Schema schema, FormerSessions formerSessions, ILogger<Replica> logger) : IDisposable
{
    private const int ChangesInLog = 500; // about 1,000 pages, SQLite's own measure

    private readonly SemaphoreSlim _turn = new(1);
    private volatile TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SqliteConnection? _connection;
    private ReplicaMark _now = new("", 0);
    private DateTime _fileWrittenAt;
    private List<FactOutbox.Waiting> _unsent = [];
    private IReadOnlyList<TableCopy> _notes = [];
    private bool _wasLost;
    private int _notSeen;
    private long _changesCopied;

    /// <summary>Names the replica that is there; each that is made has a name of its own. Empty before the first.</summary>
    public string Identity => _now.Identity;

    /// <summary>Whether there is a replica that was completed by a list once.</summary>
    public bool IsComplete => _complete.Task.IsCompleted;

    /// <summary>Waits until there is one.</summary>
    public Task WhenCompleteAsync() => _complete.Task;

    /// <summary>Opens what an earlier run left, if it is of this version and whole.</summary>
    public void OpenExisting()
    {
        if (!File.Exists(settings.Replica)) return;
        try
        {
            Open();
        }
        catch (Exception e) when (e is SqliteException or InvalidDataException)
        {
            LogUnreadable(e, settings.Replica); // the servers go on reading it until a list has made a new one
        }
    }

    /// <summary>Runs something in one transaction; it waits until there is a replica.</summary>
    public async Task<T> WriteAsync<T>(Func<SqliteConnection, T> write, CancellationToken stop = default)
    {
        while (true)
        {
            await WhenCompleteAsync().WaitAsync(stop);
            if (await TryWriteAsync(write, stop) is (true, var result)) return result!;
        }
    }

    /// <summary>Runs something in one transaction if there is a replica: for whoever makes one when there is none.</summary>
    public async Task<(bool Done, T? Result)> TryWriteAsync<T>(Func<SqliteConnection, T> write, CancellationToken stop)
    {
        await _turn.WaitAsync(stop);
        try
        {
            if (_connection is not { } connection) return (false, default);
            if (IsItsOwn(connection)) return (true, Write(connection, write));
            Lose();
            return (false, default);
        }
        catch (SqliteException e) when (SqliteFile.IsDamage(e))
        {
            LogUnreadable(e, settings.Replica);
            Lose();
            throw; // the caller tries again and writes to the next replica
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Reads, without keeping writers waiting, what is on the disk now; throws when that is no replica.</summary>
    public T Read<T>(Func<SqliteConnection, T> read)
    {
        ArgumentNullException.ThrowIfNull(read);
        using var connection = ConnectToRead(settings);
        using var snapshot = connection.BeginTransaction(deferred: true);
        return read(connection);
    }

    /// <summary>Says that the replica cannot be relied on: there is none until a list has made a new one.</summary>
    public async Task LoseAsync(CancellationToken stop)
    {
        await _turn.WaitAsync(stop);
        try
        {
            Lose();
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Makes the replica anew in another file, and puts it into its place.</summary>
    /// <param name="fill">Writes everything into the empty tables.</param>
    /// <param name="stop">Gives up.</param>
    public async Task ReplaceAsync(Action<SqliteConnection> fill, CancellationToken stop)
    {
        var made = settings.Replica + ".new";
        Remove(made, made + "-journal"); // left by an agent that was killed
        // SQLite would create the file with another mode. The group, which is the folder's (render.sh), may read it; others may not.
#pragma warning disable CA1416 // nodes are Linux machines
        new FileStream(made, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead,
        }).Dispose();
#pragma warning restore CA1416
        using (var connection = Connect(made))
        {
            using var transaction = connection.BeginTransaction();
            connection.Run(schema.Text);
            connection.Run("INSERT INTO replica VALUES ($1, $2, 0)", Guid.NewGuid().ToString("N"), settings.Node);
            fill(connection);
            foreach (var fact in UnsentOfTheOld()) FactOutbox.Add(connection, fact);
            foreach (var table in NotesOfTheOld()) table.Into(connection);
            formerSessions.End(connection, _wasLost);
            connection.Run($"PRAGMA user_version = {schema.Version}");
            transaction.Commit();
        }

        await _turn.WaitAsync(stop);
        try
        {
            Forget();
            // SQLite would apply the old file's log to the new file.
            Remove(settings.Replica + "-wal", settings.Replica + "-shm");
            File.Move(made, settings.Replica, overwrite: true);
            Remove(settings.ReplicaMark); // it marks the old file
            Open();
            (_unsent, _notes, _wasLost) = ([], [], false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Notices when the file was taken away or exchanged under the agent; then there is no replica any more.</summary>
    public async Task CheckAsync(CancellationToken stop)
    {
        if (!IsComplete) return;
        await _turn.WaitAsync(stop);
        try
        {
            if (_connection is not { } connection) return;
            if (IsItsOwn(connection) && IsStillThere()) Mark();
            else Lose();
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_connection is { } connection && IsItsOwn(connection)) Mark();
        _connection?.Dispose();
        _turn.Dispose();
    }

    private T Write<T>(SqliteConnection connection, Func<SqliteConnection, T> write)
    {
        using var transaction = connection.BeginTransaction();
        var before = connection.One<long>("SELECT total_changes()");
        var result = write(connection);
        var changes = connection.One<long>("SELECT total_changes()");
        if (changes != before) connection.Run("UPDATE replica SET writes = writes + 1");
        transaction.Commit();
        if (changes != before) _now = _now with { Writes = _now.Writes + 1 };
        if (changes - _changesCopied > ChangesInLog) CopyLogIntoFile(connection, changes);
        return result;
    }

    // The agent writes the file itself only here. If its time changes otherwise, even during a transaction, somebody else wrote it.
    private void CopyLogIntoFile(SqliteConnection connection, long changes)
    {
        if (!IsItsOwn(connection)) return; // the next write says so
        try
        {
            var (logged, copied) = connection.All("PRAGMA wal_checkpoint(PASSIVE)", r => (r.GetInt32(1), r.GetInt32(2))).Single();
            if (copied == logged) _changesCopied = changes; // otherwise a reader still needs the log
        }
        catch (SqliteException e) when (!SqliteFile.IsDamage(e))
        {
            LogNotCopied(e, settings.Replica); // a full disk, say: everything is in the log
        }
        finally
        {
            _fileWrittenAt = File.GetLastWriteTimeUtc(settings.Replica);
        }
    }

    // False if the file was removed, if another file has its name, or if somebody else wrote to it.
    private bool IsItsOwn(SqliteConnection connection)
        => !SqliteFile.HasMoved(connection) && File.GetLastWriteTimeUtc(settings.Replica) == _fileWrittenAt;

    // Compares what a reader finds with what this connection wrote: they differ if another log lies beside the file.
    private bool IsStillThere()
    {
        try
        {
            using var other = ConnectToRead(settings);
            var isIt = MarkOf(other) == _now;
            _notSeen = 0;
            return isIt;
        }
        catch (Exception e) when (e is SqliteException or InvalidDataException)
        {
            LogUnreadable(e, settings.Replica);
            return e is SqliteException sqlite && SqliteFile.MayPass(sqlite) && ++_notSeen < 6; // half a minute
        }
    }

    internal static ReplicaMark MarkOf(SqliteConnection connection)
        => connection.All("SELECT identity, writes FROM replica", r => new ReplicaMark(r.GetString(0), r.GetInt64(1))) is [var mark] ? mark
            : throw new InvalidDataException("The replica does not say which one it is");

    private void Mark()
    {
        try
        {
            _now.Write(settings.ReplicaMark);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNotMarked(e, settings.ReplicaMark); // the old mark is still true
        }
    }

    private void Open()
    {
        var connection = Connect(settings.Replica);
        try
        {
            if (connection.One<long>("PRAGMA user_version") != schema.Version)
            {
                LogOtherVersion(settings.Replica);
                connection.Dispose();
                return;
            }

            connection.Run("PRAGMA journal_mode = WAL");
            connection.Run("PRAGMA synchronous = FULL");
            connection.Run("PRAGMA wal_autocheckpoint = 0"); // CopyLogIntoFile
            if (ReplicaMark.Read(settings.ReplicaMark) is { } mark && mark.IsAheadOf(MarkOf(connection)))
            {
                LogOlderCopy(settings.Replica);
                connection.Dispose();
                return;
            }

            // SQLite creates -wal and -shm at the first write, and readers cannot create them.
            connection.Run("UPDATE replica SET writes = writes + 1");
            SqliteFile.LetGroupUseLogIndex(settings.Replica);
            _now = MarkOf(connection);
            _fileWrittenAt = File.GetLastWriteTimeUtc(settings.Replica);
            SqliteFile.KeepLogFiles(connection);
            Mark();
            (_connection, _changesCopied) = (connection, 0);
            _complete.TrySetResult();
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private void Lose()
    {
        if (_connection is null) return;
        _wasLost = true;
        LogLost(settings.Replica);
        try
        {
            _unsent = [.. _unsent, .. FactOutbox.All(_connection)]; // the connection can still read a file that has lost its name
            _notes = NotesOf(_connection);
        }
        catch (SqliteException e)
        {
            LogFactsLost(e, settings.Replica);
        }

        Forget();
    }

    private void Forget()
    {
        if (IsComplete) _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _connection?.Dispose();
        _connection = null;
    }

    private static SqliteConnection Connect(string file)
    {
        var connection = new SqliteConnection($"Data Source={file};Mode=ReadWrite;Pooling=False;Default Timeout=30");
        connection.Open();
        return connection;
    }

    internal static SqliteConnection ConnectToRead(NodeSettings settings)
    {
        var connection = new SqliteConnection($"Data Source={settings.Replica};Mode=ReadOnly;Pooling=False;Default Timeout=30");
        connection.Open();
        return connection;
    }

    private static void Remove(params string[] files) => Array.ForEach(files, File.Delete);
}
