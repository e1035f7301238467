using Hikyaku.Accounts.Jobs;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform;
using Marten;
using MassTransit;
using Npgsql;

namespace Hikyaku.Accounts.Consumers;

/// <summary>
/// Hears how far deletions of mail data are, and ends their jobs. Reports of a job that has ended, or of an account that is
/// gone, change nothing: a repeated one comes from a broker or node that restarted.
/// </summary>
public sealed class MailDataDeletionConsumer(IDocumentStore store, NpgsqlDataSource database, TimeProvider time) : IConsumer<MailDataDeletionProgressed>, IConsumer<MailDataDeleted>
{
    /// <inheritdoc/>
    public Task Consume(ConsumeContext<MailDataDeletionProgressed> context)
        => JobTable.MoveAsync(database, context.Message.JobId, context.Message.Done, context.Message.Total, time.GetUtcNow(), context.CancellationToken);

    /// <inheritdoc/>
    public async Task Consume(ConsumeContext<MailDataDeleted> context)
    {
        var (done, now, stop) = (context.Message, time.GetUtcNow(), context.CancellationToken);
        await using var session = store.LightweightSession();
        EventHeaders.Stamp(session, Caller.Platform);
        var job = await session.Events.FetchForWriting<Job>(done.JobId, stop);
        if (job.Aggregate is not { State: JobStates.Running, Kind: JobKinds.MailDataDeletion }) return;
        job.AppendOne(new JobSucceeded(done.Messages, null, now, Result: JobResult.Of(new DeletedMail(done.Messages, done.FreedBytes))));
        var account = await session.Events.FetchForWriting<MailAccount>(done.AccountId, stop);
        if (account.Aggregate?.MailDeletionJob == done.JobId) account.AppendOne(new MailDataDeletionFinished(done.JobId, done.Messages, done.FreedBytes, now));
        await session.SaveChangesAsync(stop);
    }
}
