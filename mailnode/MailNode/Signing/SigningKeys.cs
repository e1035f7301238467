using Hikyaku.Accounts.Contracts;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

/// <summary>
/// Keeps a file for each domain with the key that signs its mail, for Rspamd (rspamd/signing.lua), which must not read the replica: it
/// parses what strangers write, and password hashes are in there. Which files are to be written or removed stands in the replica,
/// written with the change itself (<see cref="DomainPart"/>), so that a crash between the two forgets none.
/// </summary>
public sealed partial class SigningKeys(NodeSettings settings, Replica replica, ILogger<SigningKeys> logger)
{
    private const int AtOnce = 500;
    private const string NewFile = "~"; // no domain ends so; one that was left is removed as an unknown domain's

    private const string Due =
        """
        SELECT k.domain, CASE WHEN d.served AND d.deleted_at IS NULL AND d.dkim_key <> '' THEN d.dkim_selector END, d.dkim_key
        FROM signing_due AS k LEFT JOIN domain AS d USING (domain) LIMIT $1
        """;

    /// <summary>
    /// Brings the files that are due to what the replica says; for whoever has written states, before the node says that it obeys. A
    /// file that cannot be written stays due, and the domain's mail is signed by the key before.
    /// </summary>
    public Task WriteDueAsync(CancellationToken stop) => WriteAsync(all: false, stop);

    /// <summary>The same for all files, for after a list: also those of domains of which a replica that was made anew knows nothing.</summary>
    public Task WriteAllAsync(CancellationToken stop) => WriteAsync(all: true, stop);

    private async Task WriteAsync(bool all, CancellationToken stop)
    {
        try
        {
            if (all) await replica.TryWriteAsync(MakeAllDue, stop);
            while ((await replica.TryWriteAsync(WriteSome, stop)).Result == AtOnce) { }
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            LogFailed(e, settings.SigningKeys);
        }
    }

    private int MakeAllDue(SqliteConnection connection)
    {
        foreach (var file in Directory.GetFiles(settings.SigningKeys)) connection.Run("INSERT OR IGNORE INTO signing_due VALUES ($1)", Path.GetFileName(file));
        return connection.Run("INSERT OR IGNORE INTO signing_due SELECT domain FROM domain");
    }

    private int WriteSome(SqliteConnection connection)
    {
        var due = connection.All(Due, r => (Domain: r.GetString(0), Key: r.IsDBNull(1) ? null : new DkimKey(r.GetString(1), r.GetString(2))), AtOnce);
        foreach (var (domain, key) in due)
        {
            Write(Path.Combine(settings.SigningKeys, domain), key);
            connection.Run("DELETE FROM signing_due WHERE domain = $1", domain);
        }

        return due.Count;
    }

    // The file appears whole or not at all. Its group, which is the folder's (render.sh), may read it; others may not.
    private static void Write(string file, DkimKey? key)
    {
        if (key is null)
        {
            File.Delete(file);
            return;
        }

        var made = file + NewFile;
#pragma warning disable CA1416 // nodes are Linux machines
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead };
#pragma warning restore CA1416
        using (var writer = new StreamWriter(made, options)) writer.Write($"{key.Selector}\n{key.PrivateKey}\n");
        File.Move(made, file, overwrite: true);
    }

    [LoggerMessage(1, LogLevel.Error, "Keys that sign mail cannot be written to {Folder}; tried again with the next change")]
    private partial void LogFailed(Exception e, string folder);
}
