using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

/// <summary>What SQLite does with a database's files (https://www.sqlite.org/c3ref/c_fcntl_begin_atomic_write.html).</summary>
internal static class SqliteFile
{
    /// <summary>Keeps <c>-wal</c> and <c>-shm</c> when the last connection ends.</summary>
    public static void KeepLogFiles(SqliteConnection connection)
    {
        const int persistWal = 10; // SQLITE_FCNTL_PERSIST_WAL
        Control(connection, persistWal, 1);
    }

    /// <summary>
    /// Lets readers write the <c>-shm</c>, which tells where in the log a page is, though not the database. Who may not, and
    /// reads its head in the very moment in which a writer changes it, gets SQLITE_READONLY_RECOVERY instead of an answer
    /// (https://www.sqlite.org/rescode.html#readonly_recovery).
    /// </summary>
    public static void LetGroupUseLogIndex(string database)
    {
#pragma warning disable CA1416 // nodes are Linux machines
        File.SetUnixFileMode(database + "-shm", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite);
#pragma warning restore CA1416
    }

    /// <summary>Whether the file that a connection has open is no longer the one of that name.</summary>
    public static bool HasMoved(SqliteConnection connection)
    {
        const int hasMoved = 20; // SQLITE_FCNTL_HAS_MOVED
        return Control(connection, hasMoved, 0) != 0;
    }

    /// <summary>Whether an error says that a database is none, or not whole.</summary>
    public static bool IsDamage(SqliteException e)
    {
        const int corrupt = 11, notADatabase = 26, shortRead = 522; // SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_IOERR_SHORT_READ
        return e.SqliteErrorCode is corrupt or notADatabase || e.SqliteExtendedErrorCode == shortRead;
    }

    /// <summary>Whether an error says nothing of a database, but of this moment: somebody else, memory, the disk, open files.</summary>
    public static bool MayPass(SqliteException e)
    {
        const int busy = 5, locked = 6, noMemory = 7, inputOutput = 10, cannotOpen = 14; // SQLITE_BUSY, …
        return e.SqliteErrorCode is busy or locked or noMemory or inputOutput or cannotOpen && !IsDamage(e);
    }

    // Returns the value that the operation wrote into its argument.
    private static int Control(SqliteConnection connection, int operation, int argument)
    {
        var result = FileControl(connection.Handle!, "main", operation, ref argument);
        return result == 0 ? argument : throw new InvalidOperationException($"SQLite's file operation {operation} ended with error {result}");
    }

    [DllImport("e_sqlite3", EntryPoint = "sqlite3_file_control", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory)]
    private static extern int FileControl(SafeHandle database, string name, int operation, ref int value);
}
