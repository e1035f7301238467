using System.Data.Common;
using Hikyaku.Gateway.Routing;
using Hikyaku.Gateway.Sessions;
using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.Gateway.Tokens;

/// <summary>
/// The API tokens in PostgreSQL. Look-ups are remembered for a second at most, so a revoked token is dead within one. What ended is kept for
/// <see cref="Kept"/>, so that its holder hears why it does not count.
/// </summary>
public sealed class TokenStore(NpgsqlDataSource database, TimeProvider time)
{
    /// <summary>How many tokens that count one login may have.</summary>
    public const int MaxPerLogin = 100;

    /// <summary>How long revoked and expired tokens are kept.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromDays(30);

    private const int CleanedAtOnce = 1000;

    private const string Judged = $$"""
        select s.id, s.name, s.scopes, s.only_domains, s.role, s.login, s.account_id, s.domains, later.given, later.taken, later.standing,
               s.revoked_at is not null or coalesce(p.version > s.version, false), s.address, s.created_at, s.expires_at, s.last_used_at, s.last_used_address,
               array(select r.domain from second_factor_rule r
                   where s.role = 'admin' and r.required and not coalesce(f.enabled, false) and (r.domain = any (s.domains) or r.domain = any (later.given)))
        from api_token s
        left join password_change p on p.subject = s.subject
        left join second_factor_change f on s.role = 'admin' and f.login = s.login
        {{LaterAppointments.Join}}
        """;

    private readonly ExpiringCache<TokenHash, ApiToken> _known = new(TimeSpan.FromSeconds(1), 50_000, time, ahead: true);
    private readonly ExpiringCache<Guid, object> _noted = new(TimeSpan.FromMinutes(1), 50_000, time);

    /// <summary>Finds a token, whether it still counts or not; null when there is none.</summary>
    // All requests with this token share the answer, so none of them may cancel it. The command's time-out ends it.
    public ValueTask<ApiToken?> FindAsync(TokenHash hash)
        => _known.GetAsync(hash, h => database.FirstAsync($"{Judged:sql} where s.token_hash = {h.ToBytes()}", Read, CancellationToken.None));

    /// <summary>Notes that a token was used; at most once a minute.</summary>
    public async ValueTask NoteUseAsync(ApiToken token, string address)
    {
        ArgumentNullException.ThrowIfNull(token);
        await _noted.GetAsync(token.Id, async id =>
        {
            var now = time.GetUtcNow();
            await database.ExecuteAsync(
                $"""
                update api_token set last_used_at = {now}, last_used_address = {address}
                where id = {id} and (last_used_at is null or last_used_at <= {now.AddMinutes(-1)})
                """, CancellationToken.None);
            return (object?)id;
        });
    }

    /// <summary>Keeps a new token; none when its maker's session has ended, the account is being deleted, or there are too many.</summary>
    /// <returns>Whether it is kept.</returns>
    public async Task<bool> AddAsync(TokenHash hash, ApiToken token, Guid madeBy, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(token);
        var subject = token.AccountId ?? token.Login;
        // The token of a session that changed the password belongs to the new password, whatever the session's own version.
        var changed = await database.ExecuteAllAsync(
        [
            ErasedAccounts.Lock(subject),
            $"select pg_advisory_xact_lock(hashtextextended({subject}, 3))", // so that the limit holds
            // What has ended is kept for a while, but not without a bound.
            $"""
            delete from api_token where id in (
                select id from api_token where subject = {subject} and (revoked_at is not null or expires_at <= {token.CreatedAt}) order by created_at desc offset {MaxPerLogin})
            """,
            $"""
            insert into api_token (token_hash, id, subject, role, login, account_id, name, scopes, only_domains, domains, signed_in_at, version, address, created_at, expires_at)
            select {hash.ToBytes()}, {token.Id}, s.subject, s.role, s.login, s.account_id, {token.Name}, {token.Scopes.ToArray()}, {token.Only?.ToArray()}::text[],
                s.domains, s.created_at, greatest(s.version, coalesce(p.version, 0)), {token.Address}, {token.CreatedAt}, {token.ExpiresAt}
            from session s left join password_change p on p.subject = s.subject
            where s.id = {madeBy} and s.subject = {subject} and s.expires_at > {token.CreatedAt}
                and (p.version is null or s.version >= p.version or p.kept_session = s.id)
                and not exists (select from erased_account where account_id = s.account_id)
                and (select count(*) from api_token t where t.subject = {subject} and t.revoked_at is null and t.expires_at > {token.CreatedAt}
                    and not coalesce(p.version > t.version, false)) < {MaxPerLogin}
            """,
        ], stop);
        return changed[^1] == 1;
    }

    /// <summary>The owner's tokens that are not revoked, newest first, expired ones of the last days too.</summary>
    public async Task<List<ApiToken>> OfOwnerAsync(Session owner, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(owner);
        var tokens = await database.ListAsync($"{Judged:sql} where s.subject = {owner.AccountId ?? owner.Login} and s.revoked_at is null order by s.created_at desc", Read, stop);
        return [.. tokens.Where(t => !t.Revoked)];
    }

    /// <summary>One of the owner's tokens that are not revoked; null when it is none of theirs.</summary>
    public async Task<ApiToken?> OfOwnerAsync(Session owner, Guid id, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(owner);
        var token = await database.FirstAsync($"{Judged:sql} where s.subject = {owner.AccountId ?? owner.Login} and s.id = {id}", Read, stop);
        return token is { Revoked: false } ? token : null;
    }

    /// <summary>Revokes one of the owner's tokens; false when it is none of theirs, or revoked already.</summary>
    public async Task<bool> RevokeAsync(Session owner, Guid id, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(owner);
        return await database.ExecuteAsync(
            $"update api_token set revoked_at = {time.GetUtcNow()} where id = {id} and subject = {owner.AccountId ?? owner.Login} and revoked_at is null", stop) > 0;
    }

    /// <summary>Revokes for good what an administrator's tokens cannot use any more: those that reach no domain after a dismissal.</summary>
    public async Task RevokeWithoutDomainAsync(string login, CancellationToken stop)
    {
        var tokens = await database.ListAsync($"{Judged:sql} where s.role = 'admin' and s.login = {login} and s.revoked_at is null", Read, stop);
        Guid[] useless = [.. tokens.Where(t => t.AsSession.Domains.Count == 0).Select(t => t.Id)];
        if (useless.Length > 0) await database.ExecuteAsync($"update api_token set revoked_at = {time.GetUtcNow()} where id = any({useless}) and revoked_at is null", stop);
    }

    /// <summary>Removes every token of an account.</summary>
    public Task EraseAsync(string accountId, CancellationToken stop) => database.ExecuteAsync($"delete from api_token where subject = {accountId}", stop);

    /// <summary>Removes a bounded number of tokens that ended long ago.</summary>
    /// <returns>Whether there may be more.</returns>
    public async Task<bool> CleanAsync(CancellationToken stop)
    {
        var ended = time.GetUtcNow() - Kept;
        return await database.ExecuteAsync(
            $"delete from api_token where id in (select id from api_token where expires_at <= {ended} or revoked_at <= {ended} limit {CleanedAtOnce})", stop) == CleanedAtOnce;
    }

    private static ApiToken Read(DbDataReader row)
    {
        string[] domains = [.. row.GetFieldValue<string[]>(7).Except(row.GetFieldValue<string[]>(9)).Union(row.GetFieldValue<string[]>(8)).Order(StringComparer.Ordinal)];
        var token = new ApiToken(
            row.GetGuid(0), row.GetString(1), row.GetFieldValue<string[]>(2), row.IsDBNull(3) ? null : row.GetFieldValue<string[]>(3),
            row.GetString(4), row.GetString(5), row.TextOrNull(6), domains, row.GetInt64(10), row.GetBoolean(11), row.GetString(12),
            row.GetFieldValue<DateTimeOffset>(13), row.GetFieldValue<DateTimeOffset>(14),
            row.IsDBNull(15) ? null : row.GetFieldValue<DateTimeOffset>(15), row.TextOrNull(16), [.. domains.Intersect(row.GetFieldValue<string[]>(17))]);
        // An administrator of nothing has lost the role.
        return token.Role == Roles.Admin && domains.Length == 0 ? token with { Revoked = true } : token;
    }
}
