using System.Globalization;
using System.Runtime.CompilerServices;

namespace Hikyaku.CommandLine.Api;

/// <summary>A server-sent event; without data it is a sign of life that moves the position.</summary>
internal sealed record StreamEvent(string? Id, string? Data, TimeSpan? Retry);

/// <summary>
/// Reads server-sent events (WHATWG HTML, chapter 9.2). The framework's parser leaves out those without data, by which the feed says
/// that everything up to a position has been told.
/// </summary>
internal static class ServerSentEvents
{
    /// <summary>Reads until the stream ends. When nothing at all comes for longer than <paramref name="silence"/>, it is cancelled.</summary>
    public static async IAsyncEnumerable<StreamEvent> ReadAsync(Stream stream, TimeSpan silence, [EnumeratorCancellation] CancellationToken stop)
    {
        using var lines = new StreamReader(stream);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var (none, read) = (new StreamEvent(null, null, null), new StreamEvent(null, null, null));
        while (true)
        {
            limit.CancelAfter(silence);
            if (await lines.ReadLineAsync(limit.Token) is not { } line) yield break;
            if (line.Length > 0) read = With(read, line);
            else if (read != none)
            {
                yield return read;
                read = none;
            }
        }
    }

    private static StreamEvent With(StreamEvent read, string line)
    {
        var colon = line.IndexOf(':', StringComparison.Ordinal);
        var (field, value) = colon < 0 ? (line, "") : (line[..colon], line[(colon + 1)..]);
        if (value.StartsWith(' ')) value = value[1..];
        return field switch
        {
            "id" => read with { Id = value },
            "data" => read with { Data = read.Data is null ? value : $"{read.Data}\n{value}" },
            "retry" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var ms) => read with { Retry = TimeSpan.FromMilliseconds(ms) },
            _ => read, // comments, the events' names, and fields to come
        };
    }
}
