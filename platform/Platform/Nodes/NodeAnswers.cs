using System.Collections.Concurrent;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Hikyaku.Platform;

/// <summary>Waits for what mail nodes, or another service, answer to this process's questions. Answers come on a queue of its own, which goes with it.</summary>
/// <typeparam name="T">The answer.</typeparam>
public sealed class NodeAnswers<T>(NodeQuestions nodes, TimeProvider time, Func<T, string> requestOf) where T : class
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20), PatienceWithServices = TimeSpan.FromSeconds(5);
    private readonly ConcurrentDictionary<string, TaskCompletionSource<T>> _waiting = new();

    /// <summary>Asks mail nodes; null when nobody answers in time.</summary>
    /// <param name="ask">Makes the question of its <c>RequestId</c>.</param>
    /// <param name="stop">Gives up.</param>
    public Task<T?> AskAsync<TQuestion>(Func<string, TQuestion> ask, CancellationToken stop) where TQuestion : class
    {
        ArgumentNullException.ThrowIfNull(ask);
        return AnswerAsync(request => nodes.AskAsync(ask(request), stop), Patience, stop);
    }

    /// <summary>Asks the service that knows; null when it does not answer in time.</summary>
    /// <param name="bus">Where services hear each other.</param>
    /// <param name="ask">Makes the question of its <c>RequestId</c>.</param>
    /// <param name="stop">Gives up.</param>
    public Task<T?> AskServiceAsync<TQuestion>(IBus bus, Func<string, TQuestion> ask, CancellationToken stop) where TQuestion : class
    {
        ArgumentNullException.ThrowIfNull(bus);
        ArgumentNullException.ThrowIfNull(ask);
        return AnswerAsync(request => bus.Publish(ask(request), stop).WaitAsync(PatienceWithServices, time, stop), PatienceWithServices, stop);
    }

    private async Task<T?> AnswerAsync(Func<string, Task> askAsync, TimeSpan patience, CancellationToken stop)
    {
        var request = Guid.NewGuid().ToString("N");
        var answer = _waiting[request] = new(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            await askAsync(request);
            return await answer.Task.WaitAsync(patience, time, stop);
        }
        catch (Exception e) when (e is TimeoutException or MassTransitException)
        {
            return null; // no node has the mailbox, or whoever knows is away, or the broker
        }
        finally
        {
            _waiting.TryRemove(request, out _);
        }
    }

    /// <summary>An answer has come, perhaps to another process.</summary>
    public void Receive(T answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        if (_waiting.TryGetValue(requestOf(answer), out var waiting)) waiting.TrySetResult(answer);
    }
}

/// <summary>Makes a service one that asks nodes.</summary>
public static class NodeAnswersOfBus
{
    /// <summary>Adds <see cref="NodeAnswers{T}"/>, the questions, and the queue on which answers come.</summary>
    /// <param name="bus">The service's bus.</param>
    /// <param name="service">Its name.</param>
    /// <param name="requestOf">The answer's <c>RequestId</c>.</param>
    public static void AddNodeAnswers<T>(this IBusRegistrationConfigurator bus, string service, Func<T, string> requestOf) where T : class
    {
        ArgumentNullException.ThrowIfNull(bus);
        bus.TryAddSingleton<NodeQuestions>();
        bus.AddSingleton(services => new NodeAnswers<T>(services.GetRequiredService<NodeQuestions>(), services.GetRequiredService<TimeProvider>(), requestOf));
        bus.AddConsumer<NodeAnswerConsumer<T>>().Endpoint(e => (e.Name, e.Temporary) = (Bus.QueueOfOneProcess(service), true));
    }
}

/// <summary>Hears the answers.</summary>
internal sealed class NodeAnswerConsumer<T>(NodeAnswers<T> answers) : IConsumer<T> where T : class
{
    public Task Consume(ConsumeContext<T> context)
    {
        answers.Receive(context.Message);
        return Task.CompletedTask;
    }
}
