using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Hikyaku.MailNode;

/// <summary>How far a log was read.</summary>
/// <param name="Inode">Which file: a log that is rotated keeps its number under another name.</param>
/// <param name="Offset">Bytes.</param>
/// <param name="Head">A hash of how the file begins, by which it is known that it was emptied and written anew.</param>
public sealed record LogPosition(long Inode, long Offset, string Head);

/// <summary>A line of a log.</summary>
/// <param name="Offset">Where it begins.</param>
/// <param name="Text">Without its end; what is no UTF-8 is replaced.</param>
public readonly record struct LogLine(long Offset, string Text);

/// <summary>Lines that were read.</summary>
/// <param name="From">Where they begin.</param>
/// <param name="Lines">Whole lines.</param>
/// <param name="Next">From where to go on when they are dealt with.</param>
/// <param name="Broken">How many lines were left out because they are too long.</param>
/// <param name="Lost">Whether the file that was read last is gone before it was read to its end.</param>
/// <param name="More">Whether there may be more to read at once.</param>
public sealed record LogChunk(LogPosition? From, IReadOnlyList<LogLine> Lines, LogPosition Next, int Broken, bool Lost, bool More);

/// <summary>
/// Reads a server's log line by line from a remembered place. A log that was renamed is read to its end before the one that
/// has its name now; it is held open, so that it may even be deleted meanwhile. One that is shorter than what was read, or begins
/// otherwise, was emptied: it is read from its beginning.
/// </summary>
/// <param name="path">The log; rotated ones are beside it, and their names begin with its name.</param>
internal sealed class LogFile(string path) : IDisposable
{
    /// <summary>As many lines are read at once.</summary>
    public const int LinesAtOnce = 500;

    private const int BytesAtOnce = 256 * 1024;
    private const int LongestLine = 64 * 1024;
    private const int HeadBytes = 128;

    private readonly byte[] _bytes = new byte[BytesAtOnce]; // it is read five times a second
    private FileStream? _file;
    private long _inode;

    /// <inheritdoc/>
    public void Dispose() => _file?.Dispose();

    /// <summary>Reads on; null when there is nothing new.</summary>
    /// <param name="from">What the last chunk said; null: nothing was read yet.</param>
    public LogChunk? Read(LogPosition? from)
    {
        var lost = false;
        if (_file is null || (from is not null && from.Inode != _inode))
        {
            if (!Open(from)) return null;
            lost = from is not null && from.Inode != _inode;
        }

        var place = from is not null && from.Inode == _inode && IsSame(from) ? from : new LogPosition(_inode, 0, "");
        if (ReadFrom(place) is { } chunk) return chunk with { From = from, Lost = lost };
        if (!WasReplaced()) return lost || place != from ? new(from, [], place, 0, lost, More: false) : null;
        Forget();
        return Open(null) ? new(from, [], new(_inode, 0, ""), 0, lost, More: true) : null;
    }

    /// <summary>Closes the file, so that it is looked for again.</summary>
    public void Forget()
    {
        _file?.Dispose();
        _file = null;
    }

    private LogChunk? ReadFrom(LogPosition place)
    {
        var read = RandomAccess.Read(_file!.SafeFileHandle, _bytes, place.Offset);
        var (lines, broken, at) = (new List<LogLine>(), 0, 0);
        while (lines.Count < LinesAtOnce && at < read)
        {
            var length = _bytes.AsSpan(at, read - at).IndexOf((byte)'\n');
            if (length < 0 && read - at < LongestLine) break; // its end is still to come, or in the next chunk
            if (length is < 0 or > LongestLine)
            {
                // What follows of it is no line that says anything.
                (at, broken) = (length < 0 ? read : at + length + 1, broken + 1);
                continue;
            }

            lines.Add(new(place.Offset + at, Encoding.UTF8.GetString(_bytes, at, length)));
            at += length + 1;
        }

        if (at == 0) return null;
        var head = place.Head.Length > 0 ? place.Head : HeadOf(place.Offset + at);
        return new(place, lines, new(_inode, place.Offset + at, head), broken, Lost: false, More: lines.Count == LinesAtOnce || read == BytesAtOnce);
    }

    // It is told of the first bytes when so many have been read, and stays empty until then.
    private string HeadOf(long offset)
    {
        if (offset < HeadBytes) return "";
        var head = new byte[HeadBytes];
        var read = RandomAccess.Read(_file!.SafeFileHandle, head, 0);
        return Convert.ToHexString(SHA256.HashData(head.AsSpan(0, read)), 0, 8);
    }

    private bool IsSame(LogPosition place)
        => _file!.Length >= place.Offset && (place.Head.Length == 0 || place.Head == HeadOf(place.Offset));

    private bool WasReplaced()
    {
        try
        {
            using var there = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return InodeOf(there.SafeFileHandle) != _inode;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return false; // renamed, and the server still writes to it
        }
    }

    // The file that was read last, by whatever name, or else the one that has the log's name.
    private bool Open(LogPosition? from)
    {
        Forget();
        var folder = Path.GetDirectoryName(path)!;
        if (!Directory.Exists(folder)) return false;
        IEnumerable<string> others = from is null ? [] : Directory.EnumerateFiles(folder, Path.GetFileName(path) + "*").Where(f => f != path);
        string[] candidates = [path, .. others];
        foreach (var candidate in candidates)
        {
            if (TryOpen(candidate) is not { } file) continue;
            var inode = InodeOf(file.SafeFileHandle);
            if (from is null || inode == from.Inode)
            {
                (_file, _inode) = (file, inode);
                return true;
            }

            file.Dispose();
        }

        return from is not null && Open(null);
    }

    private static FileStream? TryOpen(string file)
    {
        try
        {
            return new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null; // not made yet, or rotated away this moment
        }
    }

    private static long InodeOf(SafeFileHandle file)
    {
        const int emptyPath = 0x1000; // AT_EMPTY_PATH
        const uint wantsInode = 0x100; // STATX_INO
        const int inodeAt = 32; // struct statx is the same on every machine (statx(2))
        var result = new byte[256];
        if (Statx(file, "", emptyPath, wantsInode, result) != 0) throw new IOException($"statx fails with error {Marshal.GetLastPInvokeError()}");
        return (long)BinaryPrimitives.ReadUInt64LittleEndian(result.AsSpan(inodeAt));
    }

    [DllImport("libc", EntryPoint = "statx", CharSet = CharSet.Ansi, SetLastError = true, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Statx(SafeFileHandle folder, string name, int flags, uint mask, byte[] result);
}
