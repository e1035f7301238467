using Hikyaku.Accounts.Staff;
using Hikyaku.Platform;
using Marten;

namespace Hikyaku.Accounts.SecondFactors;

/// <summary>
/// The way out for the only operator, whom nobody else can help: at the start of the service the second factor of the login in
/// <c>Hikyaku:SecondFactor:ResetOf</c> is taken away, as by another operator. The setting is for one start, and is to be removed then.
/// </summary>
public sealed partial class ResetAtStart(IDocumentStore store, IConfiguration configuration, TimeProvider time, ILogger<ResetAtStart> log) : IHostedService
{
    private const string Reason = "Hikyaku:SecondFactor:ResetOf";

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (configuration[Reason]?.Trim().ToLowerInvariant() is not { Length: > 0 } login) return;
        var key = StaffMember.KeyOf(login);
        await using var session = store.LightweightSession();
        EventHeaders.Stamp(session, Caller.Platform);
        await SecondFactor.LockAsync(session, key, cancellationToken); // several instances may start at once
        var stream = await session.Events.FetchForWriting<StaffMember>(key, cancellationToken);
        if (stream.Aggregate is { } member && ResetSecondFactor.Decide(new(Reason, time.GetUtcNow()), member) is { Events: [_, ..] events })
        {
            stream.AppendMany(events);
            session.Delete<SecondFactor>(key);
            await session.SaveChangesAsync(cancellationToken);
            LogReset();
        }

        LogSetting();
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(1, LogLevel.Warning, "Took away the second factor of the login in Hikyaku:SecondFactor:ResetOf")]
    private partial void LogReset();

    [LoggerMessage(2, LogLevel.Warning, "Hikyaku:SecondFactor:ResetOf is set: remove it, as it takes away a second factor at each start")]
    private partial void LogSetting();
}
