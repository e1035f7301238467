using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using Hikyaku.Routing.Forwarding;
using Hikyaku.Routing.Mailboxes;

namespace Hikyaku.Routing.Tests.Specs;

public sealed class Setting_forwarding
{
    private static readonly DateTimeOffset At = new(2026, 11, 29, 9, 0, 0, TimeSpan.Zero);
    private static readonly Target Taro = new("0190", "taro@example.jp", "example.jp", 1);

    [Fact, Trait("Rule", "RTE-1")]
    public void All_mail_has_a_rule_for_each_destination()
        => Given().When(Set("all", null, "b@x.test", "a@x.test")).AndAgain("routing.destination-duplicate", "routing.destination-duplicate")
            .ThenEvents(Rule(1, "all", null, "a@x.test"), Rule(2, "all", null, "b@x.test"));

    [Fact, Trait("Rule", "RTE-1")]
    public void Destinations_by_subject_are_one_rule_in_alphabetical_order()
        => Given(Rule(4, "all", null, "a@x.test")).When(Set("subject", "　 見積 書 ", "b@x.test", "A@X.test"))
            .AndAgain("routing.destination-duplicate", "routing.destination-duplicate")
            .ThenEvents(Rule(5, "subject", "見積 書", "a@x.test", "b@x.test"));

    [Fact, Trait("Rule", "RTE-1")]
    public void The_number_of_a_removed_rule_is_not_given_again()
        => Given(Rule(1, "all", null, "a@x.test"), Removed(1)).When(Set("all", null, "b@x.test")).AndAgain("routing.destination-duplicate").ThenEvents(Rule(2, "all", null, "b@x.test"));

    [Theory, Trait("Rule", "RTE-3")]
    [InlineData("-a@x.test", "routing.destination-hyphen")]
    [InlineData("no address", "routing.destination-invalid")]
    [InlineData("", "routing.destination-invalid")]
    [InlineData(null, "routing.destination-invalid")]
    [InlineData("\"a b\"@x.test", "routing.destination-invalid")]
    [InlineData("a (comment)@x.test", "routing.destination-invalid")]
    [InlineData("<a@x.test>", "routing.destination-invalid")]
    [InlineData("a..b@x.test", "routing.destination-invalid")]
    [InlineData("あ@x.test", "routing.destination-invalid")]
    [InlineData("a@x", "routing.destination-invalid")]
    [InlineData("a@x.test, b@x.test", "routing.destination-invalid")]
    [InlineData("a@x.test\r\nBcc: b@x.test", "routing.destination-invalid")]
    [InlineData("taro@example.jp", "routing.destination-own")]
    [InlineData(" TARO@Example.JP ", "routing.destination-own")]
    [InlineData("taro@ＥＸＡＭＰＬＥ.jp", "routing.destination-own")]
    [InlineData("taro+box@example.jp", "routing.destination-own")]
    public void What_is_no_destination_is_refused(string? destination, string code)
        => Given().When(Set("all", null, destination)).ThenRejected($"{code}@destinations[0]");

    [Fact, Trait("Rule", "RTE-3")]
    public void An_international_domain_is_kept_in_A_labels()
        => Given().When(Set("all", null, "a@例え.テスト")).AndAgain("routing.destination-duplicate").ThenEvents(Rule(1, "all", null, "a@xn--r8jz45g.xn--zckzah"));

    [Fact, Trait("Rule", "RTE-3")]
    public void Every_bad_destination_is_named_and_nothing_is_set()
        => Given().When(Set("from", "", "-a@x.test", "a@x.test", "b", "A@x.test", "taro@example.jp")).ThenRejected(
            "routing.keyword-length@keyword", "routing.destination-hyphen@destinations[0]", "routing.destination-invalid@destinations[2]",
            "routing.destination-duplicate@destinations[3]", "routing.destination-own@destinations[4]");

    [Theory, Trait("Rule", "RTE-1")]
    [InlineData(null, "routing.keyword-length")]
    [InlineData("  　 ", "routing.keyword-length")]
    [InlineData("a\r\nb", "routing.keyword-characters")]
    [InlineData("a\0b", "routing.keyword-characters")]
    public void A_bad_keyword_is_refused(string? keyword, string code) => Given().When(Set("subject", keyword, "a@x.test")).ThenRejected($"{code}@keyword");

    [Fact, Trait("Rule", "RTE-1")]
    public void A_keyword_has_255_characters_at_most()
    {
        Given().When(Set("from", new string('鬼', 255), "a@x.test")).AndAgain("routing.destination-duplicate").ThenEvents(Rule(1, "from", new string('鬼', 255), "a@x.test"));
        Given().When(Set("from", new string('鬼', 256), "a@x.test")).ThenRejected("routing.keyword-length@keyword");
        Given().When(Set("all", "x", "a@x.test")).ThenRejected("routing.keyword-unused@keyword");
        Given().When(Set("To", "x", "a@x.test")).ThenRejected("routing.condition-unknown@condition");
        Given().When(Set("all", null)).ThenRejected("routing.destinations-missing@destinations");
    }

    [Fact, Trait("Rule", "RTE-2")]
    public void Each_condition_has_300_destinations_at_most()
    {
        object[] full = [Rule(1, "subject", "x", [.. Addresses(299)]), Rule(2, "from", "x", [.. Addresses(300)])];
        Given(full).When(Set("subject", "y", "last@x.test")).AndAgain("routing.destination-duplicate", "routing.too-many-destinations").ThenEvents(Rule(3, "subject", "y", "last@x.test"));
        Given(full).When(Set("subject", "y", "last@x.test", "more@x.test")).ThenRejected("routing.too-many-destinations@destinations");
        Given(full).When(Set("from", "y", "last@x.test")).ThenRejected("routing.too-many-destinations@destinations");
        Given(full).When(Change(1, new("subject", "x", [.. Addresses(300)]))).ThenEvents(Rule(1, "subject", "x", [.. Addresses(300)]));
    }

    [Fact, Trait("Rule", "RTE-1")]
    public void A_rule_is_changed_in_place()
    {
        object[] two = [Rule(1, "subject", "x", "a@x.test"), Rule(2, "all", null, "b@x.test")];
        Given(two).When(Change(1, new("from", "y", ["c@x.test", "a@x.test"]))).ThenEvents(Rule(1, "from", "y", "a@x.test", "c@x.test"));
        Given(two).When(Change(1, new("subject", "x", ["a@x.test"]))).ThenNothing();
        Given(two).When(Change(2, new("all", null, ["c@x.test", "d@x.test"]))).ThenRejected("routing.one-destination-each@destinations");
        Given(two).When(Change(1, new("all", null, ["b@x.test"]))).ThenRejected("routing.destination-duplicate@destinations[0]");
        Given(two).When(Change(3, new("all", null, ["c@x.test"]))).ThenRejected("routing.no-such-rule");
    }

    [Fact, Trait("Rule", "RTE-6")]
    public void While_reception_is_off_what_loses_mail_must_be_confirmed()
    {
        object[] off = [new ReceptionTurnedOff("0190", "taro@example.jp", "example.jp", At)];
        Given(off).When(Set("subject", "x", "a@x.test")).ThenRejected("routing.unmatched-mail-is-lost@confirm");
        Given(off).When(state => SetForwarding.Decide(new(Taro, new("subject", "x", ["a@x.test"], Confirm: true), At), state)).AndAgain("routing.destination-duplicate").ThenEvents(Rule(1, "subject", "x", "a@x.test"));
        Given([.. off, Rule(1, "all", null, "b@x.test")]).When(Set("subject", "x", "a@x.test")).AndAgain("routing.destination-duplicate").ThenEvents(Rule(2, "subject", "x", "a@x.test"));
        Given([.. off, Rule(1, "all", null, "b@x.test")]).When(Change(1, new("from", "x", ["b@x.test"]))).ThenRejected("routing.unmatched-mail-is-lost@confirm");
        Given([.. off, Rule(1, "all", null, "b@x.test"), Rule(2, "from", "x", "b@x.test")]).When(Remove(1)).ThenRejected("routing.mail-is-lost@confirm");
        Given([.. off, Rule(1, "from", "x", "b@x.test")]).When(Remove(1)).ThenRejected("routing.mail-is-lost@confirm");
        Given([.. off, Rule(1, "from", "x", "b@x.test")]).When(Remove(1, confirmed: true)).AndAgain("routing.no-such-rule").ThenEvents(Removed(1));
        Given([.. off, Rule(1, "all", null, "b@x.test"), Rule(2, "from", "x", "b@x.test")]).When(Remove(2)).AndAgain("routing.no-such-rule").ThenEvents(Removed(2));
    }

    private static DeciderSpec<MailboxRouting> Given(params object[] events) => DeciderSpec<MailboxRouting>.Given(events);

    private static Func<MailboxRouting?, Decision> Set(string condition, string? keyword, params string?[] destinations)
        => state => SetForwarding.Decide(new(Taro, new(condition, keyword, destinations), At), state);

    private static Func<MailboxRouting?, Decision> Change(int rule, RuleBody body) => state => ChangeForwardingRule.Decide(new(rule, body, At), state!);

    private static Func<MailboxRouting?, Decision> Remove(int rule, bool confirmed = false) => state => RemoveForwardingRule.Decide(new(rule, confirmed, At), state!);

    private static ForwardingRuleSet Rule(int number, string condition, string? keyword, params string[] destinations)
        => new("0190", "taro@example.jp", "example.jp", number, condition, keyword, destinations, At);

    private static ForwardingRuleRemoved Removed(int number) => new("example.jp", number, At);

    private static IEnumerable<string> Addresses(int count) => Enumerable.Range(1000, count).Select(i => $"d{i}@x.test");
}
