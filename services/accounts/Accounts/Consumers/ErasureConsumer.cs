using Hikyaku.Accounts.Contracts;
using Hikyaku.Accounts.Deletion;
using Hikyaku.MailNode.Contracts;
using MassTransit;
using Npgsql;

namespace Hikyaku.Accounts.Consumers;

/// <summary>Hears who has erased what they had of a deleted account. A report that comes twice is one.</summary>
public sealed class ErasureConsumer(NpgsqlDataSource database, DeletionProcess process) : IConsumer<MailboxErased>, IConsumer<AccountErased>
{
    /// <inheritdoc/>
    public Task Consume(ConsumeContext<MailboxErased> context)
        => ReportAsync(context.Message.AccountId, DeletionProcess.ParticipantOf(context.Message.Node), context.CancellationToken);

    /// <inheritdoc/>
    public Task Consume(ConsumeContext<AccountErased> context)
        => ReportAsync(context.Message.AccountId, context.Message.Participant, context.CancellationToken);

    private async Task ReportAsync(string accountId, string participant, CancellationToken stop)
    {
        await DeletionTable.ReportAsync(database, accountId, participant, stop);
        process.Wake();
    }
}
