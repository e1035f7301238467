namespace Hikyaku.Platform;

/// <summary>
/// Asks mail nodes something, beside the states that publishers tell them. A question is no command: nothing is obeyed, whoever
/// knows answers with a fact, and who has not heard it is asked again.
/// </summary>
public sealed class NodeQuestions(INodeBus nodes)
{
    /// <summary>Asks all nodes; ends when the broker has the question.</summary>
    public Task AskAsync<T>(T question, CancellationToken stop) where T : class => nodes.Publish(question, stop);
}
