namespace Hikyaku.Copier;

/// <summary>
/// Copies one source folder: tells by the journal what is new, fetches it in large sets and hands it to a pipe that writes it. When the
/// connection is lost, or the source asks for a pause, it begins again with what the journal does not have by then. A set that the source
/// refuses is halved until the message that is to blame is alone, which is reported.
/// </summary>
internal sealed class FolderCopier(FolderPlan plan, ICopyJournal journal, CopyTally tally, CopySettings settings)
{
    private const int Window = 1000;
    private const int MaxRefusals = 200;
    private const int MaxSubject = 200;

    private readonly HashSet<uint> _missing = [];
    private readonly HashSet<int> _withoutDates = []; // by the index of the first message of a window
    private uint _uidValidity;
    private uint _countedTo; // messages up to this UID were counted in an earlier pass
    private int _refusals;
    private bool _fetchesSingly;

    /// <summary>Whether nothing is left to do.</summary>
    public bool IsDone { get; private set; }

    private string Name => plan.Source.Name;

    /// <summary>Copies it, or what is left of it.</summary>
    /// <exception cref="CopyFailedException">The source or the destination fails as a whole.</exception>
    public async Task CopyAsync(SourceLink link, BatchWriter writer, CancellationToken stop)
    {
        try
        {
            await writer.PrepareAsync(plan.Destination!, plan.Source.IsSubscribed, stop);
            while (!await PassAsync(link, writer, stop))
            {
            }

            tally.FolderDone(Name);
        }
        catch (CopyFailedException e) when (e.Kind is CopyFailureKind.RefusedByDestination or CopyFailureKind.Unsuitable)
        {
            tally.FolderDone(Name, e.Failure); // the other folders may go well
        }

        IsDone = true;
    }

    // False when it is to be done again.
    private async Task<bool> PassAsync(SourceLink link, BatchWriter writer, CancellationToken stop)
    {
        try
        {
            await CopyNewAsync(link, await link.SessionAsync(stop), writer, stop);
            return true;
        }
        catch (CopyFailedException e)
        {
            if (!await link.PauseAsync(e, stop)) throw;
            return false;
        }
    }

    private async Task CopyNewAsync(SourceLink link, SourceSession session, BatchWriter writer, CancellationToken stop)
    {
        var uidValidity = await session.OpenAsync(Name, stop);
        if (uidValidity != _uidValidity) (_uidValidity, _countedTo) = (uidValidity, 0); // other messages have these UIDs
        await using var pipe = new BatchPipe(writer, new(Name, uidValidity, plan.Destination!, plan.Source.IsSubscribed), settings, stop);
        CopyFailedException? failed = null;
        try
        {
            await ReadAsync(link, session, pipe);
        }
        catch (CopyFailedException e)
        {
            failed = e; // what has arrived until then is written first
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            // The writing has failed, which is told now.
        }

        await pipe.CompleteAsync();
        if (failed is not null) throw failed;
    }

    private async Task ReadAsync(SourceLink link, SourceSession session, BatchPipe pipe)
    {
        var (next, labelled) = (0, 0);
        session.WhenGone(Name, (_, gone) => next -= gone.Index < next ? 1 : 0);
        var known = session.Count(Name);
        while (next < Math.Min(known, session.Count(Name)))
        {
            var last = Math.Min(next + Window, known) - 1;
            var messages = await SummariesAsync(link, session, next, last, pipe.Stopped);
            next = last + 1;
            var wanted = messages.Where(m => !plan.UnlabelledOnly || !m.HasLabels).OrderBy(m => m.Uid).ToList();
            labelled += messages.Count - wanted.Count;
            await FetchNewAsync(link, session, wanted, pipe);
        }

        tally.Has(Name, known - labelled);
    }

    // Next to a date that is none the messages go without: the client cannot read on, and the next pass does not ask for dates here.
    private async Task<IReadOnlyList<SourceMessage>> SummariesAsync(SourceLink link, SourceSession session, int first, int last, CancellationToken stop)
    {
        try
        {
            return await session.SummariesAsync(Name, first, last, !_withoutDates.Contains(first), stop);
        }
        catch (ImpossibleDateException)
        {
            if (_withoutDates.Add(first)) link.Progressed();
            throw;
        }
    }

    private async Task FetchNewAsync(SourceLink link, SourceSession session, List<SourceMessage> messages, BatchPipe pipe)
    {
        if (messages.Count == 0) return;
        var copied = await journal.CopiedAsync(Name, _uidValidity, [.. messages.Select(m => m.Uid)], pipe.Stopped);
        var known = messages.Where(m => m.Uid > _countedTo && copied.Contains(m.Uid)).ToList();
        if (known.Count > 0) tally.AlreadyThere(Name, known.Count, known.Sum(m => m.Bytes));
        _countedTo = Math.Max(_countedTo, messages[^1].Uid);
        var fresh = messages.Where(m => !copied.Contains(m.Uid) && !_missing.Contains(m.Uid)).ToList();
        foreach (var large in fresh.Where(m => m.Bytes > settings.MaxMessageBytes)) await MissAsync(session, large, CopyFailureKind.TooLarge, "", pipe.Stopped);
        foreach (var set in Sets(fresh.Where(m => m.Bytes <= settings.MaxMessageBytes))) await FetchAsync(link, session, set, pipe);
    }

    private async Task FetchAsync(SourceLink link, SourceSession session, List<SourceMessage> set, BatchPipe pipe)
    {
        var left = set.ToDictionary(m => m.Uid);
        try
        {
            await session.BodiesAsync(Name, [.. set.Select(m => m.Uid)], set.Sum(m => m.Bytes), ReceiveAsync, pipe.Stopped);
            foreach (var absent in left.Values) await MissAsync(session, absent, CopyFailureKind.NotDelivered, "", pipe.Stopped);
        }
        catch (BodyTooLargeException e)
        {
            if (Blames(e, left)) link.Progressed(); // one message less is left
            throw;
        }
        catch (CopyFailedException e) when (e.Kind == CopyFailureKind.Unsuitable && left.Count > 0)
        {
            if (++_refusals > MaxRefusals) throw;
            if (left.Count == 1) await MissAsync(session, left.Values.Single(), CopyFailureKind.NotDelivered, e.Failure.Detail, pipe.Stopped);
            else foreach (var half in left.Values.Chunk((left.Count + 1) / 2)) await FetchAsync(link, session, [.. half], pipe);
        }

        async Task ReceiveAsync(uint uid, Stream body)
        {
            if (body.Length == 0 || !left.Remove(uid, out var message))
            {
                await body.DisposeAsync(); // empty, not asked for, or sent twice
                return;
            }

            link.Progressed();
            var (digest, bytes) = ContentDigest.Of(body);
            await pipe.AddAsync(new(message, body, new(uid, digest, bytes)));
        }
    }

    private bool Blames(BodyTooLargeException large, Dictionary<uint, SourceMessage> asked)
    {
        var blamed = large.Uid is { } uid && asked.TryGetValue(uid, out var named) ? named : asked.Count == 1 ? asked.Values.Single() : null;
        _fetchesSingly |= blamed is null; // then it is known whose it is
        if (blamed is null || !_missing.Add(blamed.Uid)) return false;
        tally.Missing(Missing(blamed with { Bytes = large.Bytes }, CopyFailureKind.TooLarge, ""));
        return true;
    }

    private async Task MissAsync(SourceSession session, SourceMessage message, CopyFailureKind reason, string detail, CancellationToken stop)
    {
        if (await EnvelopeAsync(session, message.Uid, stop) is not { } envelope || !_missing.Add(message.Uid)) return; // gone meanwhile
        var subject = envelope.Subject?.Length > MaxSubject ? envelope.Subject[..MaxSubject] : envelope.Subject;
        tally.Missing(Missing(message, reason, detail) with { Subject = subject, Date = envelope.Date ?? message.ReceivedAt });
    }

    private async Task<(string? Subject, DateTimeOffset? Date)?> EnvelopeAsync(SourceSession session, uint uid, CancellationToken stop)
    {
        try
        {
            return await session.EnvelopeAsync(Name, uid, stop);
        }
        catch (CopyFailedException e) when (e.Kind == CopyFailureKind.Unsuitable)
        {
            return (null, null); // a message that the server cannot read
        }
    }

    private MissingMessage Missing(SourceMessage message, CopyFailureKind reason, string detail)
        => new(Name, _uidValidity, message.Uid, null, message.ReceivedAt, message.Bytes, reason, detail);

    private IEnumerable<List<SourceMessage>> Sets(IEnumerable<SourceMessage> messages)
    {
        var set = new List<SourceMessage>();
        long bytes = 0;
        foreach (var message in messages)
        {
            if (set.Count > 0 && (_fetchesSingly || set.Count >= settings.FetchMessages || bytes + message.Bytes > settings.FetchBytes))
            {
                yield return set;
                (set, bytes) = ([], 0);
            }

            set.Add(message);
            bytes += message.Bytes;
        }

        if (set.Count > 0) yield return set;
    }
}
