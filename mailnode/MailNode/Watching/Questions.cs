using System.Threading.Channels;
using MassTransit;

namespace Hikyaku.MailNode;

/// <summary>
/// Answers what a service asks of a mailbox, one question at a time; more than a few that wait are dropped, as their askers give up.
/// </summary>
/// <typeparam name="T">The question.</typeparam>
public abstract class Questions<T>(IBus bus, TimeSpan patience) : BackgroundService where T : class
{
    private readonly Channel<T> _asked = Channel.CreateBounded<T>(new BoundedChannelOptions(20) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    /// <summary>Puts a question to the others; whoever asks does not wait here.</summary>
    public void Ask(T asked) => _asked.Writer.TryWrite(asked);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var asked in _asked.Reader.ReadAllAsync(stoppingToken))
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
            limit.CancelAfter(patience);
            try
            {
                if (await AnswerAsync(asked, limit.Token) is { } answer) await bus.Publish(answer, answer.GetType(), limit.Token);
            }
            catch (Exception e) when (FactSender.IsForTheNextRound(e) && !stoppingToken.IsCancellationRequested)
            {
                LogFailed(e, asked);
            }
        }
    }

    /// <summary>The answer; null when another node has the mailbox, or a server does not answer.</summary>
    protected abstract Task<object?> AnswerAsync(T asked, CancellationToken stop);

    /// <summary>Tells that there is no answer.</summary>
    protected abstract void LogFailed(Exception e, T asked);
}
