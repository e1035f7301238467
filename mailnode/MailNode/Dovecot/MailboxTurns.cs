using System.Collections.Concurrent;

namespace Hikyaku.MailNode;

/// <summary>
/// Lets one thing at a time work in a mailbox: mail must not be moved while a deletion notes what is there, nor a folder be
/// made again while it is erased.
/// </summary>
public sealed class MailboxTurns
{
    private readonly ConcurrentDictionary<string, bool> _taken = new(StringComparer.Ordinal);

    /// <summary>Takes a mailbox, until what is answered is disposed; null when somebody else has it: come again.</summary>
    public IDisposable? Take(string accountId) => _taken.TryAdd(accountId, true) ? new Turn(this, accountId) : null;

    private sealed class Turn(MailboxTurns turns, string accountId) : IDisposable
    {
        public void Dispose() => turns._taken.TryRemove(accountId, out _);
    }
}
