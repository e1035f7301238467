global using Reply = Hikyaku.Platform.Testing.ServiceReply;
using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using Hikyaku.Copier.Tests.Integration;
using Hikyaku.DataCopy.Contracts;
using Hikyaku.Feed.Tests.Integration;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using MimeKit;

[assembly: AssemblyFixture(typeof(Hikyaku.DataCopy.Tests.Integration.CopyPlatform))]

namespace Hikyaku.DataCopy.Tests.Integration;

/// <summary>
/// The real copy service between two real Dovecots: a source as many hosting companies have it, and a destination as mail nodes are. What nodes
/// do with grants, the test does: it lists them, lets the worker in, and reports that.
/// </summary>
public class CopyPlatform() : ServiceUnderTest(Program.Service, Program.Build), IAsyncLifetime
{
    /// <summary>A message that is larger is skipped; of real copies that is 100 MB.</summary>
    public const int MaxMessageBytes = 200_000;

    private static int _users;

    private readonly MailServer _source = new("maildir:~/Maildir", '.', "INBOX.", "");
    private readonly MailServer _destination = new("maildir:~/Maildir:LAYOUT=fs:INDEX=~/index:CONTROL=~/control", '/', "",
        string.Join('\n', new[] { "Drafts", "Sent", "Trash", "Junk", "Archive" }.Select(f => $"mailbox {f} {{\nauto = subscribe\nspecial_use = \\{f}\n}}")));

    private readonly ConcurrentDictionary<string, (string Login, string User)> _mailboxes = [];
    private readonly CancellationTokenSource _stop = new();
    private CapturingServer _outbox = null!;
    private Task? _node;

    /// <summary>The source's certificate, which nobody trusts.</summary>
    public string Fingerprint => _source.Fingerprint;

    /// <summary>The source's port with TLS.</summary>
    public int SourceTlsPort => _source.TlsPort;

    protected override IReadOnlyList<string> Settings =>
    [
        $"--Hikyaku:CopyDestination=127.0.0.1:{_destination.Port.ToString(CultureInfo.InvariantCulture)}", "--Hikyaku:CopyAllow=127.0.0.0/8,::1/128",
        .. _outbox.Settings,
        "--Hikyaku:Copy:PauseSeconds=0.2", "--Hikyaku:Copy:RetrySeconds=0.05", "--Hikyaku:Copy:LeaseSeconds=5", "--Hikyaku:Copy:PerHost=10", "--Hikyaku:CopyJobs=4",
        $"--Hikyaku:Copy:MaxMessageBytes={MaxMessageBytes}",
    ];

    public override async ValueTask InitializeAsync()
    {
        await _source.StartedAsync();
        await _destination.StartedAsync();
        _outbox = await CapturingServer.StartAsync();
        await base.InitializeAsync();
        _node = ObeyAsync(_stop.Token);
    }

    public override async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        if (_node is not null) await _node;
        await base.DisposeAsync();
        if (_outbox is not null) await _outbox.DisposeAsync();
        await _source.DisposeAsync();
        await _destination.DisposeAsync();
        _stop.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>An account with a mailbox here and one at the source, both empty.</summary>
    internal CopyingAccount NewCopy(bool small = false)
    {
        var account = NewAccount();
        var number = Interlocked.Increment(ref _users).ToString(CultureInfo.InvariantCulture);
        var user = (small ? "small" : "taro") + number;
        _mailboxes[account.AccountId] = (account.Address + CopyGrantState.LoginSuffix, user);
        return new(this, account, new(_source, $"taro{number}"), new(_destination, user));
    }

    /// <summary>Starts the service in this process so that it takes requests, and others do the copies.</summary>
    public Task StartWithoutWorkersAsync() => StartAsync([.. Settings.Where(s => !s.StartsWith("--Hikyaku:CopyJobs=", StringComparison.Ordinal)), "--Hikyaku:CopyJobs=0"]);

    /// <summary>Gives a mailbox here another capacity, in bytes.</summary>
    public void SetCapacity(string user, long bytes) => _destination.SetCapacity(user, bytes);

    /// <summary>The mail server, which can be stopped and started again.</summary>
    internal CapturingServer Outbox => _outbox;

    // As an agent does: what is listed is obeyed, and then reported.
    private async Task ObeyAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (await ((Task)timer.WaitForNextTickAsync(stop).AsTask()).ContinueWith(t => t.IsCompletedSuccessfully, TaskScheduler.Default))
        {
            try
            {
                var lines = (await ListAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonNode.Parse(l)!).ToList();
                foreach (var state in lines.Where(l => l["part"] is not null).Select(l => l["state"]!))
                {
                    if (_mailboxes.TryGetValue((string)state["accountId"]!, out var mailbox)) _destination.Grant(mailbox.Login, mailbox.User, (string?)state["secretHash"]);
                }

                await RenewLeaseAsync((long)lines[^1]["upTo"]!);
            }
            catch (Exception e) when (e is HttpRequestException or InvalidOperationException or NullReferenceException or ObjectDisposedException or System.Text.Json.JsonException)
            {
                // The service is stopped for a while: nodes ask again, too.
            }
        }
    }
}

/// <summary>An account that copies.</summary>
internal sealed record CopyingAccount(CopyPlatform Platform, Target Account, Mailbox Source, Mailbox Destination)
{
    public string Notify => $"{Account.AccountId}@notify.example.org";

    /// <summary>What is asked for unless told otherwise.</summary>
    public object SourceBody(int? port = null, string? password = null) => new { host = "127.0.0.1", port = port ?? Source.Server.Port, security = "plain", userName = Source.User, password = password ?? MailServer.Password };

    /// <summary>Asks for a copy, as the gateway does once the own password was right.</summary>
    public Task<Reply> StartAsync(object? source = null, string query = "", string? notify = null, bool proven = true, params (string Name, string Value)[] headers)
        => SendAsync(HttpMethod.Post, query, new { source = source ?? SourceBody(), notify = notify ?? Notify }, null,
            [.. headers, .. proven ? new[] { (InternalHeaders.OwnPassword, InternalHeaders.Verified) } : []]);

    public Task<Reply> SendAsync(HttpMethod method, string path, object? body = null, Caller? caller = null, params (string Name, string Value)[] headers)
        => Platform.SendAsync(method, $"/api/v1/accounts/{Account.Address}/copies{path}", caller ?? ServiceUnderTest.UserOf(Account), Account, body, headers);

    /// <summary>The copy as it is read.</summary>
    public async Task<JsonNode> ReadAsync(string id) => (await SendAsync(HttpMethod.Get, $"/{id}")).Body!;

    /// <summary>Starts a copy and waits for its end.</summary>
    public async Task<JsonNode> RunAsync(object? source = null)
    {
        var started = await StartAsync(source);
        Assert.True(started.Status == System.Net.HttpStatusCode.Accepted, started.Text);
        return await EndedAsync((string)started.Body!["id"]!);
    }

    /// <summary>Waits until a copy has ended.</summary>
    public Task<JsonNode> EndedAsync(string id) => Eventually.Async(() => ReadAsync(id), c => c["finishedAt"] is not null);

    /// <summary>The last of so many mails to the notification address.</summary>
    public async Task<MimeMessage> MailAsync(int number = 1) => (await Platform.Outbox.ToAsync(Notify, number))[number - 1];
}
