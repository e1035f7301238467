using Hikyaku.Platform;
using Hikyaku.Restrictions.Accounts;
using Hikyaku.Restrictions.Sources;
using Marten;
using Npgsql;

namespace Hikyaku.Restrictions.Ends;

/// <summary>
/// Ends what ends by time, on one instance at a time. The times are stored with the restrictions, so that nothing is forgotten while the
/// service does not run; nodes look at them by themselves, so that nothing holds longer either.
/// </summary>
public sealed partial class RestrictionEnds(IDocumentStore store, NpgsqlDataSource database, TimeProvider time, IConfiguration configuration, ILogger<RestrictionEnds> log)
    : Leader(configuration, "restriction-ends", LockKey, log)
{
    private const long LockKey = 0x6872_7374_656E_6473;

    /// <inheritdoc/>
    protected override async Task LeadAsync(NpgsqlConnection session, CancellationToken stop)
    {
        while (true)
        {
            var now = time.GetUtcNow();
            foreach (var account in await database.ListAsync($"select distinct account_id from restriction where ended_at is null and until <= {now} order by 1 limit 1000", row => row.GetString(0), stop))
                await TryAsync(account, () => EndAsync(account, stop), stop);
            foreach (var key in await database.ListAsync($"select id from mt_doc_source_standing where until <= {now} order by 1 limit 1000", row => row.GetString(0), stop))
                await TryAsync(key, () => ReleaseAsync(key, stop), stop);
            await WaitAsync(session, stop);
        }
    }

    /// <summary>Decides; pure. One event for each kind.</summary>
    public static IEnumerable<RestrictionLifted> Decide(AccountStanding? standing, DateTimeOffset now)
        => (standing?.Restrictions ?? []).Where(r => r.Until <= now).GroupBy(r => r.Kind)
            .Select(g => new RestrictionLifted(standing!.Domain, g.Key, [.. g.Select(r => r.Reference)], LiftCauses.Time, Reason: null, now));

    private async Task EndAsync(string accountId, CancellationToken stop)
    {
        await using var session = store.LightweightSession();
        EventHeaders.Stamp(session, Caller.Platform);
        var stream = await session.Events.FetchForWriting<AccountStanding>(accountId, stop);
        stream.AppendMany(Decide(stream.Aggregate, time.GetUtcNow()));
        await session.SaveChangesAsync(stop);
    }

    private async Task ReleaseAsync(string key, CancellationToken stop)
    {
        await using var session = store.LightweightSession();
        EventHeaders.Stamp(session, Caller.Platform);
        var stream = await session.Events.FetchForWriting<SourceStanding>(key, stop);
        var now = time.GetUtcNow();
        if (stream.Aggregate is { Until: { } until } source && until <= now) stream.AppendOne(new SourceReleased(source.Network, LiftCauses.Time, Reason: null, now));
        await session.SaveChangesAsync(stop);
    }

    // Somebody else may have changed it in the same moment: the next round finds it again.
    private async Task TryAsync(string stream, Func<Task> end, CancellationToken stop)
    {
        try
        {
            await end();
        }
        catch (Exception e) when (!stop.IsCancellationRequested)
        {
            LogPutOff(e, stream);
        }
    }

    [LoggerMessage(21, LogLevel.Information, "The end of what restricts {Stream} is put off")]
    private partial void LogPutOff(Exception e, string stream);
}
