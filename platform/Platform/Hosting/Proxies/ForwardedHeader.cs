using System.Text.RegularExpressions;

namespace Hikyaku.Platform;

/// <summary>
/// The header <c>Forwarded</c> (RFC 7239): one element for each proxy, the newest last. Of the parameters only <c>for</c> and
/// <c>proto</c> are used. A value that is not in quotes may hold a colon or brackets too, as many proxies write a port so.
/// </summary>
public static partial class ForwardedHeader
{
    private const string Unknown = "unknown"; // RFC 7239 §6.2: who it was is not told

    /// <summary>Reads it; null when it breaks the grammar or says one thing twice.</summary>
    public static IReadOnlyList<(string For, string Proto)>? Read(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var elements = new List<(string, string)>();
        var (pairs, at) = (new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase), 0);
        while (Pair().Match(text, at) is { Success: true } pair)
        {
            var value = pair.Groups["quoted"] is { Success: true } quoted ? Escape().Replace(quoted.Value, "$1") : pair.Groups["value"].Value;
            if (!pairs.TryAdd(pair.Groups["name"].Value, value)) return null;
            at = pair.Index + pair.Length;
            if (pair.Groups["end"].Value == ";") continue;
            elements.Add((pairs.GetValueOrDefault("for", Unknown), pairs.GetValueOrDefault("proto", Unknown)));
            if (pair.Groups["end"].Length == 0) return elements;
            pairs = new(StringComparer.OrdinalIgnoreCase);
        }

        return null;
    }

    // One name=value with what ends it: a semicolon within an element, a comma between elements, the end.
    [GeneratedRegex("""\G[ \t]*(?<name>[!#$%&'*+.^_`|~0-9A-Za-z-]+)=(?:"(?<quoted>(?:[^"\\]|\\.)*)"|(?<value>[^\s",;\\]+))[ \t]*(?<end>[;,]|\z)""", RegexOptions.CultureInvariant)]
    private static partial Regex Pair();

    [GeneratedRegex(@"\\(.)")]
    private static partial Regex Escape();
}
