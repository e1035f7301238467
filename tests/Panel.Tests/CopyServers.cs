using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using Hikyaku.Copier.Tests.Integration;
using Hikyaku.DataCopy.Contracts;
using MailKit;
using MailKit.Net.Imap;
using MailKit.Security;
using Microsoft.AspNetCore.Builder;
using MimeKit;

namespace Hikyaku.Panel.Tests;

/// <summary>
/// A panel before a copy service that may copy from this machine, and a real Dovecot with the mailboxes that mail is copied from and to. What
/// mail nodes do, this does, once it is told to: it lists what they must obey, lets the worker in, and reports that.
/// </summary>
public sealed class CopyServers(PanelUnderTest panel) : IAsyncLifetime
{
    private readonly MailServer _mail = new("maildir:~/Maildir:LAYOUT=fs", '/', "", "");
    private readonly ConcurrentDictionary<string, (string Login, string User)> _let = [];
    private readonly CancellationTokenSource _stop = new();
    private WebApplication? _panel;
    private Uri _service = null!;
    private Task? _node;
    private int _users;

    /// <summary>Where the panel is.</summary>
    public Uri Address { get; private set; } = null!;

    /// <summary>The gateway before the copy service.</summary>
    public Uri Gateway { get; private set; } = null!;

    /// <summary>The source's port without TLS from the first byte.</summary>
    public int Port => _mail.Port;

    /// <summary>The source's port with TLS, whose certificate nobody trusts.</summary>
    public int TlsPort => _mail.TlsPort;

    /// <summary>The password of every mailbox.</summary>
    public static string Password => MailServer.Password;

    public async ValueTask InitializeAsync()
    {
        await _mail.StartedAsync();
        (Gateway, _service) = await panel.Platform.NewDataCopyAsync(
            $"--Hikyaku:CopyDestination=127.0.0.1:{_mail.Port.ToString(CultureInfo.InvariantCulture)}", "--Hikyaku:CopyAllow=127.0.0.0/8", "--Hikyaku:CopyJobs=2",
            "--Hikyaku:Copy:PauseSeconds=0.2", "--Hikyaku:Copy:RetrySeconds=0.05", "--Hikyaku:Copy:LeaseSeconds=5");
        _panel = await panel.StartPanelAsync(Gateway);
        Address = new Uri(_panel.Urls.First());
        _node = ObeyAsync(_stop.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        if (_node is not null) await _node;
        if (_panel is not null) await _panel.DisposeAsync();
        await _mail.DisposeAsync();
        _stop.Dispose();
    }

    /// <summary>A mailbox at the source with messages.</summary>
    public async Task<string> SourceAsync(params string[] subjects)
    {
        var user = NewUser();
        await UseAsync(user, async inbox =>
        {
            foreach (var subject in subjects) await inbox.AppendAsync(new MimeMessage([InternetAddress.Parse("hanako@example.jp")], [], subject, new TextPart("plain") { Text = subject }));
            return 0;
        });
        return user;
    }

    /// <summary>From now on the mail node obeys what is decided of an account, into a mailbox whose name is answered.</summary>
    public string Obey(string accountId, string address)
    {
        var user = NewUser();
        _let[accountId] = (address + CopyGrantState.LoginSuffix, user);
        return user;
    }

    /// <summary>How many messages an inbox has.</summary>
    public Task<int> CountAsync(string user) => UseAsync(user, async inbox =>
    {
        await inbox.OpenAsync(FolderAccess.ReadOnly);
        return inbox.Count;
    });

    private string NewUser() => $"taro{Interlocked.Increment(ref _users).ToString(CultureInfo.InvariantCulture)}";

    private async Task<T> UseAsync<T>(string user, Func<IMailFolder, Task<T>> use)
    {
        using var client = new ImapClient();
        await client.ConnectAsync("127.0.0.1", _mail.Port, SecureSocketOptions.None);
        await client.AuthenticateAsync(user, MailServer.Password);
        var result = await use(client.Inbox!);
        await client.DisconnectAsync(quit: true);
        return result;
    }

    private async Task ObeyAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        while (await ((Task)timer.WaitForNextTickAsync(stop).AsTask()).ContinueWith(t => t.IsCompletedSuccessfully, TaskScheduler.Default))
        {
            if (_let.IsEmpty) continue; // the node is away yet
            var lines = (await panel.Platform.AsNodeAsync(HttpMethod.Get, new(_service, "/internal/node-state"))).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonNode.Parse(l)!).ToList();
            foreach (var state in lines.Where(l => l["part"] is not null).Select(l => l["state"]!))
            {
                if (_let.TryGetValue((string)state["accountId"]!, out var mailbox)) _mail.Grant(mailbox.Login, mailbox.User, (string?)state["secretHash"]);
            }

            var report = new { applied = new Dictionary<string, long> { ["datacopy"] = (long)lines[^1]["upTo"]! }, listed = true };
            await panel.Platform.AsNodeAsync(HttpMethod.Put, new(_service, "/internal/nodes/mail1"), report);
        }
    }
}
