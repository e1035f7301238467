namespace Hikyaku.Copier;

/// <summary>Counts what two workers do, and tells the caller after each batch.</summary>
internal sealed class CopyTally(IProgress<CopyProgress>? listener)
{
    private const int MaxMissing = 1000;
    private const int MaxLostKeywords = 100;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, FolderReport> _folders = [];
    private readonly List<MissingMessage> _missing = [];
    private int _foldersDone;
    private long? _bytes = 0;
    private long _bytesDone;

    public void Add(FolderPlan plan, int messages, long? bytes)
    {
        _folders[plan.Source.Name] = new(plan.Source.Name, plan.Destination, plan.Change) { Messages = plan.Destination is null ? 0 : messages };
        if (plan.Destination is not null) _bytes += bytes;
    }

    public void Copied(string folder, int messages, long bytes) => Change(folder, bytes, f => f.Copied += messages);

    public void AlreadyThere(string folder, int messages, long bytes) => Change(folder, bytes, f => f.AlreadyThere += messages);

    /// <summary>The folder has more or fewer messages to copy than was told at the beginning.</summary>
    public void Has(string folder, long messages) => Change(folder, 0, f => f.Messages = messages);

    public void Missing(MissingMessage message) => Change(message.Folder, message.Bytes, f =>
    {
        if (f.Skipped + f.Failed < MaxMissing) _missing.Add(message);
        if (message.Reason == CopyFailureKind.TooLarge) f.Skipped++;
        else f.Failed++;
    });

    public void LostKeywords(string folder, IEnumerable<string> keywords)
    {
        lock (_lock)
        {
            foreach (var keyword in keywords.Where(_ => _folders[folder].Lost.Count < MaxLostKeywords)) _folders[folder].Lost.Add(keyword.Length <= 100 ? keyword : keyword[..100]);
        }
    }

    public void FolderDone(string folder, CopyFailure? failure = null)
    {
        lock (_lock)
        {
            if (failure is not null) _folders[folder] = _folders[folder] with { Failure = failure };
            _foldersDone++;
        }

        listener?.Report(Progress());
    }

    public CopyResult Result(CopyFailure? failure)
    {
        lock (_lock) return new(Progress(), [.. _folders.Values], [.. _missing], failure);
    }

    private void Change(string folder, long bytes, Action<FolderReport> change)
    {
        lock (_lock)
        {
            change(_folders[folder]);
            _bytesDone += bytes;
        }

        listener?.Report(Progress());
    }

    private CopyProgress Progress()
    {
        lock (_lock)
        {
            var folders = _folders.Values.Where(f => f.Destination is not null).ToList();
            return new(
                folders.Count, _foldersDone, folders.Sum(f => f.Messages), folders.Sum(f => f.Copied), folders.Sum(f => f.AlreadyThere),
                folders.Sum(f => f.Skipped), folders.Sum(f => f.Failed), _bytes, _bytesDone)
            {
                ByFolder = [.. _folders.Values.Select(f => f with { })], // as the counting goes on
            };
        }
    }
}
