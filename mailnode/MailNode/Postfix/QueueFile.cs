using System.Text;

namespace Hikyaku.MailNode;

/// <summary>
/// The beginning of a file in Postfix's queue, perhaps of one that is still written. It is a row of records (Postfix's
/// <c>rec_type.h</c> and <c>record.c</c>): a letter, the length in digits of a base of 128, the last of which is below 128, and the
/// text. All addresses of the envelope stand before the record <c>M</c>, behind which the message begins.
/// </summary>
internal static class QueueFile
{
    private const int LongestText = 100_000;

    /// <summary>Reads the envelope as far as it is on the disk.</summary>
    public static Envelope ReadEnvelope(Stream file)
    {
        var addresses = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        while (file.ReadByte() is >= 0 and var type)
        {
            if (type == 'M') return new(addresses, IsWhole: true);
            if (TextOf(file) is not { } text) break;
            // Sender, recipient, and what the recipient was before a mapping.
            if (type is 'S' or 'R' or 'O') addresses.Add(PlusAddress.Without(text));
        }

        return new(addresses, IsWhole: false);
    }

    /// <summary>
    /// Marks recipients of a whole message as done, as Postfix does with one that has got it (<c>deliver_completed.c</c>): the letter of the
    /// record becomes <c>D</c>. One byte changes for each, so that a crash leaves every recipient either in or out.
    /// </summary>
    public static void TakeOut(Stream file, Func<string, bool> isGone)
    {
        while (true)
        {
            var start = file.Position;
            if (file.ReadByte() is not (>= 0 and not 'M' and var type) || TextOf(file) is not { } text) return;
            if (type != 'R' || !isGone(PlusAddress.Without(text.ToLowerInvariant()))) continue;
            var next = file.Position;
            file.Position = start;
            file.WriteByte((byte)'D');
            file.Position = next;
        }
    }

    // Null if the record is not whole.
    private static string? TextOf(Stream file)
    {
        var length = 0;
        for (var shift = 0; ; shift += 7)
        {
            if (shift > 21 || file.ReadByte() is not (>= 0 and var digit)) return null;
            length |= (digit & 127) << shift;
            if (digit < 128) break;
        }

        var text = new byte[Math.Min(length, LongestText)];
        return length <= LongestText && file.ReadAtLeast(text, length, throwOnEndOfStream: false) == length ? Encoding.Latin1.GetString(text) : null;
    }

    /// <summary>What is known of a message's sender and recipients.</summary>
    /// <param name="Addresses">Those that are known, in any case.</param>
    /// <param name="IsWhole">Whether there are no others.</param>
    internal sealed record Envelope(IReadOnlySet<string> Addresses, bool IsWhole);
}
