using Hikyaku.Contracts;
using Hikyaku.Platform;
using MassTransit;
using Npgsql;

namespace Hikyaku.Accounts.Notices;

/// <summary>
/// Moves the notices of releases before 2026-11-29, which stood in a table of this service, to the message board beside the
/// feed, with who has read them. A row is removed when the board's queue has its notice; one that is published twice is one.
/// The table goes at the first start that finds it empty, so that an instance of the former release may still write meanwhile.
/// </summary>
public sealed partial class FormerNotices(
    NpgsqlDataSource database, AccountsNotices accounts, JobNotices jobs, IBus bus, TimeProvider time, ILogger<FormerNotices> log) : BackgroundService
{
    private const int AtOnce = 500;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (var moved = 0; ;)
        {
            try
            {
                var some = await MoveSomeAsync(stoppingToken);
                moved += some;
                if (some > 0) continue;
                if (moved > 0) LogMoved(moved);
                else await DropAsync(stoppingToken);
                return;
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogPutOff(e);
                await Task.Delay(Pause, time, stoppingToken);
            }
        }
    }

    private async Task<int> MoveSomeAsync(CancellationToken stop)
    {
        var rows = await ReadSomeAsync(stop);
        if (rows.Count == 0) return 0;
        NoticeRaised[] raised =
        [
            .. await accounts.OfAsync([.. rows.Where(r => r.Job is null).Select(r => new ForcedPassword(r.Id, r.AccountId, r.At))], stop),
            .. await jobs.OfAsync(rows.Where(r => r.Job is not null).ToDictionary(r => r.Job!, r => r.Id), stop),
        ];
        await RemoveAsync([.. rows.Select(r => r.Id).Except(raised.Select(n => n.NoticeId))], stop); // the accounts that they were about are gone
        foreach (var notice in raised)
        {
            await bus.Publish(notice with { ReadBy = rows.Single(r => r.Id == notice.NoticeId).ReadBy }, Pipe.Execute<PublishContext>(c =>
            {
                c.MessageId = notice.NoticeId;
                c.GetPayload<RabbitMqSendContext>().Mandatory = true; // the board may not have started yet, and then has no queue
            }), stop);
            await RemoveAsync([notice.NoticeId], stop);
        }

        return rows.Count;
    }

    private async Task RemoveAsync(Guid[] ids, CancellationToken stop)
    {
        await using var remove = database.CreateCommand("delete from notice where id = any($1)");
        remove.Parameters.Add(new() { Value = ids });
        await remove.ExecuteNonQueryAsync(stop);
    }

    private async Task<List<Row>> ReadSomeAsync(CancellationToken stop)
    {
        var rows = new List<Row>();
        await using (var there = database.CreateCommand("select to_regclass('notice') is not null"))
            if (await there.ExecuteScalarAsync(stop) is false) return rows;
        await using var read = database.CreateCommand($"select id, at, account_id, job_id, read_by from notice order by at, id limit {AtOnce}");
        await using var row = await read.ExecuteReaderAsync(stop);
        while (await row.ReadAsync(stop))
            rows.Add(new(row.GetGuid(0), row.GetFieldValue<DateTimeOffset>(1), row.GetString(2), row.IsDBNull(3) ? null : row.GetString(3), row.GetFieldValue<string[]>(4)));
        return rows;
    }

    private async Task DropAsync(CancellationToken stop)
    {
        await using var drop = database.CreateCommand("drop table if exists notice");
        await drop.ExecuteNonQueryAsync(stop);
    }

    [LoggerMessage(1, LogLevel.Information, "{Count} notices of an earlier release were moved to the message board beside the feed")]
    private partial void LogMoved(int count);

    [LoggerMessage(2, LogLevel.Warning, "The notices of an earlier release cannot be moved yet; it is tried again")]
    private partial void LogPutOff(Exception e);

    private sealed record Row(Guid Id, DateTimeOffset At, string AccountId, string? Job, string[] ReadBy);
}
