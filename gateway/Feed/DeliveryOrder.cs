namespace Hikyaku.Feed;

/// <summary>
/// Puts messages back into the order in which the broker delivered them: the bus runs many consumers at once, and they finish
/// in any order. The broker numbers what it delivers on a channel from 1 without a gap.
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
    /// <param name="channel">The channel, or any object that identifies it.</param>
    /// <param name="number">The broker's number on that channel.</param>
    /// <param name="message">The message.</param>
    public void Add(object channel, ulong number, T message)
    {
        ArgumentNullException.ThrowIfNull(channel);
        if (_former.Contains(channel))
        {
            _ready.Add(message); // a consumer still had it when the channel ended
            return;
        }

        if (!channel.Equals(_channel))
        {
            if (_channel is not null) _former.Enqueue(_channel);
            if (_former.Count > ChannelsRemembered) _former.Dequeue();
            _ready.AddRange(_held.Values); // the messages before them can no longer arrive
            _held.Clear();
            (_channel, _next) = (channel, 1);
        }

        if (number < _next) _ready.Add(message); // a message that is tried again, or that came after its gap was given up
        else _held.Add(number, message);
    }

    /// <summary>Returns, in order, the messages that no gap holds back.</summary>
    public IReadOnlyList<T> Take()
    {
        for (; _held.Remove(_next, out var message); _next++) _ready.Add(message);
        T[] taken = [.. _ready];
        _ready.Clear();
        return taken;
    }

    /// <summary>Gives up the missing messages: they could not be read, and the bus has put them into another queue.</summary>
    public void GiveUpGap()
    {
        if (HasGap) _next = _held.Keys.First();
    }
}
