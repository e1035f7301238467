using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.Restrictions.Accounts;

/// <summary>Wrong passwords that came from one program in one network: by them people find the device that has an old one.</summary>
/// <param name="Network">IPv4 /24 or IPv6 /64; absent: not known.</param>
/// <param name="Protocol">imap, pop3, smtp or panel.</param>
/// <param name="Client">What the program calls itself; absent: it does not say.</param>
/// <param name="Failures">How many logins failed.</param>
/// <param name="SamePassword">Whether it was one and the same password each time, as of a program that has an old one.</param>
/// <param name="FirstAt">When the first one was.</param>
/// <param name="LastAt">When the last one was.</param>
public sealed record LoginFailure(string? Network, string Protocol, string? Client, long Failures, bool SamePassword, DateTimeOffset FirstAt, DateTimeOffset LastAt);

/// <summary>The failed logins of an account of the last seven days.</summary>
/// <param name="Items">The newest first, 100 at most.</param>
public sealed record LoginFailureList(IReadOnlyList<LoginFailure> Items)
{
    private const int Most = 100;
    private static readonly TimeSpan Looked = TimeSpan.FromDays(7);

    /// <summary><c>GET /api/v1/accounts/{address}/login-failures</c> → 200.</summary>
    public static async Task<IResult> Handle(string address, HttpContext http, NpgsqlDataSource database, TimeProvider time, CancellationToken stop)
    {
        var id = http.Asking().Target!.AccountId;
        return new Answer(200, new LoginFailureList(await database.ListAsync(
            $"""
            select network, protocol, client, sum(count)::bigint, count(distinct password) = 1 and count(password) = count(*) and sum(count) > 1, min(at), max(at) from login
            where account_id = {id} and at >= {(time.GetUtcNow() - Looked).ToUniversalTime()} and failure = {LoginFailures.Credentials}
            group by network, protocol, client order by max(at) desc limit {Most}
            """,
            row => new LoginFailure(row.TextOrNull(0), row.GetString(1), row.TextOrNull(2), row.GetInt64(3), row.GetBoolean(4), row.GetFieldValue<DateTimeOffset>(5), row.GetFieldValue<DateTimeOffset>(6)),
            stop)));
    }
}
