using System.Runtime.InteropServices;
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
/// </summary>
public sealed partial class Replica(NodeSettings settings, ILogger<Replica> logger) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1);
    private volatile TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SqliteConnection? _connection;
    private string? _identity;

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
        catch (SqliteException e)
        {
            LogUnreadable(e, settings.Replica); // stays for the servers until a list has made another
        }
    }

    /// <summary>Runs something in one transaction; it waits until there is a replica.</summary>
    public async Task<T> WriteAsync<T>(Func<SqliteConnection, T> write, CancellationToken stop = default)
    {
        while (true)
        {
            await WhenCompleteAsync().WaitAsync(stop);
            await _turn.WaitAsync(stop);
            try
            {
                if (_connection is not { } connection) continue; // lost meanwhile
                using var transaction = connection.BeginTransaction();
                var result = write(connection);
                transaction.Commit();
                return result;
            }
            finally
            {
                _turn.Release();
            }
        }
    }

    /// <summary>Makes the replica anew in another file, and puts it into its place.</summary>
    /// <param name="fill">Writes everything into the empty tables.</param>
    /// <param name="stop">Gives up.</param>
    public async Task ReplaceAsync(Action<SqliteConnection> fill, CancellationToken stop)
    {
        var made = settings.Replica + ".new";
        Remove(made);
        // Made here, not by SQLite, for its mode: the group reads it, others do not. Its group is the folder's (render.sh).
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
            connection.Run(Schema.Text);
            connection.Run("INSERT INTO replica VALUES ($1, $2)", Guid.NewGuid().ToString("N"), settings.Node);
            fill(connection);
            connection.Run($"PRAGMA user_version = {Schema.Version}");
            transaction.Commit();
        }

        await _turn.WaitAsync(stop);
        try
        {
            Forget();
            // A log of the old file must not be taken for the new one's.
            Remove(settings.Replica + "-wal", settings.Replica + "-shm");
            File.Move(made, settings.Replica, overwrite: true);
            Open();
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
            if (IsStillThere()) return;
            LogLost(settings.Replica);
            Forget();
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _connection?.Dispose();
        _turn.Dispose();
    }

    private bool IsStillThere()
    {
        if (!File.Exists(settings.Replica)) return false;
        try
        {
            using var other = new SqliteConnection($"Data Source={settings.Replica};Mode=ReadOnly;Pooling=False");
            other.Open();
            return other.One<string>("SELECT identity FROM replica") == _identity;
        }
        catch (SqliteException e)
        {
            LogUnreadable(e, settings.Replica);
            return false;
        }
    }

    private void Open()
    {
        var connection = Connect(settings.Replica);
        try
        {
            if (connection.One<long>("PRAGMA user_version") != Schema.Version)
            {
                LogOtherVersion(settings.Replica);
                connection.Dispose();
                return;
            }

            connection.Run("PRAGMA journal_mode = WAL");
            connection.Run("PRAGMA synchronous = FULL");
            _identity = connection.One<string>("SELECT identity FROM replica");
            // Written, so that -wal and -shm exist from now on.
            connection.Run("UPDATE replica SET identity = identity");
            KeepLogFiles(connection);
            _connection = connection;
            _complete.TrySetResult();
        }
        catch
        {
            connection.Dispose();
            throw;
        }
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

    private static void Remove(params string[] files)
    {
        foreach (var file in files) File.Delete(file);
    }

    private static void KeepLogFiles(SqliteConnection connection)
    {
        const int persistWal = 10; // SQLITE_FCNTL_PERSIST_WAL
        var on = 1;
        var result = FileControl(connection.Handle!, "main", persistWal, ref on);
        if (result != 0) throw new InvalidOperationException($"SQLite does not keep its log files: error {result}");
    }

    [DllImport("e_sqlite3", EntryPoint = "sqlite3_file_control", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory)]
    private static extern int FileControl(SafeHandle database, string name, int operation, ref int value);

    [LoggerMessage(1, LogLevel.Warning, "{File} cannot be read; it will be made anew from a list")]
    private partial void LogUnreadable(Exception e, string file);

    [LoggerMessage(2, LogLevel.Warning, "{File} is gone or is another file; it will be made anew from a list")]
    private partial void LogLost(string file);

    [LoggerMessage(3, LogLevel.Information, "{File} is of another version; it will be made anew from a list")]
    private partial void LogOtherVersion(string file);
}
