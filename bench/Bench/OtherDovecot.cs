using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Hikyaku.Bench;

/// <summary>
/// The same Dovecot with the node's own configuration, but accounts of its own, no login policy and only one port: IMAP, or LMTP without
/// Sieve or with one script for all. The mailboxes are the node's.
/// </summary>
internal sealed partial class OtherDovecot : IDisposable
{
    private readonly string _folder;
    private readonly string _configuration;

    private OtherDovecot(string folder, int port)
    {
        (_folder, Port) = (folder, port);
        _configuration = Path.Combine(folder, "dovecot.conf");
    }

    public int Port { get; }

    /// <summary>The file that names its master process.</summary>
    public string MasterProcess => Path.Combine(_folder, "run", "dovecot", "master.pid");

    /// <summary>Starts one whose accounts are in a passwd-file, written as <paramref name="password"/> answers.</summary>
    public static Task<OtherDovecot> WithPasswdFileAsync(
        string home, int port, IEnumerable<(string Address, string Hash, string Folder)> accounts, Func<string, string> password, string cacheSize, string protocol = "imap", string? script = null)
        => StartAsync(home, port, cacheSize, folder =>
        {
            File.WriteAllLines(Path.Combine(folder, "passwd"), accounts.Select(a => $"{a.Address}:{password(a.Hash)}:5000:5000::{a.Folder}::"));
            return $"driver = passwd-file\n  args = {folder}/passwd";
        }, protocol, script);

    /// <summary>Starts one that asks a SQLite file, as the node's does, for no more than the hash.</summary>
    public static Task<OtherDovecot> WithSqliteAsync(string home, int port) => StartAsync(home, port, "0", folder =>
    {
        File.WriteAllText(Path.Combine(folder, "sql.conf"), $"""
            driver = sqlite
            connect = {home}/mailnode/replica.db
            default_pass_scheme = ARGON2ID
            password_query = SELECT address AS user, password_hash AS password FROM dovecot_user WHERE address = lower('%u') OR unicode_address = lower('%u')
            user_query = SELECT address AS user, '{home}/mailnode/vmail/' || home AS home, quota_rule FROM dovecot_user WHERE address = lower('%u') OR unicode_address = lower('%u')

            """);
        return $"driver = sql\n  args = {folder}/sql.conf";
    });

    /// <summary>Ends every session and begins anew; returns when the port listens.</summary>
    public async Task RestartAsync()
    {
        Stop();
        await StartAsync();
    }

    public void Dispose()
    {
        Stop();
        Directory.Delete(_folder, recursive: true);
    }

    private void Stop()
    {
        using var stop = Process.Start("doveadm", ["-c", _configuration, "stop"]);
        stop.WaitForExit();
    }

    private async Task StartAsync()
    {
        // Dovecot has just been told to stop and may still hold its files.
        for (var deadline = DateTime.UtcNow.AddMinutes(1); File.Exists(MasterProcess); await Task.Delay(50))
            if (DateTime.UtcNow > deadline) throw new TimeoutException("The other Dovecot does not stop");
        using (var start = Process.Start("dovecot", ["-c", _configuration]))
        {
            await start.WaitForExitAsync();
            if (start.ExitCode != 0) throw new InvalidOperationException("The other Dovecot does not start");
        }

        await Listening.OnAsync(Port);
    }

    private static async Task<OtherDovecot> StartAsync(string home, int port, string cacheSize, Func<string, string> database, string protocol = "imap", string? script = null)
    {
        var folder = Directory.CreateTempSubdirectory("hikyaku-bench-").FullName;
        // Dovecot's processes run as users of their own.
        File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);
        var other = new OtherDovecot(folder, port);
        var text = await File.ReadAllTextAsync(Path.Combine(home, "mailnode", "dovecot", "dovecot.conf"));
        var databases = database(folder);
        text = DatabaseBlocks().Replace(text, m => $"{m.Groups[1].Value} {{\n  {databases}\n}}");
        text = Policy().Replace(text, "");
        text = Ports().Replace(text, m => $"port = {(m.Groups[1].Value == PortOf(home, protocol) ? port : 0)}");
        if (script is not null) text = text.Replace("sieve = dict:proxy::sieve;name=active;bindir=~/sieve", $"sieve = file:{folder}/script.sieve", StringComparison.Ordinal);
        else if (protocol == "lmtp") text = text.Replace("mail_plugins = $mail_plugins sieve", "", StringComparison.Ordinal);
        text = text.Replace("auth_cache_size = 0", $"auth_cache_size = {cacheSize}", StringComparison.Ordinal)
            .Replace("log_path = /dev/stderr", $"log_path = {folder}/log", StringComparison.Ordinal)
            .Replace($"{home}/mailnode/run", $"{folder}/run", StringComparison.Ordinal);
        await File.WriteAllTextAsync(other._configuration, text);
        Directory.CreateDirectory(Path.Combine(folder, "run"));
        if (script is not null)
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "script.sieve"), script);
            var (code, output) = await Chaos.Shell.RunAsync("sievec", "-c", other._configuration, Path.Combine(folder, "script.sieve"));
            if (code != 0) throw new InvalidOperationException(output);
        }

        await other.StartAsync();
        return other;
    }

    private static string PortOf(string home, string protocol)
        => new RunningPlatform(home).PortOf(protocol).ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex(@"(passdb|userdb) \{[^}]*\}")]
    private static partial Regex DatabaseBlocks();

    [GeneratedRegex("(?m)^auth_policy_.*$")]
    private static partial Regex Policy();

    [GeneratedRegex(@"port = (\d+)")]
    private static partial Regex Ports();
}
