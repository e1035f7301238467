using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.Feed.Notices.ByMail;

/// <summary>The mail that waits to be sent. What was sent is removed; a mail is sent again when the program ends in between.</summary>
public sealed class MailQueue(NpgsqlDataSource database) : IMailQueue<NoticeMail>
{
    /// <summary>The channel of NOTIFY on which new mail is announced; its payload is empty.</summary>
    public const string Channel = "notice_mail";

    /// <summary>
    /// Queues what <c>put</c>, a part of the same statement, has put on the board, unless it was moved from an earlier board.
    /// </summary>
    internal const string AddSql =
        "insert into notice_mail (notice_id, reader) select p.id, w.reader from put p, notice_mail_wish w where ? and is_mailed(row(p.*)::notice, w) on conflict do nothing";

    /// <summary>The mail that is due, oldest first. What its reader may no longer see is removed.</summary>
    public async Task<List<NoticeMail>> DueAsync(DateTimeOffset now, int limit, CancellationToken stop)
    {
        await using (var unwanted = Command("delete from notice_mail m using notice n, notice_mail_wish w where m.notice_id = n.id and m.reader = w.reader and not is_mailed(n, w)"))
            await unwanted.ExecuteNonQueryAsync(stop);
        await using var command = Command(
            """
            select m.notice_id, m.reader, w.address, w.language, coalesce(n.texts ->> w.language, n.texts ->> 'en', ''), m.attempts
            from notice_mail m join notice n on n.id = m.notice_id join notice_mail_wish w on w.reader = m.reader
            where m.not_before <= $1 order by m.not_before, m.notice_id limit $2
            """, now, limit);
        var due = new List<NoticeMail>();
        await using var row = await command.ExecuteReaderAsync(stop);
        while (await row.ReadAsync(stop)) due.Add(new(row.GetGuid(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetString(4), row.GetInt32(5)));
        return due;
    }

    /// <summary>It was sent, or is given up.</summary>
    public async Task RemoveAsync(NoticeMail mail, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(mail);
        await using var command = Command("delete from notice_mail where notice_id = $1 and reader = $2", mail.NoticeId, mail.Reader);
        await command.ExecuteNonQueryAsync(stop);
    }

    /// <summary>It is tried again later.</summary>
    public async Task PutOffAsync(NoticeMail mail, DateTimeOffset until, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(mail);
        await using var command = Command("update notice_mail set attempts = attempts + 1, not_before = $3 where notice_id = $1 and reader = $2", mail.NoticeId, mail.Reader, until);
        await command.ExecuteNonQueryAsync(stop);
    }

    private NpgsqlCommand Command(string sql, params object[] values)
    {
#pragma warning disable CA2100 // constants; all values are parameters
        var command = database.CreateCommand(sql);
#pragma warning restore CA2100
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        return command;
    }
}
