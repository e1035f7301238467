namespace Hikyaku.Outbox;

/// <summary>
/// The captured messages, oldest first, in memory. When there are more than <see cref="MaximumCount"/>, or
/// together they are longer than <see cref="MaximumBytes"/>, the oldest are dropped; the newest is always kept.
/// </summary>
public sealed class CapturedMessages
{
    /// <summary>How many messages are kept.</summary>
    public const int MaximumCount = 100_000;

    /// <summary>How many bytes of messages are kept.</summary>
    public const long MaximumBytes = 256L * 1024 * 1024;

    private readonly Lock _lock = new();
    private readonly Queue<Stored> _messages = new();
    private long _bytes;

    /// <summary>Adds a message; <paramref name="raw"/> belongs to this object from now on.</summary>
    public void Add(string from, IReadOnlyList<string> to, DateTimeOffset receivedAt, byte[] raw)
    {
        ArgumentNullException.ThrowIfNull(raw);
        lock (_lock)
        {
            _messages.Enqueue(new Stored(from, to, receivedAt, raw));
            _bytes += raw.Length;
            while (_messages.Count > MaximumCount || (_bytes > MaximumBytes && _messages.Count > 1))
            {
                _bytes -= _messages.Dequeue().Raw.Length;
            }
        }
    }

    /// <summary>The messages as they are now; each one's text is made when it is reached.</summary>
    public IEnumerable<CapturedMessage> All()
    {
        Stored[] now;
        lock (_lock)
        {
            now = [.. _messages];
        }

        return now.Select(m => new CapturedMessage(m.From, m.To, m.ReceivedAt, System.Text.Encoding.Latin1.GetString(m.Raw)));
    }

    /// <summary>Forgets all messages.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _messages.Clear();
            _bytes = 0;
        }
    }

    // Bytes, as strings would take twice the memory.
    private sealed record Stored(string From, IReadOnlyList<string> To, DateTimeOffset ReceivedAt, byte[] Raw);
}
