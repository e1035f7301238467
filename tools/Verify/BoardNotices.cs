using Hikyaku.Accounts.Contracts;
using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.Verify;

/// <summary>
/// The message board, against the history: each end of a job and the newest forced change of each account is told once, by a
/// notice with the event's id, and nothing else is; nothing of a deleted account is left (OPS-6). What happened before the
/// first recorded event may be missing, because the feed did not exist yet.
/// </summary>
internal sealed class BoardNotices(NpgsqlDataSource history, NpgsqlDataSource feed)
{
    private const string Where = "message board";
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    // Of an account that is being deleted nothing is told. $1: what is older may be missing.
    private const string ToldSql =
        """
        select e.id, e.stream_id, (e.data ->> 'At')::timestamptz > $1,
            (j.id is null or j.account_id is null or l.account_id is not null) and (j.id is not null or l.account_id is not null)
                and not exists (select from mt_events n where n.stream_id = e.stream_id and n.type = e.type and n.version > e.version) as is_told
        from mt_events e
        left join job j on j.id = e.stream_id
        left join mail_account_list l on l.account_id = coalesce(j.account_id, e.stream_id) and l.deletion_job is null
        where e.type in ('accounts.job-succeeded.v1', 'accounts.job-failed.v1', 'accounts.job-cancelled.v1', 'accounts.mail-account-password-forcibly-changed.v1')
        """;

    /// <summary>Compares them; a notice that is missing may still arrive until the given time.</summary>
    public async Task LookAsync(Findings findings, DateTimeOffset until, CancellationToken stop)
    {
        await using var first = feed.CreateCommand("select recorded_at from recorded_event order by position limit 1");
        if (await first.ExecuteScalarAsync(stop) is not DateTime begun) return;
        var shown = new Dictionary<Guid, string>(); // read before the history: an event is in the history before it is told
        await foreach (var row in feed.RowsAsync("select id, coalesce(job_id, account_id) from notice where kind = $1 or job_id like $2", [NoticeKinds.PasswordForciblyChanged, "accounts-%"], stop))
            shown.Add(row.GetGuid(0), row.GetString(1));
        var missing = new Dictionary<Guid, string>();
        await foreach (var row in history.RowsAsync(ToldSql, [begun], stop))
        {
            var (id, stream) = (row.GetGuid(0), row.GetString(1));
            if (!shown.Remove(id, out var about))
            {
                if (row.GetBoolean(2) && row.GetBoolean(3)) missing.Add(id, stream);
            }
            else if (about != stream)
            {
                findings.Add(Where, stream, $"the notice of its event tells of {about}");
            }
            else if (!row.GetBoolean(3))
            {
                findings.Add(Where, stream, "a notice tells of it that ought to be gone");
            }
        }

        foreach (var stray in shown.Values) findings.Add(Where, stray, "a notice tells what is not in the history");
        while (missing.Count > 0 && DateTimeOffset.UtcNow < until)
        {
            await Task.Delay(Pause, stop);
            await foreach (var row in feed.RowsAsync("select id from notice where id = any($1)", [missing.Keys.ToArray()], stop)) missing.Remove(row.GetGuid(0));
        }

        foreach (var stream in missing.Values) findings.Add(Where, stream, "no notice tells of it");
        await foreach (var row in feed.RowsAsync("select distinct account_id from notice n join account a using (account_id) where a.erased", [], stop))
            findings.Add(Where, row.GetString(0), "a notice tells of a person whose account is deleted");
    }
}
