using System.Net;
using System.Security.Cryptography;
using System.Text;
using Hikyaku.Platform;

namespace Hikyaku.Gateway.SigningIn;

/// <summary>The limits of signing in: <c>Hikyaku:Throttle:…</c>. They are never told to those who are refused (RST-5).</summary>
/// <param name="DistinctPasswords">Wrong passwords of one login from one network.</param>
/// <param name="DistinctLogins">Failing logins of one network.</param>
/// <param name="Window">Within this time.</param>
/// <param name="Patience">How long a try waits for a place when <paramref name="DistinctLogins"/> of its network are under way.</param>
public sealed record SignInLimits(int DistinctPasswords, int DistinctLogins, TimeSpan Window, TimeSpan Patience)
{
    /// <summary>Reads them; the defaults are RST-5's.</summary>
    public static SignInLimits From(IConfiguration configuration) => new(
        configuration.GetValue("Hikyaku:Throttle:DistinctPasswords", 10),
        configuration.GetValue("Hikyaku:Throttle:DistinctLogins", 30),
        TimeSpan.FromSeconds(configuration.GetValue("Hikyaku:Throttle:WindowSeconds", 600)),
        TimeSpan.FromSeconds(5));
}

/// <summary>
/// Limits guessing (GWY-2) without becoming a weapon (RST-3): failures count per login and network, so nobody is locked out from
/// elsewhere; a network that fails with many logins is stopped itself. Known and unknown logins are the same here. It lives in
/// memory and is bounded; a password is remembered as a hash under a key that the process makes for itself.
/// </summary>
public sealed class SignInThrottle(SignInLimits limits, TimeProvider time)
{
    private const int MaxKeys = 50_000;
    private const int MaxWaitingPerNetwork = 200;
    private static readonly TimeSpan ForAPlace = TimeSpan.FromSeconds(1);

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    private readonly Lock _lock = new();
    private readonly DistinctTries<(string Login, string Network), ulong> _passwords = new(limits.Window, MaxKeys);
    private readonly DistinctTries<string, string> _failing = new(limits.Window, MaxKeys);
    private readonly Dictionary<string, int> _underWay = [];
    private readonly Dictionary<string, Queue<TaskCompletionSource>> _waiting = [];

    /// <summary>
    /// Like <see cref="Begin"/>, but waits some seconds for a place where only too many of the network are under way: an office
    /// in the morning has done nothing wrong.
    /// </summary>
    public async Task<(SignInTry? Try, TimeSpan Wait)> BeginAsync(string login, IPAddress from, string password, CancellationToken stop)
    {
        using var patience = new CancellationTokenSource(limits.Patience);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop, patience.Token);
        while (true)
        {
            TaskCompletionSource place;
            lock (_lock)
            {
                if (Begin(login, from, password, out var wait) is { } begun) return (begun, wait);
                if (wait != ForAPlace || limit.IsCancellationRequested || WaitIn(ClientNetwork.Of(from)) is not { } waiting) return (null, wait);
                place = waiting;
            }

            try
            {
                await place.Task.WaitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                GiveUp(place, ClientNetwork.Of(from));
                stop.ThrowIfCancellationRequested(); // else asked once more, for the answer
            }
        }
    }

    /// <summary>
    /// Asks for one try. Until its end is told it counts as a wrong password, so that many at the same time are not more than
    /// many one after the other.
    /// </summary>
    /// <param name="login">Normalised.</param>
    /// <param name="from">The connection's address.</param>
    /// <param name="password">As typed; not kept.</param>
    /// <param name="wait">How long to wait when refused.</param>
    /// <returns>The try; null when refused.</returns>
    public SignInTry? Begin(string login, IPAddress from, string password, out TimeSpan wait)
    {
        var network = ClientNetwork.Of(from);
        var pair = (login, network);
        var hash = Hash(login, password);
        lock (_lock)
        {
            var now = time.GetUtcNow();
            wait = TimeSpan.Zero;
            var passwords = _passwords.Count(pair, now);
            if (passwords >= limits.DistinctPasswords) wait = _passwords.Wait(pair, now);
            if (_failing.Count(network, now) >= limits.DistinctLogins) wait = Max(wait, _failing.Wait(network, now));
            var underWay = _underWay.GetValueOrDefault(network);
            if (wait == TimeSpan.Zero && underWay >= limits.DistinctLogins) wait = ForAPlace;
            if (wait > TimeSpan.Zero) return null;

            _underWay[network] = underWay + 1;
            var isNew = _passwords.Add(pair, hash, now);
            return new SignInTry(ended => End(pair, hash, isNew, ended));
        }
    }

    // Returns null if too many are waiting already.
    private TaskCompletionSource? WaitIn(string network)
    {
        if (!_waiting.TryGetValue(network, out var queue)) _waiting[network] = queue = new();
        if (queue.Count >= MaxWaitingPerNetwork) return null;
        var place = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        queue.Enqueue(place);
        return place;
    }

    private void GiveUp(TaskCompletionSource place, string network)
    {
        lock (_lock)
        {
            if (!place.TrySetCanceled()) LetNextIn(network); // it was its turn just now
        }
    }

    private void LetNextIn(string network)
    {
        if (!_waiting.TryGetValue(network, out var queue)) return;
        while (queue.TryDequeue(out var next) && !next.TrySetResult()) { }
        if (queue.Count == 0) _waiting.Remove(network);
    }

    private void End((string Login, string Network) pair, ulong hash, bool wasNew, SignInTry ended)
    {
        lock (_lock)
        {
            var underWay = _underWay[pair.Network] - 1;
            if (underWay == 0) _underWay.Remove(pair.Network);
            else _underWay[pair.Network] = underWay;
            LetNextIn(pair.Network);

            switch (ended.Outcome)
            {
                case SignInOutcome.Right:
                    _passwords.Clear(pair);
                    _failing.Remove(pair.Network, pair.Login);
                    break;
                case SignInOutcome.Wrong when ended.WrongPassword is { } told:
                    _passwords.Remove(pair, hash);
                    _passwords.Add(pair, Hash(pair.Login, told), time.GetUtcNow());
                    _failing.Add(pair.Network, pair.Login, time.GetUtcNow());
                    break;
                case SignInOutcome.Wrong:
                    _failing.Add(pair.Network, pair.Login, time.GetUtcNow());
                    break;
                case SignInOutcome.Unknown when wasNew:
                    _passwords.Remove(pair, hash); // nobody has judged it, so nothing was learnt
                    break;
            }
        }
    }

    // The login is part of the hash, so that equal passwords of two logins have different hashes.
    private ulong Hash(string login, string password)
        => BitConverter.ToUInt64(HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes($"{login}\n{password}")));

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}

/// <summary>How a try ended.</summary>
public enum SignInOutcome
{
    /// <summary>Nobody could say.</summary>
    Unknown,

    /// <summary>The password was wrong, or there is no such login.</summary>
    Wrong,

    /// <summary>The password was right.</summary>
    Right,
}

/// <summary>A try under way; disposing tells its <see cref="Outcome"/>.</summary>
public sealed class SignInTry(Action<SignInTry> end) : IDisposable
{
    private bool _ended;
    private string? _wrongPassword;

    /// <summary>How it ended.</summary>
    public SignInOutcome Outcome { get; set; }

    /// <summary>
    /// What stands for the wrong password where a service has judged it: the same for the same password. Setting it tells that
    /// the try was wrong; null tells nothing.
    /// </summary>
    public string? WrongPassword
    {
        get => _wrongPassword;
        set
        {
            _wrongPassword = value;
            if (value is not null) Outcome = SignInOutcome.Wrong;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_ended) end(this);
        _ended = true;
    }
}
