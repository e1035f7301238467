using System.Diagnostics;
using System.Globalization;

namespace Hikyaku.Bench;

/// <summary>PERF-12: IMAP logins per second, each with a connection of its own, beside the same Dovecot with a passwd-file.</summary>
internal static class LoginsBesidePasswdFile
{
    private const int Runs = 5;
    private const int Accounts = 200;
    private const int Clients = 16;
    private const int WarmLogins = 2000;

    public static async Task RunAsync(Report report)
    {
        report.LineOfLoad("before it began");
        report.Line();
        var platform = new RunningPlatform();
        var (domain, replica) = (await platform.DomainAsync(), new NodeReplica(platform.Home));
        for (var i = 0; i < Accounts; i++) await platform.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/accounts", new { name = $"user{i:000}", password = RunningPlatform.Password });
        await platform.InForceAsync($"user{Accounts - 1:000}@{domain}");
        var accounts = replica.Accounts(domain);
        string[] addresses = [.. accounts.Select(a => a.Address)];

        using var hashing = await OtherDovecot.WithPasswdFileAsync(platform.Home, platform.PortBase + 301, accounts, h => "{ARGON2ID}" + h, "0");
        using var caching = await OtherDovecot.WithPasswdFileAsync(platform.Home, platform.PortBase + 302, accounts, h => "{ARGON2ID}" + h, "100M");
        using var plain = await OtherDovecot.WithPasswdFileAsync(platform.Home, platform.PortBase + 303, accounts, _ => "{PLAIN}" + RunningPlatform.Password, "0");
        using var sqlite = await OtherDovecot.WithSqliteAsync(platform.Home, platform.PortBase + 304);
        var node = platform.Server("imap").Port;

        var figures = new Dictionary<string, List<double>>();
        for (var run = 0; run <= Runs; run++) // the first run warms up: it makes the mailboxes and fills Dovecot's cache
        {
            replica.ForgetPasswords();
            var cold = await LoadAsync(node, addresses, Accounts);
            await replica.KnowsAsync(Accounts);
            var warm = await LoadAsync(node, addresses, WarmLogins);
            (string Name, double Value)[] measured =
            [
                ("cold", cold), ("cold passwd-file", await LoadAsync(hashing.Port, addresses, Accounts)), ("cold SQLite", await LoadAsync(sqlite.Port, addresses, Accounts)),
                ("warm", warm), ("warm passwd-file", await LoadAsync(caching.Port, addresses, Accounts)), ("warm unhashed", await LoadAsync(plain.Port, addresses, WarmLogins)),
            ];
            if (run == 0) continue;
            foreach (var (name, value) in measured)
            {
                if (!figures.TryGetValue(name, out var values)) figures[name] = values = [];
                values.Add(value);
            }
        }

        report.Line(string.Create(CultureInfo.InvariantCulture, $"{Runs} runs in turn after a warm-up, {Accounts} accounts, {Clients} clients, each login a connection of its own without TLS that is ended by LOGOUT; median (minimum–maximum). Argon2id m=19456, t=2, p=1. Cold: each account once, no password known. Warm: each password was typed before; {WarmLogins} logins, {Accounts} with those that hash anyway."));
        report.Table(
            ["", "logins/s", "ratio of the node to it"],
            Row("cold", "cold: the node, with login policy", "cold"),
            Row("cold passwd-file", "cold: passwd-file, no policy, no cache (it hashes in its one auth process)", "cold"),
            Row("cold SQLite", "cold: the hash from SQLite, no policy, no cache (hashes in workers, on all cores, as the node does)", "cold"),
            Row("warm", "warm: the node, with login policy, passwords known", "warm"),
            Row("warm passwd-file", "warm: passwd-file, no policy, Dovecot's cache full (it hashes all the same)", "warm"),
            Row("warm unhashed", "warm: passwd-file with plain passwords, no policy: the bound, nothing is hashed at all", "warm"));
        report.Line($"Must reach: 0.9 cold, 0.7 warm, of the passwd-file with the same hash. {(Ratio("cold", "cold passwd-file") >= 0.9 && Ratio("warm", "warm passwd-file") >= 0.7 ? "Reached." : "Not reached.")}");

        string[] Row(string name, string what, string ours)
            => [what, Report.Spread(figures[name], "0.0"), name == ours ? "1" : Report.Spread(figures[ours].Zip(figures[name], (a, b) => a / b), "0.00")];
        double Ratio(string ours, string theirs)
            => Report.Percentile(figures[ours].Zip(figures[theirs], (a, b) => a / b), 50);
    }

    private static async Task<double> LoadAsync(int port, string[] addresses, int logins)
    {
        var (next, watch) = (-1, Stopwatch.StartNew());
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async _ =>
        {
            for (int i; (i = Interlocked.Increment(ref next)) < logins;)
            {
                using var session = await ImapSession.LogInAsync(port, addresses[i % addresses.Length], RunningPlatform.Password);
                await session.LogOutAsync();
            }
        }));
        return logins / watch.Elapsed.TotalSeconds;
    }
}
