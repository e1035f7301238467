using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using Hikyaku.Routing.Autoreply;
using Hikyaku.Routing.Mailboxes;
using Hikyaku.Routing.Reception;

namespace Hikyaku.Routing.Tests.Specs;

public sealed class Setting_autoreply_and_reception
{
    private static readonly DateTimeOffset At = new(2026, 11, 29, 9, 0, 0, TimeSpan.Zero);
    private static readonly Target Taro = new("0190", "taro@example.jp", "example.jp", 1);

    public static TheoryData<string> TextsOf600Units =>
        [new string('a', 600), new string('あ', 300), new string('ｱ', 600), new string('a', 298) + "\r\n" + new string('あ', 150) + "\n", string.Concat(Enumerable.Repeat("😀", 300))];

    [Theory, Trait("Rule", "RTE-7"), MemberData(nameof(TextsOf600Units))]
    public void A_text_has_600_units_at_most(string text)
    {
        Given().When(Set(text)).ThenEvents(new AutoreplySet("0190", "taro@example.jp", "example.jp", text.ReplaceLineEndings("\n"), At));
        Given().When(Set(text + "x")).ThenRejected("routing.autoreply-too-long@text");
    }

    [Theory, Trait("Rule", "RTE-7")]
    [InlineData("―～〜∥‖－−￠¢￡£￢¬", 13)]
    [InlineData("a\n―\n―", 2)]
    public void Each_refused_character_is_named_with_its_line_and_a_replacement(string text, int count)
    {
        Given().When(Set(text)).ThenRejected([.. Enumerable.Repeat("routing.autoreply-character@text", count)]);
        Assert.All(SetAutoreply.Decide(new(Taro, text, true, At), null).Rejections, r => Assert.Equal(["line", "c", "r"], r.Values.Select(v => v.Name)));
        Given().When(state => SetAutoreply.Decide(new(Taro, text, RefuseCharacters: false, At), state)).ThenEvents(new AutoreplySet("0190", "taro@example.jp", "example.jp", text, At));
    }

    [Fact, Trait("Rule", "RTE-7")]
    public void ASCII_hyphen_and_tilde_are_ordinary_and_control_characters_are_not()
    {
        Given().When(Set("a-b ~ c\td")).ThenEvents(new AutoreplySet("0190", "taro@example.jp", "example.jp", "a-b ~ c\td", At));
        Given().When(Set("a\0b")).ThenRejected("routing.autoreply-control-character@text");
        Given().When(Set(" \n　")).ThenRejected("routing.autoreply-empty@text");
        Given().When(Set(null)).ThenRejected("routing.autoreply-empty@text");
    }

    [Fact, Trait("Rule", "RTE-7")]
    public void A_text_is_set_changed_and_removed()
    {
        var set = new AutoreplySet("0190", "taro@example.jp", "example.jp", "a", At);
        Given(set).When(Set("a")).ThenNothing();
        Given(set).When(Set("b")).ThenEvents(set with { Text = "b" });
        Given(set).When(state => RemoveAutoreply.Decide(new(At), state)).ThenEvents(new AutoreplyRemoved("example.jp", At));
        Given().When(state => RemoveAutoreply.Decide(new(At), state)).ThenNothing();
    }

    [Fact, Trait("Rule", "RTE-6")]
    public void Turning_reception_off_is_confirmed_where_mail_would_be_lost()
    {
        var off = new ReceptionTurnedOff("0190", "taro@example.jp", "example.jp", At);
        var (all, from) = (Rule(1, "all", null), Rule(2, "from", "x"));
        Given().When(Turn(false)).ThenEvents(off);
        Given(all).When(Turn(false)).ThenEvents(off);
        Given(all, from).When(Turn(false)).ThenEvents(off);
        Given(from).When(Turn(false)).ThenRejected("routing.unmatched-mail-is-lost@confirm");
        Given(from).When(state => SetReception.Decide(new(Taro, false, Confirmed: true, At), state)).ThenEvents(off);
        Given(from, off).When(Turn(true)).ThenEvents(new ReceptionTurnedOn("example.jp", At));
        Given().When(Turn(true)).ThenNothing();
        Given().When(Turn(null)).ThenRejected("routing.enabled-missing@enabled");
    }

    private static DeciderSpec<MailboxRouting> Given(params object[] events) => DeciderSpec<MailboxRouting>.Given(events);

    private static Func<MailboxRouting?, Decision> Set(string? text) => state => SetAutoreply.Decide(new(Taro, text, RefuseCharacters: true, At), state);

    private static Func<MailboxRouting?, Decision> Turn(bool? on) => state => SetReception.Decide(new(Taro, on, Confirmed: false, At), state);

    private static ForwardingRuleSet Rule(int number, string condition, string? keyword) => new("0190", "taro@example.jp", "example.jp", number, condition, keyword, ["a@x.test"], At);
}
