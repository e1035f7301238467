using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Hikyaku.Accounts.Contracts;
using Hikyaku.Platform.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>
/// A whole mail node: real Dovecot, Postfix and Rspamd with the configuration of mailnode/config, the agent in this process, a real
/// RabbitMQ, and stand-ins for the accounts service and for the internet's mail servers. Ports and folder are its own.
/// </summary>
public sealed partial class MailNodeUnderTest : IAsyncDisposable
{
    // The offsets of deploy/local/ports.sh.
    private static readonly Dictionary<string, int> Offsets = new()
    {
        ["OUTBOX_SMTP"] = 4,
        ["MAILNODE"] = 20,
        ["CAPACITY"] = 23,
        ["LMTP"] = 24,
        ["SMTP"] = 25,
        ["REINJECT"] = 26,
        ["SASL"] = 27,
        ["QUOTA"] = 28,
        ["DOVEADM"] = 29,
        ["MILTER"] = 31,
        ["FORWARD"] = 32,
        ["SRS"] = 33,
        ["SRS_BACK"] = 34,
        ["SCANNER"] = 35,
        ["CLAMAV"] = 36,
        ["LEARN"] = 37,
        ["REDIS"] = 38,
        ["POLICY"] = 39,
        ["POP3"] = 110,
        ["IMAP"] = 143,
        ["SUBMISSIONS"] = 465,
        ["SUBMISSION"] = 587,
        ["IMAPS"] = 993,
        ["POP3S"] = 995,
    };

    private static readonly ConcurrentDictionary<int, bool> Taken = new();

    private readonly int _base = FreeBase();
    private readonly string _plaintext;
    private readonly MailNodeUnderTest? _beside;
    private GuardedProcess? _dovecot, _postfix, _rspamd, _srs, _scanner, _clamav, _redis;
    private WebApplication? _agent;
    private bool _mounted;

    private MailNodeUnderTest(string name, string plaintext, MailNodeUnderTest? beside)
    {
        (Name, _plaintext, _beside) = (name, plaintext, beside);
        (Accounts, Routing, Spam, Restrictions, DataCopy, Outside) = beside is null
            ? (new("accounts"), new("routing"), new("spam"), new("restrictions"), new("datacopy"), new()) : (beside.Accounts, beside.Routing, beside.Spam, beside.Restrictions, beside.DataCopy, beside.Outside);
        Home = Directory.CreateTempSubdirectory("hikyaku-test-").FullName;
        // The servers run as users of their own.
        File.SetUnixFileMode(Home, (UnixFileMode)0b111_101_101);
    }

    public string Name { get; }

    /// <summary>What stands for HIKYAKU_HOME.</summary>
    public string Home { get; }

    public ServiceStandIn Accounts { get; }

    public ServiceStandIn Routing { get; }

    public ServiceStandIn Spam { get; }

    public ServiceStandIn Restrictions { get; }

    public ServiceStandIn DataCopy { get; }

    public OutsideMailServer Outside { get; }

    public Broker Broker { get; private set; } = null!;

    public IServiceProvider Agent => _agent!.Services;

    /// <summary>Settings that an agent gets in addition when it starts.</summary>
    public IReadOnlyList<string> Settings { get; set; } = [];

    /// <summary>Parts of the replica that an agent gets in addition when it starts.</summary>
    public IReadOnlyList<IPart> Parts { get; set; } = [];

    /// <summary>The clock of an agent that starts.</summary>
    public TimeProvider Clock { get; set; } = TimeProvider.System;

    public Uri AgentAddress => new(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Port("MAILNODE")}"));

    /// <summary>A link to the folder in memory where the key of the proofs is (render.sh).</summary>
    public string Memory => Path.Combine(Home, "mailnode", "dovecot", "memory");

    /// <summary>What Postfix and Dovecot have logged of mail.</summary>
    public string Log => File.ReadAllText($"{Home}/logs/mail.log");

    /// <summary>All that the mail servers have logged.</summary>
    public string ServerLogs => File.ReadAllText($"{Home}/guard-dovecot/server.log") + File.ReadAllText($"{Home}/guard-postfix/server.log");

    /// <summary>No message for the address was refused for now, put off, or could not be counted.</summary>
    public void AssertNothingWasDeferred(string address)
    {
        var lines = (Log + ServerLogs).Split('\n').Where(l => l.Contains(address, StringComparison.Ordinal));
        Assert.DoesNotContain(lines, l => l.Contains("status=deferred", StringComparison.Ordinal)
            || l.Contains(" reject: ", StringComparison.Ordinal) || l.Contains("quota check failed", StringComparison.Ordinal));
    }

    /// <summary>The certificate that the servers should show, and no other.</summary>
    public bool IsItsCertificate(object sender, X509Certificate? shown, X509Chain? chain, SslPolicyErrors errors)
    {
        using var own = X509Certificate2.CreateFromPemFile(Path.Combine(Home, "secrets", "cert.pem"), Path.Combine(Home, "secrets", "key.pem"));
        return shown is not null && own.GetCertHashString() == shown.GetCertHashString();
    }

    public int Port(string name) => _base + Offsets[name];

    public static Task<MailNodeUnderTest> StartAsync(RabbitServer? rabbit = null, string plaintext = "allow", int? diskMb = null, IReadOnlyList<IPart>? parts = null, params string[] settings)
        => StartAsync(new MailNodeUnderTest("mail1", plaintext, null) { Settings = settings, Parts = parts ?? [] }, rabbit, diskMb);

    /// <summary>Another node of the same platform, which has started before: its accounts service, broker and outside world.</summary>
    public static Task<MailNodeUnderTest> StartBesideAsync(MailNodeUnderTest first, string name) => StartAsync(new MailNodeUnderTest(name, "allow", first), null, null);

    /// <summary>Where the accounts service would tell the other nodes that this one is.</summary>
    public MailNodeState State(long at, long version = 1, bool retired = false)
        => new(Name, "127.0.0.1", Port("IMAP"), Port("POP3"), Port("LMTP"), version, at, retired, Port("QUOTA"));

    private static async Task<MailNodeUnderTest> StartAsync(MailNodeUnderTest node, RabbitServer? rabbit, int? diskMb)
    {
        try
        {
            if (diskMb is { } size) await node.MountAsync(size);
            node.MakeSecrets();
            await node.RenderAsync();
            if (node._beside is null)
            {
                await node.Accounts.StartAsync();
                await node.Routing.StartAsync();
                await node.Spam.StartAsync();
                await node.Restrictions.StartAsync();
                await node.DataCopy.StartAsync();
                node.Outside.Start(node.Port("OUTBOX_SMTP"));
            }

            node.Broker = node._beside?.Broker ?? await Broker.StartAsync(rabbit ?? await RabbitServer.SharedAsync());
            await Task.WhenAll(node.StartDovecotAsync(), node.StartPostfixAsync(), node.StartRspamdAsync(), node.StartSrsAsync(), node.StartAgentAsync());
            await node.ReadyAsync();
            return node;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts the agent; what <paramref name="settings"/> says goes before the usual ones.</summary>
    public async Task StartAgentAsync(params string[] settings)
    {
        _agent = Program.Build([.. Arguments(), .. settings], Clock, Parts);
        await _agent.StartAsync();
    }

    /// <summary>Starts the agent as a process of its own, to be killed.</summary>
    /// <param name="path">Where it finds programs, when not where everybody does.</param>
    public GuardedProcess StartAgentToKill(string? path = null)
        => new(Folder("guard-agent"), "root", "KILL", new Dictionary<string, string> { ["PATH"] = path ?? Environment.GetEnvironmentVariable("PATH")! }, ["dotnet", Path.Combine(AppContext.BaseDirectory, "MailNode.dll"), .. Arguments()]);

    private string[] Arguments() =>
        [
            "--urls", $"http://127.0.0.1:{Port("MAILNODE")}", "--Logging:LogLevel:Default=Warning", "--Logging:LogLevel:Hikyaku=Information",
            $"--Hikyaku:Node={Name}", $"--Hikyaku:NodeHome={Home}/mailnode",
            $"--Hikyaku:Rabbit={Broker.FactsUri}", $"--Hikyaku:RabbitNodes={Broker.NodesUri}",
            $"--Hikyaku:Services:accounts={Accounts.Url}", $"--Hikyaku:Services:routing={Routing.Url}", $"--Hikyaku:Services:spam={Spam.Url}",
            $"--Hikyaku:Services:restrictions={Restrictions.Url}", $"--Hikyaku:Services:datacopy={DataCopy.Url}",
            $"--Hikyaku:NodeCredential={Home}/secrets/node-credential",
            "--Hikyaku:Advertise:Host=127.0.0.1", $"--Hikyaku:Advertise:ImapPort={Port("IMAP")}", $"--Hikyaku:Advertise:Pop3Port={Port("POP3")}",
            $"--Hikyaku:Advertise:LmtpPort={Port("LMTP")}", $"--Hikyaku:Advertise:QuotaPort={Port("QUOTA")}", $"--Hikyaku:CapacityPort={Port("CAPACITY")}", $"--Hikyaku:PolicyPort={Port("POLICY")}",
            $"--Hikyaku:DovecotLog={Home}/guard-dovecot/server.log", $"--Hikyaku:ScannerLog={Home}/guard-scanner/server.log",
            // Shorter than usual, as tests wait for them.
            "--Hikyaku:OldReadersLinger=00:00:01", "--Hikyaku:LeaseInterval=00:00:01", "--Hikyaku:ReplicaCheckInterval=00:00:01",
            "--Hikyaku:Unscanned=pass", // as RenderAsync has it
            $"--Hikyaku:Rspamd=http://127.0.0.1:{Port("LEARN")}", $"--Hikyaku:RspamdPassword={Home}/mailnode/scanner/learn.password",
            $"--Hikyaku:Doveadm=http://127.0.0.1:{Port("DOVEADM")}", $"--Hikyaku:DoveadmKey={Home}/secrets/doveadm.key", .. Settings,
        ];

    public async Task StopAgentAsync()
    {
        if (_agent is null) return;
        await _agent.StopAsync();
        await _agent.DisposeAsync();
        _agent = null;
    }

    /// <summary>Starts the agent anew, as <see cref="StartAgentAsync"/> does, and waits until it is ready.</summary>
    public async Task RestartAgentAsync(params string[] settings)
    {
        await StopAgentAsync();
        await StartAgentAsync(settings);
        await ReadyAsync();
    }

    /// <summary>Waits until /health/ready says so, and the mail servers read the replica.</summary>
    public async Task ReadyAsync()
    {
        await Eventually.Async(async () => await ReadinessAsync() == HttpStatusCode.OK, TimeSpan.FromSeconds(40));
        await Eventually.Async(() => Agent.GetRequiredService<MailServers>().AreReading(Agent.GetRequiredService<Replica>().Identity), TimeSpan.FromSeconds(40));
    }

    public async Task<HttpStatusCode> ReadinessAsync()
    {
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        using var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{Port("MAILNODE")}/health/ready"));
        return answer.StatusCode;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAgentAsync();
        if (Broker is not null && _beside is null) await Broker.DisposeAsync();
        if (_postfix is not null) await _postfix.DisposeAsync();
        if (_rspamd is not null) await _rspamd.DisposeAsync();
        if (_srs is not null) await _srs.DisposeAsync();
        if (_scanner is not null) await _scanner.DisposeAsync();
        if (_clamav is not null) await _clamav.DisposeAsync();
        if (_redis is not null) await _redis.DisposeAsync();
        if (_dovecot is not null) await _dovecot.DisposeAsync();
        if (_beside is null)
        {
            await Accounts.DisposeAsync();
            await Routing.DisposeAsync();
            await Spam.DisposeAsync();
            await Restrictions.DisposeAsync();
            await DataCopy.DisposeAsync();
            Outside.Dispose();
        }

        if (Directory.ResolveLinkTarget(Memory, returnFinalTarget: true) is { Exists: true } memory) Directory.Delete(memory.FullName, recursive: true);
        if (_mounted) await GuardedProcess.RunAsync("root", "umount", "--lazy", Path.Combine(Home, "mailnode"));
        Directory.Delete(Home, recursive: true);
    }

    // A small disk of the node's own.
    private async Task MountAsync(int sizeMb)
    {
        await GuardedProcess.RunAsync("root", "mount", "-t", "tmpfs", "-o", string.Create(CultureInfo.InvariantCulture, $"size={sizeMb}m,mode=755"), "none", Folder("mailnode"));
        _mounted = true;
    }

    /// <summary>Writes the servers' configuration; they read it when they start the next time.</summary>
    public async Task RenderAsync(params string[] more)
    {
        string[] settings =
        [
            "HIKYAKU_UNSCANNED=pass", "HIKYAKU_RULES_CACHE=/tmp/hikyaku-rspamd-rules", $"HIKYAKU_HOME={Home}", $"HIKYAKU_PLAINTEXT_LOGIN={_plaintext}", "HIKYAKU_NODE_NETWORKS=127.0.0.0/8",
            .. Offsets.Keys.Select(n => string.Create(CultureInfo.InvariantCulture, $"PORT_{n}={(n == "OUTBOX_SMTP" ? (_beside ?? this).Port(n) : Port(n))}")), .. more,
        ];
        await GuardedProcess.RunAsync("root", ["env", .. settings, "bash", Path.Combine(AppContext.BaseDirectory, "config", "render.sh")]);
    }

    private void MakeSecrets()
    {
        var folder = Folder("secrets");
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        File.WriteAllText(Path.Combine(folder, "cert.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(folder, "key.pem"), key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(Path.Combine(folder, "doveadm.key"), Guid.NewGuid().ToString("N"));
        File.WriteAllText(Path.Combine(folder, "node-credential"), ServiceStandIn.Credential);
    }

    private string Folder(string name) => Directory.CreateDirectory(Path.Combine(Home, name)).FullName;

    private Task ListensAsync(GuardedProcess server, params string[] ports) => ListensAsync(server, TimeSpan.FromSeconds(30), ports);

    private async Task ListensAsync(GuardedProcess server, TimeSpan within, params string[] ports)
    {
        foreach (var port in ports)
        {
            await Eventually.Async(async () =>
            {
                using var client = new TcpClient();
                await client.ConnectAsync(IPAddress.Loopback, Port(port));
                return client.Connected;
            }, within, $"{port} answers; it said: {await server.OutputAsync()}");
        }
    }

    // A base whose ports are all free now, below those that the system gives away by itself (32768 and up), and not one of
    // those at which people run a copy.
    private static int FreeBase()
    {
        for (var tries = 0; tries < 1000; tries++)
        {
#pragma warning disable CA5394 // nothing secret about a port
            var at = Random.Shared.Next(102, 315) * 100;
#pragma warning restore CA5394
            if (at is >= 17_000 and < 20_000 or >= 27_000 and < 30_000 || !Offsets.Values.All(o => IsFree(at + o))) continue;
            if (Offsets.Values.All(o => Taken.TryAdd(at + o, true))) return at;
        }

        throw new InvalidOperationException("No free ports");
    }

    private static bool IsFree(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false; // somebody has it
        }
    }
}
