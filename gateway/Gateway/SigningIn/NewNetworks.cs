using System.Net;
using System.Resources;
using Hikyaku.Contracts;
using Hikyaku.Gateway.Sessions;
using Hikyaku.Platform;
using MassTransit;
using Npgsql;

namespace Hikyaku.Gateway.SigningIn;

/// <summary>
/// Tells operators and administrators that somebody signed in as they from a network that was never seen with their login, by a notice,
/// which also goes by mail to who wants that (NTC-1). The network is noted with the session, in one transaction, and the notice is
/// published from there: once for each network, also when the broker was away. The first network of a login is not told.
/// </summary>
public sealed partial class NewNetworks(NpgsqlDataSource database, IBus bus, ILogger<NewNetworks> log) : BackgroundService
{
    private const int AtOnce = 100;
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Remembered = TimeSpan.FromDays(400);
    private static readonly ResourceManager Texts = new("Hikyaku.Gateway.SigningIn.SignInNotices", typeof(NewNetworks).Assembly);
    private static readonly ProblemCode NewNetwork = new("notices.sign-in-from-new-network", 200, Texts);

    private readonly SemaphoreSlim _more = new(0, 1);

    /// <summary>The statements that note the network of a new session; none for users.</summary>
    public static IEnumerable<FormattableString> Note(Session session)
    {
        ArgumentNullException.ThrowIfNull(session);
        if (session.Role == Roles.User) return [];
        var network = ClientNetwork.Of(IPAddress.Parse(session.Address));
        return
        [
            // Of two first sign-ins at once one is the first.
            $"select pg_advisory_xact_lock(hashtextextended({session.Login}, 4))",
            $"""
            insert into known_network (login, network, notice_id, is_told, address, program, first_seen_at, last_seen_at)
            select {session.Login}, {network}, {Guid.CreateVersion7(session.CreatedAt)}, not exists (select from known_network where login = {session.Login}),
                {session.Address}, {session.Program}, {session.CreatedAt}, {session.CreatedAt}
            on conflict (login, network) do update set last_seen_at = excluded.last_seen_at
            """,
        ];
    }

    /// <summary>Forgets networks that were not seen for 400 days.</summary>
    public static FormattableString Forget(DateTimeOffset now, int limit)
        => $"delete from known_network where (login, network) in (select login, network from known_network where is_told and last_seen_at < {now - Remembered} limit {limit})";

    /// <summary>There may be something to tell.</summary>
    public void Tell()
    {
        try
        {
            _more.Release();
        }
        catch (SemaphoreFullException)
        {
            // it is going to look anyway
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _more.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                while (await TellSomeAsync(stoppingToken) == AtOnce) { }
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogPutOff(e);
            }

            await _more.WaitAsync(Look, stoppingToken);
        }
    }

    private async Task<int> TellSomeAsync(CancellationToken stop)
    {
        var untold = await database.ListAsync(
            $"select notice_id, login, address, program, first_seen_at from known_network where not is_told order by first_seen_at limit {AtOnce}",
            row => new Seen(row.GetGuid(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetFieldValue<DateTimeOffset>(4)), stop);
        foreach (var seen in untold)
        {
            await bus.Publish(NoticeOf(seen), stop); // told again after a crash here, under the same id
            await database.ExecuteAsync($"update known_network set is_told = true where notice_id = {seen.NoticeId}", stop);
        }

        return untold.Count;
    }

    private static NoticeRaised NoticeOf(Seen seen) => new(
        seen.NoticeId, NoticeKinds.NewNetwork, seen.At, new(Administrators: false, Operators: false, StartedBy: seen.Login), "", AccountId: null, Address: null, Job: null,
        Problems.InEveryLanguage(language => Problems.Text(
            new(NewNetwork, null, ("login", seen.Login), ("address", seen.Address), ("program", seen.Program.Length > 0 ? seen.Program : "-")), language)));

    private sealed record Seen(Guid NoticeId, string Login, string Address, string Program, DateTimeOffset At);

    [LoggerMessage(1, LogLevel.Warning, "New networks of sign-ins could not be told; it is tried again")]
    private partial void LogPutOff(Exception e);
}
