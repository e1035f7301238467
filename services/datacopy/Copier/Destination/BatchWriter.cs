namespace Hikyaku.Copier;

/// <summary>The folder that a batch goes into, and the one that it comes from.</summary>
/// <param name="Source">The source folder's name.</param>
/// <param name="UidValidity">Its UIDVALIDITY.</param>
/// <param name="Destination">The destination folder's name.</param>
/// <param name="Subscribe">Whether the destination folder is subscribed to.</param>
internal sealed record FolderPair(string Source, uint UidValidity, string Destination, bool Subscribe);

/// <summary>
/// Writes batches so that each message is written once: first the intent, then the messages, then that they were written. When the answer is
/// lost, the destination is asked before anything is written again (<see cref="Settlement"/>). A batch that is refused is halved until
/// the message that is to blame is alone. One of these writes into a folder at a time.
/// </summary>
/// <param name="destination">Where is written to.</param>
/// <param name="journal">Knows what was copied.</param>
/// <param name="settlement">Finds out what was written.</param>
/// <param name="tally">Counts.</param>
/// <param name="present">The folders that the source has.</param>
/// <param name="settings">Bounds.</param>
internal sealed class BatchWriter(
    CopyDestination destination, ICopyJournal journal, Settlement settlement, CopyTally tally, IReadOnlyCollection<string> present, CopySettings settings) : IDisposable
{
    private readonly Dictionary<string, FolderMark> _ends = [];
    private AppendConnection? _connection;

    /// <summary>Makes the folder if it is not there.</summary>
    /// <exception cref="CopyFailedException">The destination refuses it.</exception>
    public async Task PrepareAsync(string folder, bool subscribe, CancellationToken stop)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var connection = await ConnectionAsync(stop);
                var answer = await connection.CreateAsync(folder, subscribe, stop);
                _ends[folder] = (answer.IsOk ? await connection.EndOfAsync(folder, stop) : null) ?? throw Refused(answer);
                return;
            }
            catch (IOException e)
            {
                await PauseAsync(attempt, e, stop);
            }
        }
    }

    /// <summary>Writes a batch and disposes of it.</summary>
    public async Task WriteAsync(FolderPair folder, IReadOnlyList<OutgoingMessage> batch, CancellationToken stop)
    {
        try
        {
            var adopted = await AdoptedAsync(folder, [.. batch.Select(m => m.Identity)], stop);
            var known = batch.Where(m => adopted.Contains(m.Source.Uid)).ToList();
            if (known.Count > 0) tally.AlreadyThere(folder.Source, known.Count, known.Sum(m => m.Source.Bytes));
            await WriteNewAsync(folder, [.. batch.Where(m => !adopted.Contains(m.Source.Uid))], plain: false, stop);
        }
        finally
        {
            foreach (var message in batch) message.Dispose();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _connection?.Dispose();

    // What was copied when the source's folder had other numbers, or another name.
    private async Task<IReadOnlySet<uint>> AdoptedAsync(FolderPair folder, IReadOnlyList<IntendedMessage> messages, CancellationToken stop)
    {
        var adopted = (await journal.AdoptAsync(folder.Source, folder.UidValidity, messages, stop)).ToHashSet();
        IReadOnlyList<IntendedMessage> left = [.. messages.Where(m => !adopted.Contains(m.Uid))];
        if (left.Count > 0) adopted.UnionWith(await journal.AdoptRenamedAsync(folder.Source, folder.UidValidity, left, present, stop));
        return adopted;
    }

    private async Task WriteNewAsync(FolderPair folder, IReadOnlyList<OutgoingMessage> batch, bool plain, CancellationToken stop)
    {
        if (batch.Count == 0) return;
        var answer = await AppendOnceAsync(folder, batch, plain, stop);
        if (answer is { IsOk: false, Code: "TRYCREATE" })
        {
            // The user has deleted the folder since.
            await PrepareAsync(folder.Destination, folder.Subscribe, stop);
            answer = await AppendOnceAsync(folder, batch, plain, stop);
        }

        if (answer.IsOk) Report(folder, batch, plain);
        else if (answer.Code is "OVERQUOTA") throw new CopyFailedException(CopyFailureKind.Capacity, answer.Text);
        else if (batch.Count > 1)
        {
            await WriteNewAsync(folder, [.. batch.Take(batch.Count / 2)], plain, stop);
            await WriteNewAsync(folder, [.. batch.Skip(batch.Count / 2)], plain, stop);
        }
        else if (!plain) await WriteNewAsync(folder, batch, plain: true, stop);
        else tally.Missing(Missing(folder, batch[0], answer.Text));
    }

    private async Task<Answer> AppendOnceAsync(FolderPair folder, IReadOnlyList<OutgoingMessage> batch, bool plain, CancellationToken stop)
    {
        for (var attempt = 1; ; attempt++)
        {
            var intent = new CopyIntent(
                Guid.CreateVersion7(), folder.Source, folder.UidValidity, folder.Destination, _ends[folder.Destination], [.. batch.Select(m => m.Identity)]);
            await journal.IntendAsync(intent, stop);
            Answer? answer = null;
            try
            {
                answer = await (await ConnectionAsync(stop)).AppendAsync(folder.Destination, batch, plain, stop);
            }
            catch (IOException e)
            {
                await PauseAsync(attempt, e, stop);
            }

            if (answer is not null)
            {
                if (answer.End is { } end) _ends[folder.Destination] = end;
                await journal.SettleAsync(intent.Id, answer.IsOk, stop);
                return answer;
            }

            var written = await settlement.WasWrittenAsync(intent, stop);
            await journal.SettleAsync(intent.Id, written, stop);
            await PrepareAsync(folder.Destination, folder.Subscribe, stop);
            if (written) return new(true, "");
        }
    }

    private async Task<AppendConnection> ConnectionAsync(CancellationToken stop)
    {
        if (_connection is not null) return _connection;
        try
        {
            return _connection = await AppendConnection.OpenAsync(destination, settings, stop);
        }
        catch (CopyFailedException e) when (e.Kind == CopyFailureKind.DestinationUnavailable)
        {
            throw new IOException(e.Message, e); // as if the connection had been lost: it is tried again
        }
    }

    private async Task PauseAsync(int attempt, IOException lost, CancellationToken stop)
    {
        _connection?.Dispose();
        _connection = null;
        if (attempt >= settings.Attempts) throw new CopyFailedException(CopyFailureKind.DestinationUnavailable, lost.Message, lost);
        await Task.Delay(SourceLink.Pause("", attempt, settings), stop);
    }

    private void Report(FolderPair folder, IReadOnlyList<OutgoingMessage> batch, bool plain)
    {
        tally.LostKeywords(folder.Source, batch.SelectMany(m => plain ? m.Source.Keywords : m.ImpossibleKeywords));
        tally.Copied(folder.Source, batch.Count, batch.Sum(m => m.Source.Bytes));
    }

    private static CopyFailedException Refused(Answer answer)
        => new(answer.Code == "OVERQUOTA" ? CopyFailureKind.Capacity : CopyFailureKind.RefusedByDestination, answer.Text);

    private static MissingMessage Missing(FolderPair folder, OutgoingMessage message, string text)
        => new(folder.Source, folder.UidValidity, message.Source.Uid, null, message.Source.ReceivedAt, message.Source.Bytes, CopyFailureKind.RefusedByDestination, text);
}
