using Hikyaku.Accounts.Contracts;
using MassTransit;

namespace Hikyaku.Gateway.Routing;

/// <summary>
/// Forgets which account an address means as soon as one is deleted, so that a later account of the same name is found at
/// once. Every gateway hears it: the queue is the process's own and goes with it.
/// </summary>
public sealed class TargetEnds(AccountsClient accounts) : IConsumer<MailAccountDeletionStarted>
{
    /// <inheritdoc/>
    public Task Consume(ConsumeContext<MailAccountDeletionStarted> context)
    {
        accounts.ForgetTargets();
        return Task.CompletedTask;
    }
}
