using Hikyaku.Platform;
using Marten;
using Npgsql;

namespace Hikyaku.Feed.Notices.ByMail;

/// <summary>Where somebody wants their notices sent to.</summary>
/// <param name="Address">A mail address; null or empty: notices are not sent.</param>
/// <param name="Language">ja or en; null: the language of the request.</param>
public sealed record NoticesByMailBody(string? Address, string? Language = null);

/// <summary>Where somebody's notices are sent to.</summary>
/// <param name="Address">The mail address; absent: notices are not sent.</param>
/// <param name="Language">The mail's language; absent when none is sent.</param>
public sealed record NoticesByMailView(string? Address, string? Language);

/// <summary><c>/api/v1/me/notices-by-mail</c>: whether one's notices are sent by mail, too (NTC-1). It is one's own business, and no event.</summary>
public static class NoticesByMail
{
    /// <summary><c>GET</c> → 200.</summary>
    public static async Task<IResult> Read(HttpContext http, NpgsqlDataSource database, CancellationToken stop)
    {
        await using var command = database.CreateCommand("select address, language from notice_mail_wish where reader = $1");
        command.Parameters.Add(new() { Value = ReaderOf(http.Asking().Caller) });
        await using var row = await command.ExecuteReaderAsync(stop);
        return new Answer(200, await row.ReadAsync(stop) ? new NoticesByMailView(row.GetString(0), row.GetString(1)) : new NoticesByMailView(null, null));
    }

    /// <summary><c>PUT</c> → 200 with what counts from now on.</summary>
    public static async Task<IResult> Set(NoticesByMailBody body, HttpContext http, IDocumentStore store, MailSettings settings, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(body);
        var caller = http.Asking().Caller;
        await using var session = store.LightweightSession();
        if (caller.AccountId is { } account && !await ErasedAccounts.HoldAsync(session, account, stop)) return Problems.Of(PlatformProblems.NotFound);
        if (string.IsNullOrEmpty(body.Address))
        {
            session.QueueSqlCommand("delete from notice_mail_wish where reader = ?", ReaderOf(caller));
            await session.SaveChangesAsync(stop);
            return new Answer(200, new NoticesByMailView(null, null));
        }

        if (settings.Submission is null) return Problems.Of(FeedProblems.MailNotSent);
        List<Rejection> broken = [];
        if (!InternetNames.TryReadMailbox(body.Address, out var address)) broken.Add(new(FeedProblems.MailAddressInvalid, "address"));
        var language = body.Language ?? Problems.LanguageOf(http.Request).Name;
        if (language is not ("ja" or "en")) broken.Add(new(FeedProblems.LanguageUnknown, "language"));
        if (broken.Count > 0) return Problems.Of(broken);
        session.QueueSqlCommand(
            """
            insert into notice_mail_wish (reader, role, domains, address, language) values (?, ?, ?, ?, ?)
            on conflict (reader) do update set role = excluded.role, domains = excluded.domains, address = excluded.address, language = excluded.language
            """,
            ReaderOf(caller), caller.Role, caller.Domains.ToArray(), address!, language);
        await session.SaveChangesAsync(stop);
        return new Answer(200, new NoticesByMailView(address, language));
    }

    private static string ReaderOf(Caller caller) => caller.AccountId ?? caller.Login;
}
