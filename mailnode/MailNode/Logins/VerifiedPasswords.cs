using System.Threading.Channels;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

/// <summary>
/// Remembers passwords that were typed right, so that the next login with one needs no Argon2id (21 ms of a core). What is
/// kept is a proof: SHA-256 of the password with a key that Dovecot alone has, in memory (sql.conf, docs/decisions/0012).
/// <para>
/// Beside the proof stands which hash the password was checked against (its mark), and Dovecot's query takes a proof only
/// with the mark of the present hash. So it ends in the transaction that writes another hash, however late a login of
/// before is reported, and also while this agent is dead, as nobody else writes the replica.
/// </para>
/// </summary>
public sealed partial class VerifiedPasswords(Replica replica, TimeProvider time, ILogger<VerifiedPasswords> logger) : BackgroundService
{
    private const int MostWaiting = 10_000;
    private const int InOneTransaction = 1000;
    private const int LongestLogin = 320;
    private const int MarkLength = 22;
    private const int ProofLength = 64;

    // Proofs are collected this long for one transaction, as each waits for the disk. A mail program's second login comes later.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    // If a proof is dropped, the next login hashes the password again and tells it again.
    private readonly Channel<(string Login, string Mark, string Proof)> _told = Channel.CreateBounded<(string Login, string Mark, string Proof)>(
        new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    /// <summary>Takes a login that Dovecot reports; nothing of one that failed, or whose password was known.</summary>
    public void Note(Logins.Report report)
    {
        ArgumentNullException.ThrowIfNull(report);
        if (report is { Success: true, Login: { Length: > 0 and <= LongestLogin } login, Mark: { Length: MarkLength } mark, Proof: { Length: ProofLength } proof })
            _told.Writer.TryWrite((LoginName.Read(login), mark, proof));
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (await _told.Reader.WaitToReadAsync(stoppingToken))
        {
            var together = new List<(string Login, string Mark, string Proof)>();
            while (together.Count < InOneTransaction && _told.Reader.TryRead(out var one)) together.Add(one);
            try
            {
                await replica.WriteAsync(r => together.Sum(t => Remember(r, t.Login, t.Mark, t.Proof)), stoppingToken);
            }
            catch (SqliteException e)
            {
                LogNotRemembered(e, together.Count);
            }

            await Task.Delay(Pause, time, stoppingToken);
        }
    }

    // Writes nothing if the account has another password hash by now.
    private static int Remember(SqliteConnection r, string login, string mark, string proof)
        => r.Run("INSERT OR REPLACE INTO verified_password SELECT account_id, password_mark, $3 FROM dovecot_user WHERE (address = $1 OR unicode_address = $1) AND password_mark = $2",
            login, mark, proof);

    [LoggerMessage(1, LogLevel.Warning, "{Count} logins are not remembered and will be hashed again")]
    private partial void LogNotRemembered(Exception e, int count);
}
