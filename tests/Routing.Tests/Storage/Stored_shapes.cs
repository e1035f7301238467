using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using Hikyaku.Routing.Mailboxes;
using Hikyaku.Routing.Storage;

namespace Hikyaku.Routing.Tests.Storage;

/// <summary>Every stored event as JSON, with all data and with only the required data: a difference is a break of what is stored.</summary>
public sealed class Stored_shapes
{
    private static readonly DateTimeOffset At = new(2026, 11, 29, 9, 0, 0, TimeSpan.Zero);

    private static readonly Dictionary<string, object> Samples = new()
    {
        ["forwarding-rule-set.v1"] = new ForwardingRuleSet("0190", "taro@example.jp", "example.jp", 3, Conditions.Subject, "見積", ["a@outside.test", "b@outside.test"], At),
        ["forwarding-rule-set.v1.required"] = new ForwardingRuleSet("0190", "taro@example.jp", "example.jp", 1, Conditions.All, null, ["a@outside.test"], At),
        ["forwarding-rule-removed.v1"] = new ForwardingRuleRemoved("example.jp", 3, At),
        ["autoreply-set.v1"] = new AutoreplySet("0190", "taro@example.jp", "example.jp", "留守です。\nまた。", At),
        ["autoreply-removed.v1"] = new AutoreplyRemoved("example.jp", At),
        ["reception-turned-off.v1"] = new ReceptionTurnedOff("0190", "taro@example.jp", "example.jp", At),
        ["reception-turned-on.v1"] = new ReceptionTurnedOn("example.jp", At),
        ["routing-erased.v1"] = new RoutingErased(At),
    };

    public static TheoryData<string> Names => [.. Samples.Keys];

    [Theory, MemberData(nameof(Names))]
    public void A_stored_event_keeps_its_shape(string name) => StoredShape.Match(name, Samples[name]);

    [Theory, MemberData(nameof(Names))]
    public void A_stored_event_is_read_back_whole(string name) => StoredShape.IsReadBackWhole(Samples[name]);

    [Fact]
    public void Every_stored_event_has_a_sample_under_its_stored_name() => StoredShape.AllHaveSamples("routing", EventNames.All.Values, Samples.Keys);

    [Fact, Trait("Rule", "OPS-6")]
    public void Personal_fields_are_marked()
        => Assert.Equal(
            ["AutoreplySet.Address", "AutoreplySet.Text", "ForwardingRuleSet.Address", "ForwardingRuleSet.Destinations", "ForwardingRuleSet.Keyword", "ReceptionTurnedOff.Address"],
            EventNames.All.Keys.SelectMany(t => t.GetProperties().Where(p => p.IsDefined(typeof(PersonalDataAttribute), false)).Select(p => $"{t.Name}.{p.Name}")).Order());
}
