using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using Hikyaku.Spam.Dns;
using Hikyaku.Spam.Domains;

namespace Hikyaku.Spam.Tests.Specs;

[Trait("Rule", "SPM-5")]
public sealed class Standing_of_domains
{
    private static readonly DateTimeOffset At = new(2026, 11, 29, 9, 0, 0, TimeSpan.Zero);
    private static readonly string[] Mail = ["mx1.hikyaku.test", "mx2.hikyaku.test"];
    private static readonly string[] Names = ["ns1.hikyaku.test", "ns2.hikyaku.test"];
    private static readonly FoundDns Ours = new(true, [new(10, Mail[0])], [Names[1], Names[0]]);
    private static readonly DomainDnsChecked Good = new("example.jp", ["10 mx1.hikyaku.test."], Names, [], true, At);

    public static TheoryData<string, FoundDns, string> Lookups => new()
    {
        { "all of ours", Ours with { Mx = [new(20, Mail[1]), new(10, Mail[0])] }, "" },
        { "one of ours", Ours with { Ns = [Names[0]] }, "" },
        { "no such domain", new(false, [], []), "no-domain" },
        { "no MX", Ours with { Mx = [] }, "mx-missing" },
        { "null MX", Ours with { Mx = [new(0, "")] }, "mx-foreign ." },
        { "another's mail host", Ours with { Mx = [new(10, "mail.other.test")] }, "mx-foreign mail.other.test" },
        { "a further mail host", Ours with { Mx = [new(10, Mail[0]), new(20, "mail.other.test")] }, "mx-foreign mail.other.test" },
        { "an alias of ours", Ours with { Mx = [new(10, "mail.example.jp", Mail[0])] }, "mx-alias mail.example.jp" },
        { "an alias of another's", Ours with { Mx = [new(10, "mail.example.jp", "x.other.test")] }, "mx-foreign mail.example.jp" },
        { "no NS", Ours with { Ns = [] }, "ns-missing" },
        { "a further name server", Ours with { Ns = [Names[0], "ns.other.test"] }, "ns-foreign ns.other.test" },
        { "nothing of ours", new(true, [], ["ns.other.test"]), "mx-missing|ns-foreign ns.other.test" },
    };

    [Theory, MemberData(nameof(Lookups))]
    public void All_mail_hosts_and_name_servers_must_be_ours(string what, FoundDns found, string faults)
        => Assert.Equal((what, faults), (what, string.Join('|', JudgedDns.Of(found, Mail, Names).Missing.Select(f => string.Join(' ', [f.Code, .. f.Hosts])))));

    [Fact]
    public void The_same_result_is_recorded_once_whatever_its_order()
    {
        Given().When(Check(Ours)).ThenEvents(Good);
        Given(Good).When(Check(Ours with { Ns = Names })).ThenNothing();
        Given(Good).When(Check(new(false, [], []))).ThenEvents(new DomainDnsChecked("example.jp", [], [], [new("no-domain", [])], false, At));
        Given(Good).When(Check(Ours with { Mx = [new(10, Mail[0]), new(20, Mail[1])] })).ThenEvents(Good with { Mx = ["10 mx1.hikyaku.test.", "20 mx2.hikyaku.test."] });
    }

    [Fact]
    public void Without_a_resolver_it_is_assumed_and_a_look_up_takes_its_place()
    {
        var assumed = new DomainDnsChecked("example.jp", [], [], [], true, At, Assumed: true);
        Given().When(state => RecordDnsCheck.Decide(new("example.jp", JudgedDns.Assumption, At), state)).ThenEvents(assumed);
        Given(assumed).When(state => RecordDnsCheck.Decide(new("example.jp", JudgedDns.Assumption, At), state)).ThenNothing();
        Given(assumed).When(Check(Ours)).ThenEvents(Good);
    }

    [Fact]
    public void An_operator_overrides_with_a_reason_and_takes_it_back_with_one()
    {
        var overridden = new DomainDnsOverridden("example.jp", "moves on Friday", At);
        Given().When(Override(" moves on Friday ")).ThenEvents(overridden);
        Given(overridden).When(Override("moves on Friday")).ThenNothing();
        Given(overridden).When(Override("b")).ThenEvents(overridden with { Reason = "b" });
        Given(overridden).When(Remove("done")).ThenEvents(new DomainDnsOverrideRemoved("example.jp", "done", At));
        Given().When(Remove("done")).ThenNothing();
    }

    [Theory]
    [InlineData(null, "spam.reason-length@reason")]
    [InlineData(" ", "spam.reason-length@reason")]
    [InlineData("a\nb", "spam.reason-characters@reason")]
    public void A_reason_that_says_nothing_or_breaks_lines_is_refused(string? reason, string code)
    {
        Given().When(Override(reason)).ThenRejected(code);
        Given(new DomainDnsOverridden("example.jp", "a", At)).When(Remove(reason)).ThenRejected(code);
    }

    [Fact]
    public void A_reason_has_255_characters_at_most()
    {
        Given().When(Override(new string('あ', 255))).ThenEvents(new DomainDnsOverridden("example.jp", new string('あ', 255), At));
        Given().When(Override(new string('あ', 256))).ThenRejected("spam.reason-length@reason");
    }

    [Fact, Trait("Rule", "CLI-2")]
    public void Mail_programs_are_sent_to_the_hosts_that_people_are_told()
    {
        var settings = new DnsSettings(null, Names, Mail, TimeSpan.Zero, TimeSpan.Zero);
        Assert.All(ExpectedRecords.Srv("example.jp", settings), r => Assert.EndsWith(" mx1.hikyaku.test.", r.Value, StringComparison.Ordinal));
        Assert.Equal(
            ["_imaps 993 imap.hikyaku.test.", "_pop3s 995 imap.hikyaku.test.", "_submissions 465 send.hikyaku.test.", "_submission 587 send.hikyaku.test."],
            ExpectedRecords.Srv("example.jp", settings with { ReceivingHost = "imap.hikyaku.test", SendingHost = "send.hikyaku.test" }).Select(r => $"{r.Name.Split('.')[0]} {string.Join(' ', r.Value.Split(' ')[2..])}"));
    }

    [Fact]
    public void In_force_is_what_DNS_says_or_an_operator()
    {
        var lost = Good with { InForce = false, Missing = [new("mx-missing", [])] };
        var overridden = new DomainDnsOverridden("example.jp", "a", At);
        Assert.True(After(Good).InForce);
        Assert.False(After(Good, lost).InForce);
        Assert.True(After(Good, lost, overridden).InForce);
        Assert.True(After(overridden, lost).InForce);
        Assert.False(After(overridden, lost, new DomainDnsOverrideRemoved("example.jp", "b", At)).InForce);
        Assert.False(After(overridden, new DomainDnsOverrideRemoved("example.jp", "b", At)).InForce);

        static DomainStanding After(params object[] events) => events.Aggregate(default(DomainStanding), DomainStanding.Evolve)!;
    }

    private static DeciderSpec<DomainStanding> Given(params object[] events) => DeciderSpec<DomainStanding>.Given(events);

    private static Func<DomainStanding?, Decision> Check(FoundDns found) => state => RecordDnsCheck.Decide(new("example.jp", JudgedDns.Of(found, Mail, Names), At), state);

    private static Func<DomainStanding?, Decision> Override(string? reason) => state => OverrideDns.Decide(new("example.jp", reason, At), state);

    private static Func<DomainStanding?, Decision> Remove(string? reason) => state => RemoveDnsOverride.Decide(new(reason, At), state);
}
