using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform;
using Hikyaku.Restrictions.Accounts;
using Npgsql;

namespace Hikyaku.Restrictions.Judging;

/// <summary>Counts facts, of windows that end now. Facts come late and out of order, so each decision counts anew.</summary>
internal sealed class Counts(NpgsqlDataSource database)
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1), Day = TimeSpan.FromDays(1), Month = TimeSpan.FromDays(30);

    /// <summary>
    /// The failed logins of an account by network. What came before a lock ended has had its lock; that of the whole account did not concern the
    /// networks that the account knows.
    /// </summary>
    public Task<List<NetworkFailures>> FailuresAsync(string accountId, AccountStanding? standing, IReadOnlyList<string> known, DateTimeOffset since, CancellationToken stop)
    {
        var ended = standing?.Ended.Where(e => e.Kind == Kinds.AccountLocked && e.At > since).ToList() ?? [];
        var cut = ended.Where(e => e.Network is null).Select(e => e.At).Append(since).Max().ToUniversalTime();
        var networks = ended.Where(e => e.Network is not null).GroupBy(e => e.Network!).ToDictionary(g => g.Key, g => g.Max(e => e.At).ToUniversalTime());
        return database.ListAsync(
            $"""
            select l.network, count(distinct l.password) + coalesce(sum(l.count) filter (where l.password is null), 0)::bigint
            from login l left join unnest({networks.Keys.ToArray()}, {networks.Values.ToArray()}) as e (network, at) on e.network = l.network
            where l.account_id = {accountId} and l.at >= {since.ToUniversalTime()} and (l.at >= {cut} or l.network = any({known.ToArray()})) and l.failure = {LoginFailures.Credentials} and l.network is not null and (e.at is null or l.at > e.at)
            group by l.network
            """, row => new NetworkFailures(row.GetString(0), row.GetInt64(1)), stop);
    }

    /// <summary>On how many login names a network failed that do not know it, and the ids of some accounts among them.</summary>
    public async Task<(long Accounts, IReadOnlyList<string> Some)> SprayedAsync(string network, DateTimeOffset since, DateTimeOffset known, CancellationToken stop)
        => (await database.ListAsync(
            $"""
            select count(*), array(select unnest(array_agg(account_id) filter (where account_id is not null)) order by 1 limit 20) from (
                select distinct coalesce(l.account_id, l.name) as whose, l.account_id from login l
                where l.network = {network} and l.at >= {since} and l.failure = {LoginFailures.Credentials} and coalesce(l.account_id, l.name) is not null
                    and not exists (select from login_network n where n.account_id = l.account_id and n.network = l.network and n.last_at >= {known})) as failed
            """, row => (row.GetInt64(0), (IReadOnlyList<string>)row.GetFieldValue<string[]>(1)), stop))[0];

    /// <summary>What an address sent, and how its account was used.</summary>
    public async Task<SendingCounts> SendingAsync(string addressKey, Target account, AccountStanding? standing, DateTimeOffset now, CancellationToken stop)
    {
        var sendingEnd = Latest(standing?.EndOf(Kinds.SendingLocked), standing?.EndOf(Kinds.CompromiseSuspected));
        var (month, day, hour) = (now - Month - Day, Latest(now - Day, sendingEnd), Latest(now - Hour, sendingEnd));
        var pastEnd = now - Day;
        var sent = (await database.ListAsync(
            $"""
            select coalesce(sum(recipients) filter (where at > {hour}), 0)::bigint, coalesce(sum(recipients) filter (where at > {day}), 0)::bigint,
                coalesce(sum(first_time) filter (where at > {hour}), 0)::bigint, coalesce(sum(first_time) filter (where at > {day}), 0)::bigint,
                coalesce(sum(recipients) filter (where at < {pastEnd}), 0)::bigint / 30, count(*) filter (where at < {pastEnd}) > 0
            from submission where address_key = {addressKey} and at >= {month}
            """, row => (Hour: row.GetInt64(0), Day: row.GetInt64(1), FirstHour: row.GetInt64(2), FirstDay: row.GetInt64(3), Usual: row.GetInt64(4), HasPast: row.GetBoolean(5)), stop))[0];
        var best = await database.ValueAsync<long>(
            $"""
            select coalesce(max(known), 0)::bigint from (
                select sum(recipients - first_time) as known from submission where address_key = {addressKey} and at >= {month} and at < {pastEnd} group by date_trunc('day', at at time zone 'UTC')) as days
            """, stop);
        var domain = await database.ValueAsync<long>($"select coalesce(sum(recipients), 0)::bigint from submission where domain = {account.Domain} and at > {day}", stop);
        var signs = (await database.ListAsync(
            $"""
            select count(*) filter (where kind = {SignKinds.Failed}), count(*) filter (where kind = {SignKinds.Spam})
            from sending_sign where account_id = {account.AccountId} and at > {hour}
            """, row => (Failed: row.GetInt64(0), Spam: row.GetInt64(1)), stop))[0];
        var wrong = await database.ValueAsync<long>(
            $"select count(distinct coalesce(password, id)) from login where account_id = {account.AccountId} and at > {hour} and failure = {LoginFailures.Credentials}", stop);
        // Of an account that has no older network, the first one is no sign.
        var used = await database.ListAsync(
            $"""
            select network, first_at > {day} and exists (select from login_network o where o.account_id = {account.AccountId} and o.first_at <= {pastEnd}), last_at > {hour}
            from login_network where account_id = {account.AccountId} and last_at > {day} order by network
            """, row => (Network: row.GetString(0), IsNew: row.GetBoolean(1), InHour: row.GetBoolean(2)), stop);
        var from = await database.ListAsync(
            $"select distinct network from submission where account_id = {account.AccountId} and at > {day} and network is not null order by network limit 50", row => row.GetString(0), stop);
        return new(
            sent.Hour, sent.Day, sent.FirstHour, sent.FirstDay, domain, best, sent.Usual, sent.HasPast, signs.Failed, signs.Spam, wrong,
            [.. used.Where(u => u.IsNew).Select(u => u.Network)], used.Count(u => u.InHour), from);
    }

    private static DateTimeOffset Latest(params DateTimeOffset?[] times) => (times.Max() ?? DateTimeOffset.MinValue).ToUniversalTime();
}

/// <summary>Kinds of <see cref="Facts.SendingSign"/>.</summary>
internal static class SignKinds
{
    public const string Failed = "failed", Spam = "spam";
}
