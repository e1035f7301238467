using Hikyaku.Contracts;
using Hikyaku.Platform;
using MassTransit;

namespace Hikyaku.Feed.Notices;

/// <summary>Hears of notices from every service. While the database does not answer it waits without a limit: no notice is set aside for that.</summary>
public sealed partial class NoticeConsumer(NoticeBoard board, TimeProvider time, ILogger<NoticeConsumer> logger) : IConsumer<NoticeRaised>
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public async Task Consume(ConsumeContext<NoticeRaised> context)
    {
        ArgumentNullException.ThrowIfNull(context);
        while (true)
        {
            try
            {
                await board.PutAsync(context.Message, context.CancellationToken);
                return;
            }
            catch (Exception e) when (ProblemExceptionHandler.IsAway(e))
            {
                LogAway(e);
                await Task.Delay(Pause, time, context.CancellationToken);
            }
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "A notice waits for the database")]
    private partial void LogAway(Exception exception);
}
