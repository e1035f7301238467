using Hikyaku.Gateway.Tokens;
using Hikyaku.Platform;

namespace Hikyaku.Gateway.Sessions;

/// <summary>Removes what has expired, a bounded portion every minute.</summary>
public sealed partial class SessionCleaner(SessionStore sessions, TokenStore tokens, TimeProvider time, ILogger<SessionCleaner> log) : BackgroundService
{
    private const int MaxRounds = 20;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMinutes(1), time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                for (var round = 0; round < MaxRounds && await sessions.CleanAsync(stoppingToken); round++) { }
                for (var round = 0; round < MaxRounds && await tokens.CleanAsync(stoppingToken); round++) { }
            }
            catch (Exception e) when (ProblemExceptionHandler.IsAway(e))
            {
                LogAway(e); // the next minute will do: expired sessions do not count anyway
            }
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "Expired sessions were not removed this time")]
    private partial void LogAway(Exception exception);
}
