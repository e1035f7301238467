using MassTransit;
using Microsoft.Extensions.Logging;

namespace Hikyaku.Platform;

/// <summary>
/// Asks mail nodes something, beside the states that publishers tell them. A question is no command: nothing is obeyed, whoever
/// knows answers with a fact, and who has not heard it is asked again.
/// </summary>
public sealed partial class NodeQuestions(INodeBus nodes, ILogger<NodeQuestions> log)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Asks all nodes; ends when the broker has the question, or has not taken it for five seconds.</summary>
    public async Task AskAsync<T>(T question, CancellationToken stop) where T : class
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(Patience);
        try
        {
            await nodes.Publish(question, limit.Token);
        }
        catch (Exception e) when (e is MassTransitException || (e is OperationCanceledException && !stop.IsCancellationRequested))
        {
            LogNotAsked(e, typeof(T).Name);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "Nodes did not get {Question}; it is asked again")]
    private partial void LogNotAsked(Exception e, string question);
}
