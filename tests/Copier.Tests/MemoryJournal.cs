namespace Hikyaku.Copier.Tests;

/// <summary>
/// A journal in memory. It outlives a run, and can fail before or after it has noted something, as a process that is killed does.
/// </summary>
internal sealed class MemoryJournal : ICopyJournal
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Folder, uint Validity, uint Uid), string> _copied = [];
    private readonly Dictionary<Guid, CopyIntent> _open = [];
    private IReadOnlyDictionary<string, FolderMark> _marks = new Dictionary<string, FolderMark>();

    /// <summary>Called with the name of each step ("before intend", "after settle"); what it throws ends the run.</summary>
    public Action<string> At { get; set; } = _ => { };

    /// <summary>Called with the name of each step ("intend") when it is noted, before the copy goes on.</summary>
    public Func<string, Task> Meanwhile { get; set; } = _ => Task.CompletedTask;

    public int Copied => _copied.Count;

    public Task<IReadOnlySet<uint>> CopiedAsync(string folder, uint uidValidity, IReadOnlyCollection<uint> uids, CancellationToken stop)
    {
        lock (_lock) return Task.FromResult<IReadOnlySet<uint>>(uids.Where(u => _copied.ContainsKey((folder, uidValidity, u))).ToHashSet());
    }

    public Task<IReadOnlySet<uint>> AdoptAsync(string folder, uint uidValidity, IReadOnlyList<IntendedMessage> messages, CancellationToken stop)
        => Adopt(folder, uidValidity, messages, (former, validity) => former == folder && validity != uidValidity);

    public Task<IReadOnlySet<uint>> AdoptRenamedAsync(string folder, uint uidValidity, IReadOnlyList<IntendedMessage> messages, IReadOnlyCollection<string> present, CancellationToken stop)
        => Adopt(folder, uidValidity, messages, (former, _) => !present.Contains(former));

    public Task IntendAsync(CopyIntent intent, CancellationToken stop) => Step("intend", () => _open.Add(intent.Id, intent));

    public Task SettleAsync(Guid intent, bool written, CancellationToken stop) => Step("settle", () =>
    {
        _open.Remove(intent, out var settled);
        if (written) foreach (var message in settled!.Messages) _copied.Add((settled.SourceFolder, settled.SourceUidValidity, message.Uid), message.Digest);
    });

    public Task<IReadOnlyList<CopyIntent>> OpenAsync(CancellationToken stop)
    {
        lock (_lock) return Task.FromResult<IReadOnlyList<CopyIntent>>([.. _open.Values]);
    }

    public Task<IReadOnlyDictionary<string, int>> CountAsync(IReadOnlyCollection<string> digests, CancellationToken stop)
    {
        lock (_lock) return Task.FromResult<IReadOnlyDictionary<string, int>>(_copied.Values.Where(digests.Contains).CountBy(d => d).ToDictionary());
    }

    public Task MarkAsync(IReadOnlyDictionary<string, FolderMark> marks, CancellationToken stop) => Step("mark", () => _marks = marks);

    public Task<IReadOnlyDictionary<string, FolderMark>> MarksAsync(CancellationToken stop) => Task.FromResult(_marks);

    private Task<IReadOnlySet<uint>> Adopt(string folder, uint uidValidity, IReadOnlyList<IntendedMessage> messages, Func<string, uint, bool> isFormer)
    {
        lock (_lock)
        {
            var adopted = new HashSet<uint>();
            foreach (var message in messages)
            {
                var former = _copied.Where(c => c.Value == message.Digest && isFormer(c.Key.Folder, c.Key.Validity)).Select(c => c.Key).ToList();
                if (former.Count == 0) continue;
                _copied.Remove(former[0]);
                _copied.Add((folder, uidValidity, message.Uid), message.Digest);
                adopted.Add(message.Uid);
            }

            return Task.FromResult<IReadOnlySet<uint>>(adopted);
        }
    }

    private Task Step(string name, Action note)
    {
        lock (_lock)
        {
            At($"before {name}");
            note();
            At($"after {name}");
        }

        return Meanwhile(name);
    }
}
