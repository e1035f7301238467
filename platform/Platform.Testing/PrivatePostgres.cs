using System.Globalization;
using Npgsql;

namespace Hikyaku.Platform.Testing;

/// <summary>A PostgreSQL of this machine's programs that forgets on power failure, which makes it fast.</summary>
internal sealed class PrivatePostgres(string superuser, string password) : PrivateServer("postgres", "QUIT", ports: 1)
{
    private static readonly string Programs = Directory.Exists("/usr/lib/postgresql")
        ? Directory.GetDirectories("/usr/lib/postgresql").OrderBy(d => int.Parse(Path.GetFileName(d), CultureInfo.InvariantCulture)).Last() + "/bin/"
        : "";

    private string Data => Path.Combine(Home, "data");

    protected override IReadOnlyDictionary<string, string> Variables => new Dictionary<string, string> { ["LC_ALL"] = "C.UTF-8" };

    // QUIT is PostgreSQL's immediate shutdown: as a crash, but it takes all its processes with it.
    protected override IEnumerable<string> Command =>
    [
        Programs + "postgres", "-D", Data, "-p", Port.ToString(CultureInfo.InvariantCulture), "-c", "listen_addresses=127.0.0.1",
        "-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "full_page_writes=off",
        "-c", "max_connections=300", "-c", "shared_buffers=64MB", "-c", "log_line_prefix=%m [%p] %u@%d ",
    ];

    protected override async Task PrepareAsync()
    {
        var passwordFile = Path.Combine(Home, "password");
        await File.WriteAllTextAsync(passwordFile, password);
        await HandOverAsync();
        await GuardedProcess.RunAsync("postgres", Programs + "initdb", "-D", Data, "-U", superuser, "-E", "UTF8", "--locale=C.UTF-8",
            "--auth=scram-sha-256", "--pwfile", passwordFile, "--no-sync");
    }

    protected override async Task<bool> AnswersAsync()
    {
        try
        {
            await using var connection = new NpgsqlConnection($"Host=127.0.0.1;Port={Port};Username={superuser};Password={password};Database=postgres;Pooling=false;Timeout=2");
            await connection.OpenAsync();
            return true;
        }
        catch (NpgsqlException)
        {
            return false; // not yet
        }
    }
}
