using MassTransit;

namespace Hikyaku.MailNode;

/// <summary>Applies the states of one part that the watch brings.</summary>
/// <typeparam name="TState">The part's contract.</typeparam>
public sealed class PartConsumer<TState>(Applier applier) : IConsumer<TState> where TState : class
{
    /// <inheritdoc/>
    public Task Consume(ConsumeContext<TState> context) => applier.ApplyAsync(context.Message);
}
