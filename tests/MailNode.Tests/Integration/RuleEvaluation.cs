using System.Text;
using Hikyaku.Routing.Mailboxes;
using MimeKit;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>
/// What rules mean, worked out without Sieve: the header fields as MimeKit decodes them contain the keyword, in any case. A message may
/// have a field twice; one that matches is enough.
/// </summary>
internal static class RuleEvaluation
{
    // ISO-2022-JP and Shift_JIS, which MimeKit asks .NET for.
    static RuleEvaluation() => Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);

    /// <summary>To whom a message is forwarded, each once, in alphabetical order.</summary>
    public static IReadOnlyList<string> Destinations(IEnumerable<ForwardingRule> rules, byte[] message)
    {
        var header = Header(message);
        return [.. rules.Where(r => Matches(r, header)).SelectMany(r => r.Destinations).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
    }

    /// <summary>The values of a field, decoded.</summary>
    public static IReadOnlyList<string> Values(byte[] message, string field) => [.. Values(Header(message), field)];

    private static bool Matches(ForwardingRule rule, HeaderList header)
        => rule.Condition == Conditions.All || Values(header, rule.Condition).Any(v => Folded(v).Contains(Folded(rule.Keyword!), StringComparison.OrdinalIgnoreCase));

    // People see no difference between these: which one a Japanese program writes or reads depends on its table of JIS X 0208.
    private static string Folded(string text)
    {
        var (from, to) = ("〜−‖―¢£¬¥‾", "～－∥—￠￡￢\\~");
        return string.Concat(text.Select(c => from.IndexOf(c, StringComparison.Ordinal) is >= 0 and var at ? to[at] : c));
    }

    private static IEnumerable<string> Values(HeaderList header, string field)
        => header.Where(h => h.Field.Equals(field, StringComparison.OrdinalIgnoreCase)).Select(h => h.Value.Trim());

    private static HeaderList Header(byte[] message)
    {
        using var stream = new MemoryStream(message);
        return HeaderList.Load(stream);
    }
}
