using System.Globalization;

namespace Hikyaku.MailNode;

/// <summary>
/// The messages that Postfix is taking in: files of its folder <c>incoming</c> that are not executable, which is its sign for "not
/// whole". A sender may take hours over one, and the file's times go on with it; its name does not. What a crash has left behind
/// nobody has open.
/// </summary>
public sealed partial class UnfinishedMessages(NodeSettings settings, TimeProvider time, ILogger<UnfinishedMessages> logger)
{
    private static readonly TimeSpan Usual = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly string _incoming = Path.Combine(settings.Home, "run", "postfix-queue", "incoming");

    /// <summary>All of them.</summary>
    internal IReadOnlyList<UnfinishedMessage> Read()
    {
        if (!Directory.Exists(_incoming)) return []; // Postfix has never run
        var (writers, found) = (new Lazy<ILookup<string, int>?>(Writers), new List<UnfinishedMessage>());
        foreach (var file in Directory.EnumerateFiles(_incoming))
        {
#pragma warning disable CA1416 // nodes are Linux machines
            if (!IsThere(() => File.GetUnixFileMode(file), out var mode) || mode.HasFlag(UnixFileMode.UserExecute)) continue;
#pragma warning restore CA1416
            var name = Path.GetFileName(file);
            // A short queue id has no time in it; the message may be of any age.
            var begun = QueueId.Begun(name) ?? DateTimeOffset.MinValue;
            if (time.GetUtcNow() - begun > Usual && writers.Value?.Contains(name) == false) continue;
            if (IsThere(() => EnvelopeOf(file), out var envelope)) found.Add(new(name, begun, envelope!));
        }

        return found;
    }

    /// <summary>Takes them in no longer: their senders are told to try again later.</summary>
    internal async Task EndAsync(IReadOnlyCollection<UnfinishedMessage> messages, CancellationToken stop)
    {
        if (messages.Count == 0 || Writers() is not { } writers) return;
        foreach (var writer in messages.SelectMany(m => writers[m.Name]).Distinct())
        {
            // cleanup(8) then removes the file.
            var failure = await ServerProgram.RunAsync("sh", ["-c", "kill -TERM \"$1\"", "sh", writer.ToString(CultureInfo.InvariantCulture)], [], _ => { }, Patience, stop);
            if (failure is null) LogEnded();
            else LogNotEnded(failure);
        }
    }

    private static QueueFile.Envelope EnvelopeOf(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        return QueueFile.ReadEnvelope(stream);
    }

    // Which cleanup(8) processes have which queue files open. /proc shows their paths with links resolved. Null if they cannot be seen.
    private ILookup<string, int>? Writers()
    {
        try
        {
            return Directory.EnumerateDirectories("/proc").Where(p => char.IsAsciiDigit(Path.GetFileName(p)[0]))
                .Where(p => IsThere(() => File.ReadAllText(Path.Combine(p, "comm")), out var program) && program == "cleanup\n")
                .SelectMany(p => (IsThere(() => Directory.GetFileSystemEntries(Path.Combine(p, "fd")), out var open) ? open! : []).Select(fd => (Process: p, Open: fd)))
                .Select(o => (o.Process, File: IsThere(() => new FileInfo(o.Open).LinkTarget, out var target) ? target : null))
                .Where(o => o.File?.Contains("/incoming/", StringComparison.Ordinal) == true)
                .ToLookup(o => Path.GetFileName(o.File!), o => int.Parse(Path.GetFileName(o.Process), CultureInfo.InvariantCulture));
        }
        catch (UnauthorizedAccessException e)
        {
            LogNotSeen(e);
            return null;
        }
    }

    private static bool IsThere<T>(Func<T> read, out T? value)
    {
        try
        {
            value = read();
            return true;
        }
        catch (IOException)
        {
            value = default;
            return false; // taken in meanwhile, or the process has ended
        }
    }

    [LoggerMessage(1, LogLevel.Information, "A message that was being taken in for minutes was ended, as the deletion of an account waited for it")]
    private partial void LogEnded();

    [LoggerMessage(2, LogLevel.Warning, "A message that is being taken in cannot be ended: {Failure}")]
    private partial void LogNotEnded(string failure);

    [LoggerMessage(3, LogLevel.Warning, "Whether an old message in Postfix's queue is still being taken in cannot be seen; deleted accounts wait for it")]
    private partial void LogNotSeen(Exception e);
}
