using System.Text.Json;
using Hikyaku.Contracts;
using Hikyaku.Feed.Notices.ByMail;
using Hikyaku.Platform;
using Marten;

namespace Hikyaku.Feed.Notices;

/// <summary>
/// The message board (NTC-1), one row a notice. A notice that comes again changes nothing; of those that replace each other the
/// newest stays, in whatever order they come. One about an account goes when the deletion of the account begins, and does not
/// come after that. Who has read a notice stands in it. What somebody wants by mail is queued in the transaction of the notice.
/// </summary>
public sealed class NoticeBoard(IDocumentStore store)
{
    // A notice that was moved from an earlier board brings its read marks, even if the notice is there already.
    private const string PutSql =
        $$"""
        with put as (insert into notice (id, slot, at, kind, domain, account_id, address, job_id, for_administrators, for_operators, for_owner, started_by, texts, read_by)
        values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?::jsonb, ?)
        on conflict (slot) do update set id = excluded.id, at = excluded.at, kind = excluded.kind, domain = excluded.domain, account_id = excluded.account_id,
            address = excluded.address, job_id = excluded.job_id, for_administrators = excluded.for_administrators, for_operators = excluded.for_operators,
            for_owner = excluded.for_owner, started_by = excluded.started_by, texts = excluded.texts, read_by = excluded.read_by
        where (notice.at, notice.id) < (excluded.at, excluded.id) or (notice.id = excluded.id and notice.read_by = '{}' and excluded.read_by <> '{}')
        returning notice.*)
        {{MailQueue.AddSql}}
        """;

    /// <summary>Puts a notice on the board.</summary>
    public async Task PutAsync(NoticeRaised notice, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(notice);
        await using var session = store.LightweightSession();
        if (notice.AccountId is { } account && !await ErasedAccounts.HoldAsync(session, account, stop)) return;
        var audience = notice.Audience;
        session.QueueSqlCommand(
            PutSql,
            notice.NoticeId, notice.Replaces ?? notice.NoticeId.ToString(), notice.At.ToUniversalTime(), notice.Kind, notice.Domain,
            OrNull(notice.AccountId), OrNull(notice.Address), OrNull(notice.Job),
            audience.Administrators, audience.Operators, audience.Owner, OrNull(audience.StartedBy),
            JsonSerializer.Serialize(notice.Texts), notice.ReadBy?.ToArray() ?? [], notice.ReadBy is null);
        session.QueueSqlCommand("select pg_notify(?, '')", MailQueue.Channel);
        await session.SaveChangesAsync(stop);
    }

    private static object OrNull(string? text) => (object?)text ?? DBNull.Value;
}
