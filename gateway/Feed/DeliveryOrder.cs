namespace Hikyaku.Feed;

/// <summary>
/// Puts messages back into the order in which the broker delivered them: the bus hands them to many hands at once, and they
/// come out of those hands in any order. The broker numbers what it delivers on a channel from 1 without a gap.
/// </summary>
/// <typeparam name="T">A message.</typeparam>
public sealed class DeliveryOrder<T>
{
    private const int ChannelsRemembered = 8;
    private readonly SortedDictionary<ulong, T> _held = [];
    private readonly List<T> _ready = [];
    private readonly Queue<object> _former = new();
    private object? _channel;
    private ulong _next;

    /// <summary>Whether messages are held because an earlier one has not come yet.</summary>
    public bool HasGap => _held.Count > 0;

    /// <summary>Takes one in.</summary>
    /// <param name="channel">The channel, whatever stands for it.</param>
    /// <param name="number">The broker's number on that channel.</param>
    /// <param name="message">The message.</param>
    public void Add(object channel, ulong number, T message)
    {
        ArgumentNullException.ThrowIfNull(channel);
        if (_former.Contains(channel))
        {
            _ready.Add(message); // was in somebody's hands while the channel ended
            return;
        }

        if (!channel.Equals(_channel))
        {
            if (_channel is not null) _former.Enqueue(_channel);
            if (_former.Count > ChannelsRemembered) _former.Dequeue();
            _ready.AddRange(_held.Values); // nothing fills their gaps any more
            _held.Clear();
            (_channel, _next) = (channel, 1);
        }

        if (number < _next) _ready.Add(message); // is tried again, or came after its gap was given up
        else _held.Add(number, message);
    }

    /// <summary>Answers, in order, what is not held by a gap.</summary>
    public IReadOnlyList<T> Take()
    {
        for (; _held.Remove(_next, out var message); _next++) _ready.Add(message);
        T[] taken = [.. _ready];
        _ready.Clear();
        return taken;
    }

    /// <summary>Waits no longer for what is missing: it could not be read, and went elsewhere.</summary>
    public void GiveUpGap()
    {
        if (HasGap) _next = _held.Keys.First();
    }
}
