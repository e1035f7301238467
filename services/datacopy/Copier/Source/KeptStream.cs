namespace Hikyaku.Copier;

/// <summary>A message while it is on its way: in memory, or in a temporary file that is gone when it is disposed of. It is kept by whoever takes it.</summary>
internal sealed class KeptStream : Stream
{
    private const int FileBuffer = 64 * 1024;
    private readonly Stream _inner;
    private bool _isTaken;

    /// <param name="bytes">How many there will be, by what the source says.</param>
    /// <param name="spoolAbove">More bytes than that go into a file.</param>
    public KeptStream(int bytes, int spoolAbove)
        => _inner = bytes <= spoolAbove
            ? new MemoryStream(bytes)
            : new FileStream(
                Path.Combine(Path.GetTempPath(), $"hikyaku-copy-{Guid.NewGuid():N}"), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, FileBuffer,
                FileOptions.DeleteOnClose | FileOptions.SequentialScan);

    /// <summary>The bytes; whoever takes them disposes of them, and disposing of this has no effect any more.</summary>
    public Stream Take()
    {
        _isTaken = true;
        return _inner;
    }

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override bool CanSeek => true;

    /// <inheritdoc/>
    public override long Length => _inner.Length;

    /// <inheritdoc/>
    public override long Position { get => _inner.Position; set => _inner.Position = value; }

    /// <inheritdoc/>
    public override void Flush() => _inner.Flush();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => _inner.Read(buffer, offset, count);

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => _inner.Write(buffer, offset, count);

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => _inner.Seek(offset, origin);

    /// <inheritdoc/>
    public override void SetLength(long value) => _inner.SetLength(value);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && !_isTaken) _inner.Dispose();
        base.Dispose(disposing);
    }
}
