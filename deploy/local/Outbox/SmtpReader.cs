using System.Buffers;
using System.IO.Pipelines;

namespace Hikyaku.Outbox;

/// <summary>
/// Reads a client's side of an SMTP connection: command lines and message data. Both are limited in length, and
/// what is too long is read to its end and thrown away, so that the conversation goes on.
/// </summary>
public sealed class SmtpReader(PipeReader input)
{
    /// <summary>A command line's length in bytes; RFC 5321 (4.5.3.1.4) asks for 512 and more for extensions.</summary>
    public const int MaximumCommandLength = 4096;

    /// <summary>A message's length in bytes, announced as SIZE.</summary>
    public const int MaximumMessageLength = 104_857_600;

    /// <summary>Reads a line without its CR LF.</summary>
    /// <returns>The line; empty and <c>TooLong</c> when it exceeded <see cref="MaximumCommandLength"/>; null at the end of the connection.</returns>
    public async ValueTask<(byte[] Line, bool TooLong)?> ReadCommandAsync(CancellationToken cancel)
    {
        var line = await ReadLineAsync(MaximumCommandLength, cancel);
        return line is null ? null : (TrimLineEnd(line.Value.Bytes), line.Value.Cut);
    }

    /// <summary>Reads message data up to the line with a single dot, and removes the doubled dots (RFC 5321, 4.5.2).</summary>
    /// <returns>The message; empty and <c>TooLong</c> when it exceeded <see cref="MaximumMessageLength"/>; null when the connection ended before the dot.</returns>
    public async ValueTask<(byte[] Message, bool TooLong)?> ReadMessageAsync(CancellationToken cancel)
    {
        var message = new ArrayBufferWriter<byte>(16 * 1024);
        var atLineStart = true;
        var afterCarriageReturn = false;
        var tooLong = false;
        while (true)
        {
            var piece = await ReadLineAsync(64 * 1024, cancel, keepRest: true);
            if (piece is not { } read)
            {
                return null;
            }

            var bytes = read.Bytes.AsSpan();
            if (atLineStart && bytes.SequenceEqual(".\r\n"u8))
            {
                return (tooLong ? [] : message.WrittenSpan.ToArray(), tooLong);
            }

            var stuffed = atLineStart && bytes.StartsWith("."u8);
            tooLong |= message.WrittenCount + bytes.Length > MaximumMessageLength;
            if (!tooLong)
            {
                message.Write(stuffed ? bytes[1..] : bytes);
            }

            // Only CR LF ends a line: a lone LF would let a message smuggle in commands.
            atLineStart = bytes.EndsWith("\r\n"u8) || (afterCarriageReturn && bytes.SequenceEqual("\n"u8));
            afterCarriageReturn = bytes[^1] == '\r';
        }
    }

    /// <summary>
    /// Reads through the next LF. A longer line is cut at <paramref name="limit"/>: its rest is skipped, or with
    /// <paramref name="keepRest"/> left for the next call.
    /// </summary>
    private async ValueTask<(byte[] Bytes, bool Cut)?> ReadLineAsync(int limit, CancellationToken cancel, bool keepRest = false)
    {
        var skipping = false;
        while (true)
        {
            var read = await input.ReadAsync(cancel);
            var buffer = read.Buffer;
            var lineFeed = buffer.PositionOf((byte)'\n');
            var available = lineFeed is { } at ? buffer.Slice(0, buffer.GetPosition(1, at)) : buffer;
            if (keepRest && available.Length > limit)
            {
                return (Take(available.Slice(0, limit)), true);
            }

            if (lineFeed is not null)
            {
                var cut = skipping || available.Length > limit;
                var line = Take(available);
                return (cut ? [] : line, cut);
            }

            if (read.IsCompleted)
            {
                input.AdvanceTo(buffer.End);
                return null;
            }

            if (available.Length > limit)
            {
                skipping = true;
                input.AdvanceTo(buffer.End);
            }
            else
            {
                input.AdvanceTo(buffer.Start, buffer.End);
            }
        }
    }

    private byte[] Take(ReadOnlySequence<byte> part)
    {
        var bytes = part.ToArray();
        input.AdvanceTo(part.End);
        return bytes;
    }

    private static byte[] TrimLineEnd(byte[] line) => line.AsSpan().TrimEnd("\r\n"u8).ToArray();
}
