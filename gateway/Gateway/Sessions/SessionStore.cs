using System.Data.Common;
using Hikyaku.Gateway.Routing;
using Hikyaku.Gateway.SigningIn;
using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.Gateway.Sessions;

/// <summary>The sessions in PostgreSQL. Look-ups are remembered for a second at most, so an ended session is dead within one.</summary>
public sealed class SessionStore(NpgsqlDataSource database, TimeProvider time)
{
    /// <summary>How many sessions one login may have; beyond it the oldest end.</summary>
    public const int MaxPerLogin = 500;

    private const int CleanedAtOnce = 1000;
    private static readonly TimeSpan UsedWithin = TimeSpan.FromMinutes(1); // so that a session in use is written once a minute

    private const string Live = $$"""
        select s.id, s.role, s.login, s.account_id, s.domains, later.given, later.taken, later.standing,
               s.password_change_required and p.kept_session is distinct from s.id,
               s.address, s.created_at, s.expires_at,
               s.program, s.last_used_at, coalesce(f.enabled, s.has_second_factor), s.second_factor_required_by, rule.required, rule.lifted
        from (select *, created_at as signed_in_at from session) s
        left join password_change p on p.subject = s.subject
        left join second_factor_change f on s.role <> 'user' and f.login = s.login and f.decided_at > s.created_at - interval '5 minutes'
        {{LaterAppointments.Join}}
        cross join lateral (
            select coalesce(array_agg(r.domain) filter (where r.required), '{}') as required,
                   coalesce(array_agg(r.domain) filter (where not r.required and r.decided_at > s.created_at - interval '5 minutes'), '{}') as lifted
            from second_factor_rule r
            where s.role = 'admin' and (r.domain = any (s.domains) or r.domain = any (later.given))) rule
        where (f.login is null or s.version >= f.ended_version or f.kept_session = s.id)
            and (p.version is null or s.version >= p.version or p.kept_session = s.id)
        """;

    private readonly ExpiringCache<TokenHash, Session> _live = new(TimeSpan.FromSeconds(1), 50_000, time, ahead: true);

    /// <summary>Finds a session that has not ended.</summary>
    public async ValueTask<Session?> FindAsync(TokenHash token)
    {
        var session = await _live.GetAsync(token, LoadAsync);
        return session is null || session.ExpiresAt <= time.GetUtcNow() ? null : session;
    }

    /// <summary>Keeps a new session, under what its sign-in was told; none for an account whose deletion came between.</summary>
    /// <param name="token">Finds it.</param>
    /// <param name="session">The session.</param>
    /// <param name="version">The login's version when its password was verified.</param>
    /// <param name="stop">Gives up.</param>
    /// <param name="also">What is written with it.</param>
    public Task AddAsync(TokenHash token, Session session, long version, CancellationToken stop, params IEnumerable<FormattableString> also)
    {
        ArgumentNullException.ThrowIfNull(session);
        return database.ExecuteAllAsync(
        [
            ErasedAccounts.Lock(SubjectOf(session)),
            $"""
            insert into session (token_hash, id, subject, role, login, account_id, domains, version, password_change_required, address, created_at, expires_at,
                program, last_used_at, has_second_factor, second_factor_required_by)
            select {token.ToBytes()}, {session.Id}, {SubjectOf(session)}, {session.Role}, {session.Login}, {session.AccountId}, {session.Domains.ToArray()},
                {version}, {session.PasswordChangeRequired}, {session.Address}, {session.CreatedAt}, {session.ExpiresAt},
                {session.Program}, {session.LastUsedAt}, {session.HasSecondFactor}, {session.SecondFactorRequiredBy.ToArray()}
            where not exists (select from erased_account where account_id = {session.AccountId})
            """,
            $"delete from session where id in (select id from session where subject = {SubjectOf(session)} order by created_at desc offset {MaxPerLogin})",
            .. also,
        ], stop);
    }

    /// <summary>All sessions of the same login, newest first.</summary>
    public Task<List<Session>> OfSameLoginAsync(Session session, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(session);
        return database.ListAsync($"{Live:sql} and s.expires_at > {time.GetUtcNow()} and s.subject = {SubjectOf(session)} order by s.created_at desc limit {MaxPerLogin}", Read, stop);
    }

    /// <summary>Ends a session of the same login; false when there is none.</summary>
    public async Task<bool> EndAsync(Session asking, Guid id, CancellationToken stop)
        => await database.ExecuteAsync($"delete from session where id = {id} and subject = {SubjectOf(asking)}", stop) > 0;

    /// <summary>Ends all sessions of the same login but this one.</summary>
    public Task EndOthersAsync(Session asking, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(asking);
        return database.ExecuteAsync($"delete from session where subject = {SubjectOf(asking)} and id <> {asking.Id}", stop);
    }

    /// <summary>Ends the session that a token finds, at once.</summary>
    public async Task EndAsync(TokenHash token, CancellationToken stop)
    {
        await database.ExecuteAsync($"delete from session where token_hash = {token.ToBytes()}", stop);
        _live.Remove(token);
    }

    /// <summary>A login has another password: its sessions end, but for one.</summary>
    public Task PasswordChangedAsync(string subject, long version, Guid? kept, DateTimeOffset decidedAt, CancellationToken stop) => database.ExecuteAsync(
        $"""
        insert into password_change as known (subject, version, kept_session, decided_at) values ({subject}, {version}, {kept}, {decidedAt})
        on conflict (subject) do update set version = excluded.version, kept_session = excluded.kept_session, decided_at = excluded.decided_at
        where known.version < excluded.version
        """, stop);

    /// <summary>An operator or administrator has a second factor from now on, or no longer.</summary>
    /// <param name="login">Whose.</param>
    /// <param name="version">The login's version after that.</param>
    /// <param name="enabled">Whether there is one.</param>
    /// <param name="ends">Whether sessions that were verified before it end.</param>
    /// <param name="kept">But for this one.</param>
    /// <param name="decidedAt">When.</param>
    /// <param name="stop">Gives up.</param>
    public Task SecondFactorChangedAsync(string login, long version, bool enabled, bool ends, Guid? kept, DateTimeOffset decidedAt, CancellationToken stop) => database.ExecuteAsync(
        $"""
        insert into second_factor_change as known (login, version, enabled, ended_version, kept_session, decided_at)
        values ({login}, {version}, {enabled}, {(ends ? version : 0L)}, {kept}, {decidedAt})
        on conflict (login) do update set
            enabled = case when excluded.version > known.version then excluded.enabled else known.enabled end,
            kept_session = case when excluded.ended_version > known.ended_version then excluded.kept_session else known.kept_session end,
            ended_version = greatest(known.ended_version, excluded.ended_version),
            version = greatest(known.version, excluded.version),
            decided_at = greatest(known.decided_at, excluded.decided_at)
        """, stop);

    /// <summary>A domain requires a second factor of its administrators from now on, or no longer.</summary>
    public Task SecondFactorRequiredAsync(string domain, bool required, long position, DateTimeOffset decidedAt, CancellationToken stop) => database.ExecuteAsync(
        $"""
        insert into second_factor_rule as known (domain, position, required, decided_at) values ({domain}, {position}, {required}, {decidedAt})
        on conflict (domain) do update set position = excluded.position, required = excluded.required, decided_at = excluded.decided_at
        where known.position < excluded.position
        """, stop);

    /// <summary>Removes every session of an account.</summary>
    public Task EraseAsync(string accountId, CancellationToken stop) => database.ExecuteAsync($"delete from session where subject = {accountId}", stop);

    /// <summary>A login administers a domain from now on, or no longer.</summary>
    public Task AppointmentAsync(string login, string domain, bool appointed, long position, DateTimeOffset decidedAt, CancellationToken stop) => database.ExecuteAsync(
        $"""
        insert into appointment as known (login, domain, position, appointed, decided_at) values ({login}, {domain}, {position}, {appointed}, {decidedAt})
        on conflict (login, domain) do update set position = excluded.position, appointed = excluded.appointed, decided_at = excluded.decided_at
        where known.position < excluded.position
        """, stop);

    /// <summary>Removes a bounded number of expired sessions, and changes that no session and no token is old enough to care for.</summary>
    /// <returns>Whether there may be more.</returns>
    public async Task<bool> CleanAsync(CancellationToken stop)
    {
        var now = time.GetUtcNow();
        var forgotten = now - Session.Lifetime - TimeSpan.FromHours(1);
        var removed = await database.ExecuteAllAsync(
        [
            $"update api_token t set revoked_at = p.decided_at from password_change p where p.subject = t.subject and p.version > t.version and t.revoked_at is null",
            $"delete from session where id in (select id from session where expires_at <= {now} limit {CleanedAtOnce})",
            $"delete from password_change where subject in (select subject from password_change where decided_at < {forgotten} limit {CleanedAtOnce})",
            NewNetworks.Forget(now, CleanedAtOnce),
            $"delete from appointment where (login, domain) in (select login, domain from appointment a where decided_at < {forgotten} and not exists (select from api_token t where t.role = 'admin' and t.login = a.login) limit {CleanedAtOnce})",
        ], stop);
        return removed.Skip(1).Contains(CleanedAtOnce);
    }

    private static string SubjectOf(Session session) => session.AccountId ?? session.Login;

    // All requests with this token share the answer, so none of them may cancel it. The command's time-out ends it.
    private Task<Session?> LoadAsync(TokenHash token)
        => database.FirstAsync(
            $"""
            with used as (
                update session set last_used_at = {time.GetUtcNow()}
                where token_hash = {token.ToBytes()} and last_used_at < {time.GetUtcNow() - UsedWithin})
            {Live:sql} and s.expires_at > {time.GetUtcNow()} and s.token_hash = {token.ToBytes()}
            """, Read, CancellationToken.None);

    private static Session Read(DbDataReader row)
    {
        string[] domains = [.. row.GetFieldValue<string[]>(4).Except(row.GetFieldValue<string[]>(6)).Union(row.GetFieldValue<string[]>(5)).Order(StringComparer.Ordinal)];
        var requiredBy = row.GetFieldValue<string[]>(15).Except(row.GetFieldValue<string[]>(17)).Union(row.GetFieldValue<string[]>(16));
        return new Session(
            row.GetGuid(0), row.GetString(1), row.GetString(2), row.TextOrNull(3), domains, row.GetInt64(7),
            row.GetBoolean(8), row.GetString(9), row.GetFieldValue<DateTimeOffset>(10), row.GetFieldValue<DateTimeOffset>(11))
        {
            Program = row.GetString(12),
            LastUsedAt = row.GetFieldValue<DateTimeOffset>(13),
            HasSecondFactor = row.GetBoolean(14),
            SecondFactorRequiredBy = [.. domains.Intersect(requiredBy)],
        };
    }
}
