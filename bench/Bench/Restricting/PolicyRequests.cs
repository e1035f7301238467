using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Hikyaku.Bench.Chaos;

namespace Hikyaku.Bench.Restricting;

/// <summary>Postfix's policy requests (SMTPD_POLICY_README) answered per second: by the agent, and by Debian's policyd-rate-limit and postfwd.</summary>
internal static class PolicyRequests
{
    private const int Runs = 5, Clients = 4, Accounts = 50;
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(3);

    /// <summary>Who was asked, and how many requests a second each run had.</summary>
    public static async Task<List<(string Who, List<double> Rates)>> RunAsync(RunningPlatform platform)
    {
        var domain = await platform.DomainAsync();
        var names = Enumerable.Range(0, Accounts).Select(i => $"u{i}@{domain}").ToArray();
        foreach (var name in names) await platform.AccountAsync(domain, name.Split('@')[0]);
        var folder = Directory.CreateTempSubdirectory("hikyaku-bench-").FullName;
        var port = platform.PortBase + 306;
        var (socket, mark) = (Path.Combine(folder, "policy"), Path.Combine(folder, "postfwd.pid"));
        foreach (var program in new[] { "postfwd2", "policyd-rate-limit" })
            if ((await Shell.RunAsync("which", program)).Code != 0) throw new InvalidOperationException($"{program} is compared to: apt-get install --no-install-recommends policyd-rate-limit postfwd");
        // postfwd2 counts rates only as a daemon.
        await Shell.RunAsync("postfwd2", "-d", "-f", RulesIn(folder), "-i", "127.0.0.1", "-p", port.ToString(CultureInfo.InvariantCulture), "-u", "nobody", "-g", "nogroup", "--nodns",
            "--pidfile", mark, "--cache_proto", "unix", "--cache_socket", $"unix::{folder}/cache");
        using var limit = Process.Start(new ProcessStartInfo("policyd-rate-limit", ["--file", SettingsIn(folder, socket)]))!;
        (string Who, Func<Stream> Connect)[] all =
        [
            ("the agent", () => new NetworkStream(Tcp(PolicyPort(platform)), ownsSocket: true)), ("postfwd2, a rate for each sender", () => new NetworkStream(Tcp(port), ownsSocket: true)),
            ("policyd-rate-limit, SQLite", () => new NetworkStream(Unix(socket), ownsSocket: true)),
        ];
        var rates = all.Select(a => (a.Who, Rates: new List<double>())).ToList();
        try
        {
            foreach (var (_, connect) in all) await ListensAsync(connect);
            for (var run = 0; run <= Runs; run++) // the first one warms up
            {
                for (var i = 0; i < all.Length; i++)
                {
                    var rate = await LoadAsync(all[i].Connect, names);
                    if (run > 0) rates[i].Rates.Add(rate);
                }
            }
        }
        finally
        {
            await Shell.RunAsync("postfwd2", "-k", "--pidfile", mark);
            limit.Kill(entireProcessTree: true);
            Directory.Delete(folder, recursive: true);
        }

        return rates;
    }

    private static async Task<double> LoadAsync(Func<Stream> connect, string[] names)
    {
        var (answered, watch) = (0, Stopwatch.StartNew());
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async client =>
        {
            await using var stream = connect();
            using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
            for (var i = client; watch.Elapsed < Length; i += Clients)
            {
                await stream.WriteAsync(Encoding.ASCII.GetBytes(Request(names[i % names.Length], i)));
                if (await reader.ReadLineAsync() is not { Length: > 0 } answer || !answer.StartsWith("action=", StringComparison.Ordinal)) throw new IOException("No answer");
                await reader.ReadLineAsync(); // the empty line
                Interlocked.Increment(ref answered);
            }
        }));
        return answered / watch.Elapsed.TotalSeconds;
    }

    private static string Request(string name, int number) => string.Create(CultureInfo.InvariantCulture, $"""
        request=smtpd_access_policy
        protocol_state=RCPT
        protocol_name=ESMTP
        client_address=192.0.2.{number % 250}
        client_name=unknown
        helo_name=bench
        sender={name}
        recipient=r{number}@elsewhere.example
        recipient_count=0
        queue_id=
        instance=bench.{number}
        size=0
        sasl_method=PLAIN
        sasl_username={name}
        stress=


        """).ReplaceLineEndings("\n");

    private static int PolicyPort(RunningPlatform platform)
        => int.Parse(File.ReadLines(Path.Combine(platform.Home, "mailnode", "postfix", "main.cf")).First(l => l.StartsWith("submissions =", StringComparison.Ordinal)).Split(':')[^1].Split(',')[0], CultureInfo.InvariantCulture);

    private static string RulesIn(string folder)
    {
        var file = Path.Combine(folder, "postfwd.cf");
        File.WriteAllText(file, "id=RATE; protocol_state==RCPT; action=rate(sasl_username/10000000/3600/450 4.7.1 too many)\n");
        File.SetUnixFileMode(folder, (UnixFileMode)0b111_111_111); // it runs as another user
        return file;
    }

    private static string SettingsIn(string folder, string socket)
    {
        var file = Path.Combine(folder, "policyd.yaml");
        var settings = File.ReadAllLines("/etc/policyd-rate-limit.yaml").Select(l => l switch
        {
            _ when l.StartsWith("debug:", StringComparison.Ordinal) => "debug: False",
            _ when l.StartsWith("user:", StringComparison.Ordinal) => "user: root",
            _ when l.StartsWith("group:", StringComparison.Ordinal) => "group: root",
            _ when l.StartsWith("pidfile:", StringComparison.Ordinal) => $"pidfile: {folder}/pid",
            _ when l.StartsWith("SOCKET:", StringComparison.Ordinal) => $"SOCKET: {socket}",
            _ when l.Contains("[10, 60]", StringComparison.Ordinal) => "    - [10000000, 60]",
            _ when l.Contains("[150, 86400]", StringComparison.Ordinal) => "    - [10000000, 86400]",
            _ when l.Contains("/var/lib/policyd-rate-limit/db.sqlite3", StringComparison.Ordinal) => $"    database: {folder}/db.sqlite3",
            _ => l,
        });
        File.WriteAllLines(file, settings);
        return file;
    }

    private static async Task ListensAsync(Func<Stream> connect)
    {
        for (var deadline = DateTime.UtcNow.AddSeconds(20); ; await Task.Delay(100))
        {
            try
            {
                await connect().DisposeAsync();
                return;
            }
            catch (SocketException) when (DateTime.UtcNow < deadline)
            {
                continue; // not yet
            }
        }
    }

    private static Socket Tcp(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect("127.0.0.1", port);
        return socket;
    }

    private static Socket Unix(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(path));
        return socket;
    }
}
