using Hikyaku.Contracts;
using Hikyaku.DataCopy.Copies;
using Hikyaku.Platform;
using JasperFx.Events;
using Npgsql;

namespace Hikyaku.DataCopy.Notices;

/// <summary>What the message board tells of copies: to the account's user, that one has ended (NTC-1). Of one that they have cancelled themselves nothing is told.</summary>
public sealed class CopyNotices(NpgsqlDataSource database)
{
    /// <summary>The notices of a page of events.</summary>
    public async Task<IReadOnlyList<NoticeRaised>> OfAsync(IReadOnlyList<IEvent> page, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(page);
        var ended = page.Select(e => (Event: e, End: EndOf(e.Data))).Where(e => e.End is not null).ToList();
        if (ended.Count == 0) return [];
        var jobs = ended.Select(e => e.End!.JobId).ToArray();
        // A copy whose account is gone has no row, and is not told.
        var addresses = (await database.ListAsync($"select id, address from mail_copy where id = any({jobs})", row => (row.GetString(0), row.GetString(1)), stop)).ToDictionary(a => a.Item1, a => a.Item2);
        return
        [
            .. from e in ended
               where addresses.ContainsKey(e.End!.JobId)
               let end = e.End!
               select new NoticeRaised(
                   e.Event.Id, NoticeKinds.JobFinished, end.At, new(Administrators: false, Operators: false, Owner: true), end.Domain, e.Event.StreamKey!, addresses[end.JobId], end.JobId,
                   Problems.InEveryLanguage(language => Problems.Text(new(CopyTexts.Notice, null, ("result", Problems.Text(new(end.Text), language)), ("n", end.Copied)), language))),
        ];
    }

    private static End? EndOf(object e) => e switch
    {
        CopySucceeded s => new(s.JobId, s.Domain, s.At, s.Counts.Copied, s.Reason is { } reason ? CopyTexts.OfReason(reason) : CopyTexts.Done),
        CopyFailed f => new(f.JobId, f.Domain, f.At, f.Counts.Copied, CopyTexts.OfReason(f.Reason)),
        _ => null,
    };

    private sealed record End(string JobId, string Domain, DateTimeOffset At, long Copied, ProblemCode Text);
}
