using Hikyaku.Platform;
using Marten;

namespace Hikyaku.Accounts.Domains;

/// <summary>
/// Makes a DKIM key for every domain that has none, when the service starts: domains of releases before 2026-11-29. Several
/// instances may try at once: for each domain one succeeds.
/// </summary>
public sealed partial class DkimKeysAtStart(IDocumentStore store, SecretBox box, DkimKeys keys, TimeProvider time, ILogger<DkimKeysAtStart> log) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                foreach (var domain in await WithoutAsync(stoppingToken)) await MakeAsync(domain, stoppingToken);
                return;
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogPutOff(e); // the database is away, or another instance was faster
            }

            await Task.Delay(Pause, time, stoppingToken);
        }
    }

    private async Task<IReadOnlyList<string>> WithoutAsync(CancellationToken stop)
    {
        await using var session = store.QuerySession();
        return await session.Query<Domain>().Where(d => d.Dkim == null).OrderBy(d => d.Id).Select(d => d.Id).ToListAsync(stop);
    }

    private async Task MakeAsync(string domain, CancellationToken stop)
    {
        await using var session = store.LightweightSession();
        EventHeaders.Stamp(session, Caller.Platform);
        var stream = await session.Events.FetchForWriting<Domain>(domain, stop);
        if (stream.Aggregate is not { Dkim: null } state) return;
        var now = time.GetUtcNow();
        var pair = keys.Make(now, state.NextDkim?.Selector);
        if (state.NextDkim is null)
        {
            DkimPrivateKey.Store(session, box, domain, pair);
            stream.AppendOne(new DomainDkimKeyMade(pair.Public.Selector, pair.Public.PublicKey, now));
        }

        stream.AppendOne(new DomainDkimKeyActivated((state.NextDkim ?? pair.Public).Selector, now));
        await session.SaveChangesAsync(stop);
        LogMade(domain);
    }

    [LoggerMessage(1, LogLevel.Information, "Made the DKIM key of {Domain}")]
    private partial void LogMade(string domain);

    [LoggerMessage(2, LogLevel.Warning, "DKIM keys could not be made; it is tried again")]
    private partial void LogPutOff(Exception e);
}
