using System.Globalization;
using System.Text;
using CsCheck;
using Hikyaku.Routing.Mailboxes;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>Forwarding rules for generated messages.</summary>
internal static class GeneratedRules
{
    private const int LongestKeyword = 255; // of the routing service's RuleInput
    private const string Alphabet = " aZ09\"\\${}[]().*+?^|%_-:;#'/<>@дДяЯёЁａＡｚＺ見積ソ表ー～〜¥~😀";

    /// <summary>Ten rules of an account that gets these messages.</summary>
    public static Gen<IReadOnlyList<ForwardingRule>> For(IReadOnlyList<GeneratedMail> messages, string account)
        => Rule(messages).Array[10].Select(rules => (IReadOnlyList<ForwardingRule>)[.. rules.Select((r, i) => Numbered(r, i + 1, account))]);

    // One destination of the rule's own, and one that several rules have; a rule for all mail has exactly one.
    private static ForwardingRule Numbered((string Condition, string? Keyword, bool Shared) rule, int number, string account)
    {
        var (own, shared) = (string.Create(CultureInfo.InvariantCulture, $"rule{number}.{account}@outside.test"), $"shared.{account}@outside.test");
        return new(number, rule.Condition, rule.Keyword, rule is { Shared: true, Keyword: not null } ? [own, shared] : [own]);
    }

    private static Gen<(string Condition, string? Keyword, bool Shared)> Rule(IReadOnlyList<GeneratedMail> messages) =>
        from condition in Gen.Frequency((1, Conditions.All), (7, Conditions.From), (12, Conditions.Subject))
        from keyword in Keyword(messages, condition)
        from shared in Gen.Bool
        select (condition, condition == Conditions.All ? null : keyword, shared);

    private static Gen<string> Keyword(IReadOnlyList<GeneratedMail> messages, string condition)
    {
        string[] values = [.. messages.SelectMany(m => RuleEvaluation.Values(m.Header, condition)).Where(v => v.Length > 0)];
        var words = GeneratedMail.Words.Array[1, 3].Select(w => string.Join(' ', w));
        var random = Gen.Char[Alphabet].Array[1, LongestKeyword].Select(c => new string(c));
        var cut = values.Length == 0 ? words : Gen.OneOf(values).SelectMany(Cut);
        // As the service takes it from a person.
        return Gen.Select(Gen.Frequency<string>((6, cut), (3, words), (1, random)), Case).Select((keyword, change) => Legal(change(keyword)));
    }

    private static Gen<string> Cut(string value)
    {
        var runes = value.EnumerateRunes().ToArray();
        return from start in Gen.Int[0, runes.Length - 1]
               from length in Gen.Frequency<int>((3, Gen.Int[1, 3]), (2, Gen.Int[1, LongestKeyword]))
               select string.Concat(runes.Skip(start).Take(length));
    }

    private static readonly Gen<Func<string, string>> Case = Gen.OneOf<Func<string, string>>(
        s => s, s => s.ToUpperInvariant(), s => s.ToLowerInvariant(), s => string.Concat(s.Select((c, i) => i % 2 == 0 ? char.ToUpperInvariant(c) : char.ToLowerInvariant(c))));

    private static string Legal(string keyword)
    {
        var text = new StringBuilder();
        foreach (var rune in keyword.EnumerateRunes().Where(r => !Rune.IsControl(r) && r != Rune.ReplacementChar)) text.Append(rune.ToString());
        return text.ToString().Trim() is { Length: > 0 } legal ? legal : "x";
    }
}
