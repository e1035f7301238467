using System.Diagnostics;
using System.Text;

namespace Hikyaku.Copier;

/// <summary>
/// What a source sends, within bounds (SEC-6): whoever asks says how many bytes the answers may have (<see cref="Allow"/>), and from that how
/// long they may take. It lies above TLS and below the IMAP client. So neither an endless line nor a literal of a wrong size fills the
/// memory, and a source that sends a byte now and then does not hold a worker for ever. Time in which nobody reads does not count.
/// </summary>
internal sealed class SourceStream(Stream inner, CopySettings settings) : Stream
{
    private const int TailBytes = 1024;

    private readonly byte[] _tail = new byte[TailBytes];
    private ReadOnlyMemory<byte> _pending;
    private int _tailLength;
    private long _left;
    private TimeSpan _timeLeft;

    /// <summary>The last whole or begun line that was received, of at most 1 KB: what the server said before it failed.</summary>
    public string LastLine => Encoding.UTF8.GetString(_tail, 0, _tailLength).TrimEnd('\r', '\n').Split('\n')[^1].TrimEnd('\r');

    /// <summary>Whether the server has closed the connection.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>Bounds the answers to what is sent next.</summary>
    public void Allow(long bytes)
    {
        _left = bytes;
        _timeLeft = settings.AnswerWithin + TimeSpan.FromSeconds((double)bytes / settings.LowestRate);
    }

    /// <summary>Lets a line be read again.</summary>
    public void Unread(string line) => _pending = (byte[])[.. Encoding.ASCII.GetBytes(line + "\r\n"), .. _pending.Span];

    /// <summary>Reads a line; null when the server has closed the connection.</summary>
    public async Task<string?> ReadLineAsync(int maxBytes, CancellationToken stop)
    {
        var line = new MemoryStream();
        var buffer = new byte[1];
        while (await ReadAsync(buffer, stop) > 0)
        {
            if (buffer[0] == '\n') return Encoding.ASCII.GetString(line.ToArray()).TrimEnd('\r');
            line.WriteByte(buffer[0]);
            if (line.Length > maxBytes) throw new CopyFailedException(CopyFailureKind.NotImap, "The first line has no end");
        }

        return null;
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_pending.Length > 0)
        {
            var given = Math.Min(buffer.Length, _pending.Length);
            _pending[..given].CopyTo(buffer);
            _pending = _pending[given..];
            return given;
        }

        var read = await ReadInTimeAsync(buffer, cancellationToken);
        HasEnded |= read == 0;
        _left -= read;
        if (_left < 0) throw new CopyFailedException(CopyFailureKind.Misbehaving, "More bytes than can be an answer");
        Remember(buffer.Span[..read]);
        return read;
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => inner.WriteAsync(buffer, cancellationToken);

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => inner.WriteAsync(buffer, offset, count, cancellationToken);

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    /// <inheritdoc/>
    public override void Flush() => inner.Flush();

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Only asynchronous reading is bounded");

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) inner.Dispose();
        base.Dispose(disposing);
    }

    private async Task<int> ReadInTimeAsync(Memory<byte> buffer, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(_timeLeft <= TimeSpan.Zero ? TimeSpan.Zero : _timeLeft < settings.SilenceWithin ? _timeLeft : settings.SilenceWithin);
        var since = Stopwatch.GetTimestamp();
        try
        {
            return await inner.ReadAsync(buffer, limit.Token);
        }
        catch (OperationCanceledException e) when (!stop.IsCancellationRequested)
        {
            throw new CopyFailedException(CopyFailureKind.Timeout, "The answer takes too long", e);
        }
        finally
        {
            _timeLeft -= Stopwatch.GetElapsedTime(since);
        }
    }

    private void Remember(ReadOnlySpan<byte> received)
    {
        if (received.Length > TailBytes) received = received[^TailBytes..];
        var kept = Math.Min(_tailLength, TailBytes - received.Length);
        _tail.AsSpan(_tailLength - kept, kept).CopyTo(_tail);
        received.CopyTo(_tail.AsSpan(kept));
        _tailLength = kept + received.Length;
    }
}
