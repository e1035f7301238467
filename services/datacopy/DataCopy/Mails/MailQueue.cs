using System.Text.Json;
using Hikyaku.DataCopy.Work;
using Hikyaku.Platform;
using Marten;
using Npgsql;
using Weasel.Postgresql.Tables;

namespace Hikyaku.DataCopy.Mails;

/// <summary>The mails that wait to be sent. What was sent is removed; a mail is sent again, with the same Message-ID, when the program ends in between.</summary>
public sealed class MailQueue(NpgsqlDataSource database) : IMailQueue<EndMail>
{
    /// <summary>The table, beside Marten's own.</summary>
    public static Table Table()
    {
        var table = new Table("copy_mail");
        table.AddColumn<string>("job_id").AsPrimaryKey();
        table.AddColumn<int>("attempts").NotNull().DefaultValue(0);
        table.AddColumn<DateTimeOffset>("not_before").NotNull().DefaultValueByExpression("now()");
        return table;
    }

    /// <summary>The copy's end is told from the end of the session's transaction on.</summary>
    public static void Add(IDocumentSession session, string jobId)
    {
        ArgumentNullException.ThrowIfNull(session);
        session.QueueSqlCommand("insert into copy_mail (job_id) values (?) on conflict do nothing", jobId);
    }

    /// <summary>The mails that are due, oldest first. Those of copies whose account is gone are not there.</summary>
    public Task<List<EndMail>> DueAsync(DateTimeOffset now, int limit, CancellationToken stop) => database.ListAsync(
        $"""
        select m.job_id, m.attempts, c.address, c.notify, c.host, c.user_name, c.state, c.reason, c.cause, c.reference, c.total, c.copied, c.already_there, c.skipped, c.failed,
            c.folders::text, c.missing::text
        from copy_mail m join mail_copy c on c.id = m.job_id where m.not_before <= {now} order by m.not_before, m.job_id limit {limit}
        """,
        row => new EndMail(
            row.GetString(0), row.GetInt32(1), row.GetString(2), row.GetString(3), row.GetString(4), row.GetString(5), row.GetString(6) == JobStates.Succeeded,
            row.TextOrNull(7), row.TextOrNull(8), row.TextOrNull(9), new(row.GetInt64(10), row.GetInt64(11), row.GetInt64(12), row.GetInt64(13), row.GetInt64(14)),
            row.TextOrNull(15) is { } folders ? JsonSerializer.Deserialize<List<CopiedFolder>>(folders, Answer.Json)! : [],
            row.TextOrNull(16) is { } missing ? JsonSerializer.Deserialize<List<SkippedMessage>>(missing, Answer.Json)! : []),
        stop);

    /// <summary>It was sent, or is given up.</summary>
    public Task RemoveAsync(EndMail mail, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(mail);
        return database.ExecuteAsync($"delete from copy_mail where job_id = {mail.JobId}", stop);
    }

    /// <summary>It is tried again later.</summary>
    public Task PutOffAsync(EndMail mail, DateTimeOffset until, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(mail);
        return database.ExecuteAsync($"update copy_mail set attempts = attempts + 1, not_before = {until} where job_id = {mail.JobId}", stop);
    }
}
