using System.Collections.Concurrent;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace Hikyaku.Bench.Chaos;

/// <summary>A message that a server has accepted with 250, and how many earlier attempts got no answer, so that it may have been accepted then.</summary>
internal sealed record AcceptedMessage(string Id, string To, int Unanswered);

/// <summary>
/// Mail from outside, mail that people send to each other and to the outside, and people who look into their mailboxes, at the same time. Who
/// sends tries again as a mail server does, until the message is accepted.
/// </summary>
internal sealed class MailLoad(RunningPlatform platform, IReadOnlyList<string> accounts, int seed)
{
    /// <summary>Whose mail goes to the outside (RFC 2606).</summary>
    public const string FarDomain = "far.example";

    private const int MessagesInOneSession = 5;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private static readonly TimeSpan LastTries = TimeSpan.FromMinutes(2);

    private int _numbers, _reads, _refusedLogins;

    public ConcurrentBag<AcceptedMessage> Accepted { get; } = [];

    /// <summary>How many times somebody has logged in and looked.</summary>
    public int Reads => _reads;

    /// <summary>Right passwords that were refused for good.</summary>
    public int RefusedLogins => _refusedLogins;

    public Task RunAsync(CancellationToken stop) => Task.WhenAll(
        SendAsync(new Random(seed), fromOutside: true, stop), SendAsync(new Random(seed + 1), fromOutside: true, stop),
        SendAsync(new Random(seed + 2), fromOutside: false, stop), ReadAsync(new Random(seed + 3), stop));

    private async Task SendAsync(Random random, bool fromOutside, CancellationToken stop)
    {
        var waiting = new Queue<(MimeMessage Message, int Unanswered)>();
        // A message that is not accepted some time after the end of the load counts as not accepted.
        var end = new Lazy<DateTime>(() => DateTime.UtcNow + LastTries);
        while (!stop.IsCancellationRequested || (waiting.Count > 0 && DateTime.UtcNow < end.Value))
        {
            var from = fromOutside ? "sender@elsewhere.example" : One(random);
            while (waiting.Count < MessagesInOneSession && !stop.IsCancellationRequested) waiting.Enqueue((Message(from, fromOutside || random.Next(4) > 0 ? One(random) : $"friend-{seed}@{FarDomain}"), 0));
            await SessionAsync(waiting, fromOutside);
            await Task.Delay(Pause, CancellationToken.None);
        }
    }

    // Messages that were not accepted stay in the queue.
    private async Task SessionAsync(Queue<(MimeMessage Message, int Unanswered)> waiting, bool fromOutside)
    {
        using var smtp = new SmtpClient { Timeout = 15_000, ServerCertificateValidationCallback = platform.IsOwnCertificate };
        var from = waiting.Peek().Message.From.Mailboxes.Single().Address;
        try
        {
            var (host, port) = platform.Server(fromOutside ? "smtp" : "submission");
            await smtp.ConnectAsync(host, port, fromOutside ? SecureSocketOptions.None : SecureSocketOptions.StartTls);
            if (!fromOutside) await smtp.AuthenticateAsync(from, RunningPlatform.Password);
            while (waiting.TryPeek(out var next) && next.Message.From.Mailboxes.Single().Address == from)
            {
                try
                {
                    await smtp.SendAsync(next.Message);
                    Accepted.Add(new(next.Message.MessageId!, next.Message.To.Mailboxes.Single().Address, next.Unanswered));
                    waiting.Dequeue();
                }
                catch (Exception e) when (e is IOException or SmtpProtocolException or OperationCanceledException or TimeoutException)
                {
                    waiting.Dequeue();
                    waiting.Enqueue((next.Message, next.Unanswered + 1)); // perhaps it was accepted
                    return;
                }
            }

            await smtp.DisconnectAsync(true);
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException or ProtocolException or CommandException or AuthenticationException or SslHandshakeException or ServiceNotConnectedException or OperationCanceledException or TimeoutException)
        {
            Note(e); // not accepted; tried again
        }
    }

    private async Task ReadAsync(Random random, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                using var imap = await platform.ImapAsync(One(random), RunningPlatform.Password);
                await imap.Inbox.OpenAsync(FolderAccess.ReadOnly, CancellationToken.None);
                await imap.DisconnectAsync(true, CancellationToken.None);
                Interlocked.Increment(ref _reads);
            }
            catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException or ProtocolException or CommandException or AuthenticationException or ServiceNotConnectedException or OperationCanceledException)
            {
                Note(e); // tried again
            }

            await Task.Delay(Pause, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // A server that was just killed may answer "try again later".
    private void Note(Exception e)
    {
        if (e is AuthenticationException && !e.Message.Contains("UNAVAILABLE", StringComparison.OrdinalIgnoreCase) && !e.Message.Contains("Temporary", StringComparison.OrdinalIgnoreCase)
            && !e.Message.Contains("4.7.0", StringComparison.Ordinal) && e.InnerException is null) Interlocked.Increment(ref _refusedLogins);
    }

#pragma warning disable CA5394 // a seed must give the same load again
    private string One(Random random) => accounts[random.Next(accounts.Count)];
#pragma warning restore CA5394

    private MimeMessage Message(string from, string to)
    {
        var message = new MimeMessage { Subject = "chaos", MessageId = $"{seed}-{Interlocked.Increment(ref _numbers)}@chaos.example", Body = new TextPart("plain") { Text = "お元気ですか。" } };
        message.From.Add(MailboxAddress.Parse(from));
        message.To.Add(MailboxAddress.Parse(to));
        return message;
    }
}
