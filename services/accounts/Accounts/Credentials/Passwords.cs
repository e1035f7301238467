using System.Text;
using Geralt;

namespace Hikyaku.Accounts.Credentials;

/// <summary>
/// Argon2id as Dovecot verifies it (PHC format; m=19456 KiB, t=2, p=1: about 20 ms and 19 MiB a hash). At most as many run
/// at once as there are cores, so that hashing leaves time and memory to the rest of the service; a request that waits
/// longer than <see cref="Patience"/> is answered that the service is busy.
/// </summary>
public sealed class Passwords : IDisposable
{
    private const int HashChars = 128; // libsodium's crypto_pwhash_STRBYTES, padded with zeros
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly SemaphoreSlim _places = new(Environment.ProcessorCount);
    private readonly int _memoryBytes;
    private readonly int _iterations;
    private readonly string _nobody;
    private readonly BackgroundThreads? _threads;

    /// <summary>Reads the cost: <c>Hikyaku:PasswordCost=low</c> is for tests alone.</summary>
    public Passwords(IConfiguration configuration)
    {
        var low = configuration["Hikyaku:PasswordCost"] == "low";
        (_memoryBytes, _iterations) = low ? (64 * 1024, 1) : (19456 * 1024, 2);
        _nobody = Compute(Guid.NewGuid().ToString());
    }

    private Passwords(Passwords same, BackgroundThreads threads)
        => (_memoryBytes, _iterations, _nobody, _threads) = (same._memoryBytes, same._iterations, same._nobody, threads);

    /// <summary>The same on threads of the lowest priority: for files with many passwords.</summary>
    public Passwords InBackground(BackgroundThreads threads) => new(this, threads);

    /// <summary>Hashes a password with a new salt.</summary>
    public Task<string> HashAsync(string password, CancellationToken stop) => InTurnAsync(() => Compute(password), stop);

    /// <summary>Whether the password matches the hash. With a null hash the answer is no, after the same time.</summary>
    public Task<bool> VerifyAsync(string? hash, string password, CancellationToken stop)
        => InTurnAsync(() => Argon2id.VerifyHash(hash ?? _nobody, Encoding.UTF8.GetBytes(password)) && hash is not null, stop);

    /// <inheritdoc/>
    public void Dispose() => _places.Dispose();

    private async Task<T> InTurnAsync<T>(Func<T> work, CancellationToken stop)
    {
        if (_threads is not null) return await _threads.RunAsync(work, stop);
        if (!await _places.WaitAsync(Patience, stop)) throw new TimeoutException("Too many passwords are being hashed");
        try
        {
            return await Task.Run(work, stop);
        }
        finally
        {
            _places.Release();
        }
    }

    private string Compute(string password)
    {
        Span<char> hash = stackalloc char[HashChars];
        Argon2id.ComputeHash(hash, Encoding.UTF8.GetBytes(password), _iterations, _memoryBytes);
        return hash.TrimEnd('\0').ToString();
    }
}
