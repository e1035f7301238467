using Hikyaku.MailNode.Contracts;

namespace Hikyaku.MailNode;

/// <summary>
/// Collects the recipients of messages that are being submitted, by Postfix's <c>instance</c>, until each is complete. A complete one is
/// remembered for a while, as Postfix asks again when it did not get an answer. Postfix does not say when one is given up; such a message is
/// forgotten after some time. Bounded: of too many, those that were not asked about for the longest time go.
/// </summary>
internal sealed class OpenSubmissions
{
    /// <summary>As many messages are remembered at most.</summary>
    internal const int Most = 4000;

    /// <summary>As many recipients of a message are told.</summary>
    internal const int MostRecipients = 1000;

    private static readonly TimeSpan Longest = TimeSpan.FromHours(2); // a large message over a slow line

    private readonly Dictionary<string, Message> _messages = new(StringComparer.Ordinal);

    /// <summary>How many are remembered.</summary>
    public int Count => _messages.Count;

    /// <summary>Adds a recipient.</summary>
    public void Add(SubmissionRequest request, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(request);
        var message = Find(request, now);
        if (request.Recipient is not null && message.To.Count < MostRecipients) message.To.Add(request.Recipient);
    }

    /// <summary>The message is complete; what is to be told of it, but for whose account it is. Null when it was told before.</summary>
    public SubmissionObserved? Complete(SubmissionRequest request, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(request);
        var message = Find(request, now);
        if (message.Told) return null;
        Add(request, now);
        message.Told = true;
        IReadOnlyList<string> to = [.. message.To];
        message.To.Clear();
        return new(request.Instance, now, "", request.By.Address, request.Source, Math.Max(1, Math.Max(request.Recipients, to.Count)), to, request.Size, request.QueueId);
    }

    /// <summary>Forgets messages that nobody has asked about for long.</summary>
    public void Forget(DateTimeOffset now)
    {
        foreach (var (instance, message) in _messages)
        {
            if (message.AskedAt < now - Longest) _messages.Remove(instance);
        }
    }

    private Message Find(SubmissionRequest request, DateTimeOffset now)
    {
        if (!_messages.TryGetValue(request.Instance, out var message))
        {
            if (_messages.Count >= Most)
            {
                foreach (var oldest in _messages.OrderBy(m => m.Value.AskedAt).Take(Most / 4).Select(m => m.Key).ToList()) _messages.Remove(oldest);
            }

            _messages[request.Instance] = message = new();
        }

        message.AskedAt = now;
        return message;
    }

    private sealed class Message
    {
        public HashSet<string> To { get; } = new(StringComparer.Ordinal);

        public DateTimeOffset AskedAt { get; set; }

        public bool Told { get; set; }
    }
}
