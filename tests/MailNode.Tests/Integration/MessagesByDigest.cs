using System.Security.Cryptography;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>
/// Tells which of the messages that were sent a stored one is: it ends with the bytes of one, and above them are only the lines that the
/// servers have written. Messages have nothing else in common that could tell: they are as they came from elsewhere.
/// </summary>
internal sealed class MessagesByDigest(IReadOnlyList<CorpusMessage> sent)
{
    private const int LongestAddition = 8192;
    private readonly ILookup<int, CorpusMessage> _byLength = sent.ToLookup(m => m.Passed.Length);
    private readonly Dictionary<string, CorpusMessage> _byDigest = sent.ToDictionary(m => Digest(m.Passed));

    /// <summary>The message; null when its bytes are not those of any that was sent.</summary>
    public CorpusMessage? Find(byte[] stored)
    {
        foreach (var at in Starts(stored))
        {
            if (_byLength.Contains(stored.Length - at) && _byDigest.TryGetValue(Digest(stored.AsSpan(at)), out var message)) return message;
        }

        return null;
    }

    private static string Digest(ReadOnlySpan<byte> bytes) => Convert.ToHexString(SHA256.HashData(bytes));

    // Where the message may begin.
    private static IEnumerable<int> Starts(byte[] stored)
    {
        yield return 0;
        for (var at = 0; at < Math.Min(stored.Length, LongestAddition); at++)
        {
            if (stored[at] == '\n') yield return at + 1;
        }
    }
}
