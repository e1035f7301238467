using System.Globalization;
using System.Text.RegularExpressions;
using Hikyaku.MailNode.Contracts;

namespace Hikyaku.MailNode;

/// <summary>
/// The line that Rspamd's configuration writes of each message from outside:
/// <c>hikyaku: QUEUE-ID verdict=ham|spam|virus|unscanned score=NUMBER virus=NAME|-</c>.
/// </summary>
internal sealed partial record RspamdLine(string QueueId, DeliveryVerdict Verdict)
{
    /// <summary>Reads a line; null when it is another one.</summary>
    public static RspamdLine? Read(string text)
    {
        if (!text.Contains("hikyaku: ", StringComparison.Ordinal) || Pattern().Match(text) is not { Success: true } match) return null;
        var m = match.Groups;
        var virus = m["virus"].Value;
        return new(m["id"].Value, new(m["verdict"].Value, double.Parse(m["score"].ValueSpan, CultureInfo.InvariantCulture), virus == "-" ? null : virus));
    }

    /// <summary>
    /// The line that follows for each recipient of a message that is deleted as infected, <c>hikyaku: QUEUE-ID virus-for=ADDRESS</c>; null when
    /// it is another one.
    /// </summary>
    public static (string QueueId, string Recipient)? ReadInfected(string text)
        => text.Contains("hikyaku: ", StringComparison.Ordinal) && InfectedPattern().Match(text) is { Success: true } match ? (match.Groups["id"].Value, match.Groups["to"].Value) : null;

    [GeneratedRegex(@"(?:^|[;:] )hikyaku: (?<id>[0-9A-Za-z]{10,20}) virus-for=(?<to>\S{3,320})$", RegexOptions.None, 200)]
    private static partial Regex InfectedPattern();

    [GeneratedRegex(@"(?:^|[;:] )hikyaku: (?<id>[0-9A-Za-z]{10,20}) verdict=(?<verdict>ham|spam|virus|unscanned) score=(?<score>-?\d{1,6}(?:\.\d{1,6})?) virus=(?<virus>\S{1,200})$", RegexOptions.None, 200)]
    private static partial Regex Pattern();
}
