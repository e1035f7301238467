using Hikyaku.Accounts.Contracts;
using Hikyaku.Platform;
using MassTransit;
using Npgsql;

namespace Hikyaku.Spam.Dns;

/// <summary>
/// Looks up every domain again and again, on one instance at a time. After a start all are due, as settings may have changed; and the accounts
/// service is asked which domains there are, as some may be older than this service.
/// </summary>
public sealed partial class DnsChecks(DnsCheck check, NpgsqlDataSource database, IBus bus, TimeProvider time, IConfiguration configuration, ILogger<DnsChecks> log)
    : Leader(configuration, "dns-checks", LockKey, log)
{
    private const long LockKey = 0x6873_7061_6D64_6E73;
    private const int AtOnce = 8;
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan TryAgain = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    protected override async Task LeadAsync(NpgsqlConnection session, CancellationToken stop)
    {
        await database.ExecuteAsync($"update domain_dns set due_at = {time.GetUtcNow()}", stop);
        var began = await database.ValueAsync<DateTime>($"select now()", stop);
        var (askAt, isTold) = (time.GetUtcNow(), false);
        while (true)
        {
            if (!isTold && askAt <= time.GetUtcNow())
            {
                isTold = await database.ValueAsync<bool>($"select exists (select from domain_dns where told_at >= {began})", stop);
                if (!isTold) await AskAsync(stop);
                askAt = time.GetUtcNow() + AskAgain;
            }

            await CheckDueAsync(stop);
            await WaitAsync(session, stop);
        }
    }

    private async Task CheckDueAsync(CancellationToken stop)
    {
        var due = await database.ListAsync($"select domain from domain_dns where due_at <= {time.GetUtcNow()} order by due_at limit 100", row => row.GetString(0), stop);
        await Parallel.ForEachAsync(due, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = stop }, async (domain, cancelled) =>
        {
            try
            {
                await check.RunAsync(domain, cancelled);
            }
            catch (Exception e) when (!cancelled.IsCancellationRequested)
            {
                LogPutOff(e, domain);
                await database.ExecuteAsync($"update domain_dns set due_at = {time.GetUtcNow() + TryAgain} where domain = {domain}", cancelled);
            }
        });
    }

    // Until there is an answer: while the accounts service has no queue for the question yet, it goes nowhere.
    private async Task AskAsync(CancellationToken stop)
    {
        try
        {
            await bus.Publish(new DomainRecordsAsked(Guid.NewGuid().ToString("N")), stop).WaitAsync(Patience, time, stop);
        }
        catch (Exception e) when (e is MassTransitException or TimeoutException && !stop.IsCancellationRequested)
        {
            LogNotAsked(e);
        }
    }

    [LoggerMessage(11, LogLevel.Warning, "The look-up of {Domain} failed; it is tried again")]
    private partial void LogPutOff(Exception e, string domain);

    [LoggerMessage(12, LogLevel.Information, "The accounts service could not be asked for its domains yet; it is tried again")]
    private partial void LogNotAsked(Exception e);
}
