using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.Restrictions.Accounts;

/// <summary>What somebody did who had got into an account, as far as this service knows.</summary>
/// <param name="Since">Since when: as asked for, else the first right login from a network that was new.</param>
/// <param name="Networks">The networks that were new since a day before the restriction, or since the time that was asked for, in order.</param>
/// <param name="Logins">How many right logins came from there since.</param>
/// <param name="Messages">How many messages came from there since; from anywhere, where no network was new.</param>
/// <param name="Recipients">To how many recipients.</param>
/// <param name="Held">Messages that are held now.</param>
public sealed record IntrusionView(DateTimeOffset Since, IReadOnlyList<string> Networks, long Logins, long Messages, long Recipients, IReadOnlyList<HeldMessageView> Held);

/// <summary>This service's part of a rewind, which the gateway puts together.</summary>
internal static class Intrusion
{
    private static readonly TimeSpan Before = TimeSpan.FromDays(1);

    /// <summary><c>GET /internal/accounts/{id}/intrusion/{kind}?since=</c> → 200; 404 when there was no restriction of the kind.</summary>
    public static async Task<IResult> Handle(string id, string kind, string? since, HttpContext http, NpgsqlDataSource database, TimeProvider time, CancellationToken stop)
    {
        if (http.Asking().Target?.AccountId != id) return Problems.Of(PlatformProblems.NotFound);
        DateTimeOffset? asked = null;
        if (since is not null)
        {
            if (!EventTimes.TryRead(since, out var typed)) return Problems.Of(PlatformProblems.BadParameter, "since", ("name", "since"));
            asked = typed;
        }

        var restricted = await database.ListAsync(
            $"select since, coalesce(ended_at, {time.GetUtcNow().ToUniversalTime()}) from restriction where account_id = {id} and kind = {kind} order by since desc limit 1",
            row => (Began: row.GetFieldValue<DateTimeOffset>(0).ToUniversalTime(), Ended: row.GetFieldValue<DateTimeOffset>(1).ToUniversalTime()), stop);
        if (restricted is not [var (began, ended)]) return Problems.Of(RestrictionsProblems.NoneOfKind);
        var first = asked is { } then && then < began - Before ? then.ToUniversalTime() : began - Before;
        // Reading mail goes on while sending is blocked, so networks of that time count, too.
        var fresh = await database.ListAsync(
            $"select network, first_at from login_network where account_id = {id} and first_at between {first} and {ended} order by network",
            row => (Network: row.GetString(0), At: row.GetFieldValue<DateTimeOffset>(1)), stop);
        var from = (asked ?? (fresh.Count > 0 ? fresh.Min(f => f.At) : began - Before)).ToUniversalTime();
        var networks = fresh.Select(f => f.Network).ToArray();
        var logins = await database.ValueAsync<long>(
            $"select coalesce(sum(count), 0)::bigint from login where account_id = {id} and success = 1 and at >= {from} and network = any({networks})", stop);
        var sent = (await database.ListAsync(
            $"""
            select count(*), coalesce(sum(recipients), 0)::bigint from submission
            where account_id = {id} and at >= {from} and (cardinality({networks}::text[]) = 0 or network = any({networks}))
            """, row => (Messages: row.GetInt64(0), Recipients: row.GetInt64(1)), stop))[0];
        return new Answer(200, new IntrusionView(from, networks, logins, sent.Messages, sent.Recipients, await HeldMail.ReadAsync(database, id, stop)));
    }
}
