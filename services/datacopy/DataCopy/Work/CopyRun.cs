using System.Security.Cryptography;
using System.Text;
using Hikyaku.Copier;
using Hikyaku.DataCopy.Copies;
using Hikyaku.DataCopy.Journal;
using Hikyaku.Platform;
using Marten;
using Npgsql;

namespace Hikyaku.DataCopy.Work;

/// <summary>
/// One run of a copy: from where the journal says as far as it goes. It ends the copy, pauses it, or gives it back for another run. Each change is one
/// transaction that holds the copy's row, so that a worker whose copy another one has taken over changes nothing any more.
/// </summary>
public sealed partial class CopyRun(
    IDocumentStore store, NpgsqlDataSource database, CopyQueue queue, SecretBox box, NodeLeases nodes, SourceConnector connector, WorkerSettings settings, TimeProvider time, ILogger<CopyRun> log)
{
    private const int SecretBytes = 32;
    private const int SaltBytes = 16;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    /// <summary>Runs it.</summary>
    /// <exception cref="LeaseLostException">Another worker has it, or it has ended.</exception>
    public async Task RunAsync(LeasedCopy job, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(job);
        if (job.CancelledBy is not null)
        {
            await EndCancelledAsync(job, null, stop);
            return;
        }

        var (assignment, journalId, position) = await BeginAsync(job, stop);
        var journal = new CopyJournal(database, journalId, job);
        var meter = new CopyMeter(database, job, () => journal.CopiedBefore, time);
        var keeper = new CopyKeeper(job, queue, meter, settings, limit => ExtendAsync(job, limit), time);
        using var mine = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var keeping = keeper.KeepAsync(mine);
        CopyResult? result = null;
        try
        {
            await ObeyedAsync(job.AccountId, position, mine.Token);
            assignment = await AcceptCertificateAsync(job, assignment, mine.Token);
            result = await new MailboxCopier(connector, settings.Copier).CopyAsync(assignment.Form.AsSource(), assignment.At(settings), journal, meter, mine.Token);
        }
        catch (OperationCanceledException) when (keeper.Why != Interruption.None)
        {
            LogInterrupted(job.JobId, keeper.Why);
        }
        finally
        {
            await mine.CancelAsync();
            await keeping;
        }

        // A run that came to its end all the same has ended the copy; what an interruption broke off is no failure.
        var isWhole = result is { Failure: null };
        if (keeper.Why == Interruption.LeaseLost || (result is null && keeper.Why == Interruption.None)) throw new LeaseLostException();
        if (!isWhole && keeper.Why == Interruption.Cancelled) await EndCancelledAsync(job, meter, stop);
        else if (!isWhole && keeper.Why == Interruption.Turn) await queue.GiveBackAsync(job, TimeSpan.Zero, isFault: false, stop);
        else await SettleAsync(job, meter, journal, result!, stop);
    }

    /// <summary>Ends a copy that goes wrong again and again by the platform's fault; the logs tell why, under the reference.</summary>
    public async Task GiveUpAsync(LeasedCopy job, string reference, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(job);
        var counts = await CopyTable.CountsAsync(database, job.JobId, stop);
        await ChangeAsync(job, (_, copies, now) => Task.FromResult(
            EndCopy.Decide(new(job.JobId, counts, CopyFailureKind.DestinationUnavailable, null, reference, now), copies)), stop);
    }

    // What the copy needs, the journal's id, and the position from which on nodes let the worker in.
    private async Task<(Assignment Assignment, long Journal, long Position)> BeginAsync(LeasedCopy job, CancellationToken stop)
    {
        var assignment = Assignment.Open(box, job.Sealed);
        if (assignment.GrantSecret is null) assignment = assignment with { GrantSecret = Base64UrlOf(RandomNumberGenerator.GetBytes(SecretBytes)) };
        long journal = 0;
        await ChangeAsync(job, async (session, copies, now) =>
        {
            journal = await CopyJournal.OpenAsync(session, job.AccountId, assignment.Source, stop);
            session.QueueSqlCommand("update copy_work set sealed = ? where job_id = ?", assignment.Seal(box), job.JobId);
            return ContinueCopy.Decide(new(job.JobId, HashOf(assignment.GrantSecret!), now + settings.Grant, now), copies);
        }, stop);
        var position = await database.ValueAsync<long>($"select coalesce(max(seq_id), 0) from mt_events where stream_id = {job.AccountId}", stop);
        return (assignment, journal, position);
    }

    private async Task ObeyedAsync(string accountId, long position, CancellationToken stop)
    {
        var begun = time.GetTimestamp();
        using var timer = new PeriodicTimer(Look, time);
        while (!await nodes.IsInForceAsync(accountId, position, stop) && time.GetElapsedTime(begun) < settings.NodeWait) await timer.WaitForNextTickAsync(stop);
    }

    // Who agreed to an invalid certificate without saying which one has agreed to the one that the server has now.
    private async Task<Assignment> AcceptCertificateAsync(LeasedCopy job, Assignment assignment, CancellationToken stop)
    {
        if (assignment.Form is not { AcceptsInvalidCertificate: true, Fingerprint: null }) return assignment;
        var (_, failure) = await connector.TryAsync(assignment.Form.AsSource(), stop);
        if (failure?.Certificate is not { } certificate) return assignment;
        var pinned = assignment with { Form = assignment.Form with { Fingerprint = certificate.Fingerprint } };
        await ChangeAsync(job, (session, copies, now) =>
        {
            session.QueueSqlCommand("update copy_work set sealed = ? where job_id = ?", pinned.Seal(box), job.JobId);
            return Task.FromResult(Decision.Accept(new CopyCertificateAccepted(
                job.JobId, certificate.Fingerprint, StorableText.Of(certificate.Subject), StorableText.Of(certificate.Issuer), certificate.ValidUntil, certificate.Reason, now)));
        }, stop);
        return pinned;
    }

    private async Task SettleAsync(LeasedCopy job, CopyMeter meter, CopyJournal journal, CopyResult result, CancellationToken stop)
    {
        var counts = result.Folders.Count > 0 ? meter.Of(result) : await CopyTable.CountsAsync(database, job.JobId, stop);
        var failure = result.Failure?.Kind ?? WorstOf(result);
        var isPause = result.Failure is { Kind: var kind } && MayPass(kind, result.Folders.Count > 0 || job.Pauses > 0 || journal.CopiedBefore.Count > 0) && (meter.HasCopied ? 0 : job.Pauses) < settings.Pauses;
        if (result.Failure is not null) LogFailure(job.JobId, result.Failure.Kind);
        await ChangeAsync(job, async (session, copies, now) =>
        {
            await meter.WriteAsync(session, result, stop);
            return isPause ? Pause(session, job, copies, meter.HasCopied ? 0 : job.Pauses, failure!.Value, now)
                : EndCopy.Decide(new(job.JobId, counts, failure, CopyMeter.SkipsOf(result), null, now), copies);
        }, stop);
    }

    private Decision Pause(IDocumentSession session, LeasedCopy job, AccountCopies copies, int pauses, CopyFailureKind kind, DateTimeOffset now)
    {
        var until = now + settings.PauseAfter(pauses);
        session.QueueSqlCommand(
            "update copy_work set owner = null, until = null, turn_at = ?, not_before = ?, pauses = ?, faults = 0 where job_id = ?", until, until, pauses + 1, job.JobId);
        return PauseCopy.Decide(new(job.JobId, CopyReasons.NameOf(kind), until, now), copies);
    }

    private async Task EndCancelledAsync(LeasedCopy job, CopyMeter? meter, CancellationToken stop)
    {
        if (meter is not null) await meter.WriteAsync(stop);
        var counts = await CopyTable.CountsAsync(database, job.JobId, stop);
        await ChangeAsync(job, (_, copies, now) => Task.FromResult(CancelCopy.Decide(new(job.JobId, counts, now), copies)), stop);
    }

    private async Task ExtendAsync(LeasedCopy job, CancellationToken stop)
    {
        var ends = await database.ListAsync($"select (data -> 'Current' ->> 'ExpiresAt')::timestamptz from mt_doc_account_copies where id = {job.AccountId} and data -> 'Current' ->> 'ExpiresAt' is not null",
            row => row.GetFieldValue<DateTimeOffset>(0), stop);
        if (ends is not [var end] || end - time.GetUtcNow() > settings.Grant / 2) return;
        await ChangeAsync(job, (_, copies, now) => Task.FromResult(ContinueCopy.Decide(new(job.JobId, "", now + settings.Grant, now), copies)), stop);
    }

    private async Task ChangeAsync(LeasedCopy job, Func<IDocumentSession, AccountCopies, DateTimeOffset, Task<Decision>> change, CancellationToken stop)
    {
        await using var session = store.LightweightSession();
        var mine = await CopyQueue.MineAsync(session, job, stop);
        var stream = await session.Events.FetchForWriting<AccountCopies>(job.AccountId, stop);
        var decision = await change(session, stream.Aggregate ?? throw new LeaseLostException(), time.GetUtcNow());
        // Who has cancelled it may have done so while it ran.
        EventHeaders.Stamp(session, decision.Events.Any(e => e is CopyCancelled) ? mine.CancelledBy ?? mine.AskedBy : mine.AskedBy, job.JobId);
        if (!decision.Events.IsEmpty) stream.AppendMany(decision.Events);
        if (decision.Events.Any(e => e is CopySucceeded or CopyFailed or CopyCancelled)) Ends.Queue(session, job.JobId, decision.Events);
        await session.SaveChangesAsync(CancellationToken.None); // what came of it is kept also when the program stops
    }

    // While the source was never reached a wrong name or port is more likely than a server that is away.
    private static bool MayPass(CopyFailureKind kind, bool wasReached) => kind switch
    {
        CopyFailureKind.ServerBusy or CopyFailureKind.ConnectionLost or CopyFailureKind.DestinationUnavailable => true,
        CopyFailureKind.Timeout or CopyFailureKind.ConnectionRefused or CopyFailureKind.UnknownHost => wasReached,
        _ => false,
    };

    private static CopyFailureKind? WorstOf(CopyResult result)
        => result.Folders.FirstOrDefault(f => f.Failure is not null)?.Failure!.Kind
            ?? (result.Progress.Failed > 0 ? result.Missing.FirstOrDefault(m => m.Reason != CopyFailureKind.TooLarge)?.Reason ?? CopyFailureKind.NotDelivered : null);

    // {SSHA512}: the secret is random, so that a slow hash would protect nothing (see CopyGrantState).
    private static string HashOf(string secret)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltBytes);
        return $"{{SSHA512}}{Convert.ToBase64String([.. SHA512.HashData([.. Encoding.ASCII.GetBytes(secret), .. salt]), .. salt])}";
    }

    private static string Base64UrlOf(byte[] bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);

    [LoggerMessage(1, LogLevel.Information, "Copy {Job} is interrupted: {Why}")]
    private partial void LogInterrupted(string job, Interruption why);

    [LoggerMessage(2, LogLevel.Information, "Copy {Job} could not go on: {Kind}")]
    private partial void LogFailure(string job, CopyFailureKind kind);
}
