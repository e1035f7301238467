using System.Security.Cryptography;
using System.Text;
using System.Threading.Channels;
using Hikyaku.Gateway.Routing;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform;
using MassTransit;

namespace Hikyaku.Gateway.SigningIn;

/// <summary>
/// Tells of users' sign-ins, as mail nodes tell of logins (RST-2). Nobody waits for it; while the broker is away for longer than some
/// thousand sign-ins take, the further ones are not told.
/// </summary>
public sealed partial class SignInFacts(IBus bus, AccountsClient accounts, TimeProvider time, ILogger<SignInFacts> log) : BackgroundService
{
    private const int MostWaiting = 10_000;
    private const int InOneMessage = 500;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    private readonly Channel<LoginObserved> _seen = Channel.CreateBounded<LoginObserved>(new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    /// <summary>Notes one.</summary>
    /// <param name="login">Normalised; of operators and administrators nothing is told.</param>
    /// <param name="password">As typed; not kept.</param>
    /// <param name="from">The client's address.</param>
    /// <param name="client">What the client calls itself.</param>
    /// <param name="failure">Null when it was right, else as in <see cref="LoginObserved"/>.</param>
    public void Note(string login, string password, string from, string client, string? failure)
    {
        ArgumentNullException.ThrowIfNull(login);
        ArgumentNullException.ThrowIfNull(client);
        if (!InternetNames.TryReadAddress(login, out var address, out _)) return;
        var now = time.GetUtcNow();
        var name = new string([.. client.Where(c => !char.IsControl(c)).Take(100)]);
        _seen.Writer.TryWrite(new(
            now, now, 1, null, address, from, "panel", Tls: true, failure is null, failure == LoginFailures.Credentials ? Digest(address, password) : null, name.Length > 0 ? name : null, failure));
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (await _seen.Reader.WaitToReadAsync(stoppingToken))
        {
            var some = new List<LoginObserved>();
            while (some.Count < InOneMessage && _seen.Reader.TryRead(out var one)) some.Add(one);
            try
            {
                var known = new List<LoginObserved>();
                foreach (var one in some) known.Add(one with { AccountId = (await accounts.FindTargetAsync(one.Login!))?.AccountId });
                await bus.Publish(new LoginsObserved("gateway", known), stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogNotTold(e, some.Count);
            }

            await Task.Delay(Pause, time, stoppingToken);
        }
    }

    // As short as those of mail nodes, so that no password can be found by it.
    private string Digest(string login, string password) => Convert.ToHexStringLower(HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes($"{login}\n{password}")).AsSpan(0, 2))[..3];

    [LoggerMessage(1, LogLevel.Warning, "{Count} sign-ins are not told to the services")]
    private partial void LogNotTold(Exception e, int count);
}
