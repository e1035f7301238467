using System.Buffers;
using System.Text;

namespace Hikyaku.Feed;

/// <summary>
/// Writes server-sent events (WHATWG HTML §9.2). A write that the reader does not take in time ends the connection: for a slow
/// reader, no more is kept in memory than one write and the connection's own buffers.
/// </summary>
/// <param name="http">The request.</param>
/// <param name="patience">How long one write may take.</param>
public sealed class EventStream(HttpContext http, TimeSpan patience)
{
    private const int WriteBytes = 64 * 1024;
    private readonly ArrayBufferWriter<byte> _buffer = new(4096);

    /// <summary>Begins the stream: how soon a client reconnects, and the position that a client resumes from before the first event.</summary>
    public async Task BeginAsync(long position, CancellationToken stop)
    {
        http.Response.ContentType = "text/event-stream";
        http.Response.Headers.CacheControl = "no-store";
        Put("retry: 2000\n");
        await MarkAsync(position, stop);
    }

    /// <summary>Writes events, in several writes when they are many.</summary>
    public async Task WriteAsync(IReadOnlyList<FeedEvent> events, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(events);
        foreach (var e in events)
        {
            Put("id: ");
            Put(e.PositionText);
            Put("\ndata: ");
            _buffer.Write(e.Json.Span);
            Put("\n\n");
            if (_buffer.WrittenCount >= WriteBytes) await FlushAsync(stop);
        }

        if (_buffer.WrittenCount > 0) await FlushAsync(stop);
    }

    /// <summary>A sign of life that moves the position from which a client resumes; it is no event.</summary>
    public Task MarkAsync(long position, CancellationToken stop)
    {
        Put(string.Create(null, $"id: {position}\n\n"));
        return FlushAsync(stop);
    }

    private async Task FlushAsync(CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        // The write does not get that token: cancelling a write would break the connection, and a stream should end between two writes.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        limit.CancelAfter(patience);
        try
        {
            await http.Response.Body.WriteAsync(_buffer.WrittenMemory, limit.Token);
            await http.Response.Body.FlushAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!http.RequestAborted.IsCancellationRequested)
        {
            throw new TimeoutException("The reader does not take what was written");
        }

        _buffer.ResetWrittenCount();
    }

    private void Put(string ascii) => Encoding.ASCII.GetBytes(ascii, _buffer);
}
