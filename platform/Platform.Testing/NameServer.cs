using System.Globalization;
using System.Net;
using System.Net.Sockets;
using DnsClient;

namespace Hikyaku.Platform.Testing;

/// <summary>
/// A real name server (Debian's NSD) on loopback, with zones that tests write. It stands for the internet's DNS, behind the resolver that the
/// platform asks. It has the zone example.jp, so that names below it which nobody has are NXDOMAIN.
/// </summary>
public sealed class NameServer : IAsyncDisposable
{
    private const string Parent = "example.jp";
    private readonly string _home = Directory.CreateTempSubdirectory("hikyaku-test-").FullName;
    private readonly Dictionary<string, string[]?> _zones = new() { [Parent] = ["@ NS ns1.hikyaku.test.", "@ NS ns2.hikyaku.test."] };
    private GuardedProcess? _process;
    private uint _serial;

    /// <summary>Where it answers, on 127.0.0.1.</summary>
    public int Port { get; } = FreePort();

    /// <summary>Serves a zone; each line is one of a zone file, with names relative to the domain.</summary>
    public Task ServeAsync(string domain, params string[] records) => ChangeAsync(domain, records);

    /// <summary>Serves a zone as a domain of the platform has it.</summary>
    public Task ServeOursAsync(string domain, params string[] more)
        => ServeAsync(domain, ["@ NS ns1.hikyaku.test.", "@ NS NS2.hikyaku.test.", "@ MX 10 mx1.hikyaku.test.", "@ MX 20 mx2.HIKYAKU.test.", .. more]);

    /// <summary>Has a zone that it cannot read: SERVFAIL.</summary>
    public Task FailAsync(string domain) => ChangeAsync(domain, null);

    /// <summary>Adds records to the zone above.</summary>
    public Task ServeInParentAsync(params string[] records) => ChangeAsync(Parent, [.. _zones[Parent]!, .. records]);

    /// <summary>Has a zone no more: NXDOMAIN.</summary>
    public async Task RemoveAsync(string domain)
    {
        _zones.Remove(domain);
        await StartAsync();
    }

    /// <summary>Starts it, or starts it again with what it has to serve now.</summary>
    public async Task StartAsync()
    {
        await StopAsync();
        _serial++;
        await WriteAsync();
        _process = new GuardedProcess(_home, "root", "KILL", new Dictionary<string, string>(), ["nsd", "-d", "-c", Path.Combine(_home, "nsd.conf")]);
        await Eventually.Async(async () => _process.Ended
            ? throw new InvalidOperationException(await _process.OutputAsync())
            : (await Client().QueryAsync(Parent, QueryType.SOA)).Answers.SoaRecords().Any(r => r.Serial == _serial)); // not the former one, which ends
    }

    /// <summary>Lets nobody answer.</summary>
    public Task StopAsync() => _process?.StopAsync() ?? Task.CompletedTask;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_process is not null) await _process.DisposeAsync();
    }

    private async Task ChangeAsync(string domain, string[]? records)
    {
        _zones[domain] = records;
        await StartAsync();
    }

    private async Task WriteAsync()
    {
        foreach (var (domain, records) in _zones)
        {
            var file = Path.Combine(_home, $"{domain}.zone");
            if (records is null) File.Delete(file);
            else await File.WriteAllLinesAsync(file, [$"$ORIGIN {domain}.", "$TTL 60", string.Create(CultureInfo.InvariantCulture, $"@ SOA ns1.hikyaku.test. hostmaster.hikyaku.test. {_serial} 3600 600 86400 60"), .. records]);
        }

        var server = string.Create(CultureInfo.InvariantCulture,
            $"""
            server:
                ip-address: 127.0.0.1@{Port}
                username: ""
                zonesdir: "{_home}"
                database: ""
                pidfile: "{_home}/nsd.pid"
                xfrdfile: "{_home}/xfrd.state"
                zonelistfile: "{_home}/zone.list"
            remote-control:
                control-enable: no

            """);
        await File.WriteAllTextAsync(Path.Combine(_home, "nsd.conf"), server + string.Concat(_zones.Keys.Select(z => $"zone:\n    name: \"{z}\"\n    zonefile: \"{z}.zone\"\n")));
    }

    private LookupClient Client() => new(new LookupClientOptions(new IPEndPoint(IPAddress.Loopback, Port)) { UseCache = false, Timeout = TimeSpan.FromSeconds(1), Retries = 0 });

    // It must be free for both UDP and TCP.
    private static int FreePort()
    {
        for (var port = 60000; port < 61000; port++)
        {
            try
            {
                using var tcp = new TcpListener(IPAddress.Loopback, port);
                tcp.Start();
                using var udp = new UdpClient(new IPEndPoint(IPAddress.Loopback, port));
                if (ReservedPorts.TryReserve(port)) return port;
            }
            catch (SocketException)
            {
                continue; // taken; the next one
            }
        }

        throw new InvalidOperationException("No free port between 60000 and 61000");
    }
}
