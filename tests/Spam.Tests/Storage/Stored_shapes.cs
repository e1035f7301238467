using Hikyaku.Platform.Testing;
using Hikyaku.Spam.Accounts;
using Hikyaku.Spam.Domains;
using Hikyaku.Spam.Storage;

namespace Hikyaku.Spam.Tests.Storage;

/// <summary>Every stored event as JSON, with all data and with only the required data: a difference is a break of what is stored.</summary>
public sealed class Stored_shapes
{
    private static readonly DateTimeOffset At = new(2026, 11, 29, 9, 0, 0, TimeSpan.Zero);

    private static readonly Dictionary<string, object> Samples = new()
    {
        ["subject-tagging-turned-on.v1"] = new SubjectTaggingTurnedOn("0190", "example.jp", At),
        ["subject-tagging-turned-off.v1"] = new SubjectTaggingTurnedOff("example.jp", At),
        ["junk-sorting-turned-on.v1"] = new JunkSortingTurnedOn("0190", "example.jp", At),
        ["junk-sorting-turned-off.v1"] = new JunkSortingTurnedOff("example.jp", At),
        ["spam-settings-erased.v1"] = new SpamSettingsErased(At),
        ["domain-dns-checked.v1"] = new DomainDnsChecked(
            "example.jp", ["10 mail.other.test."], ["ns1.hikyaku.test"], [new DnsFault("mx-foreign", ["mail.other.test"])], false, At, Assumed: false),
        ["domain-dns-checked.v1.required"] = new DomainDnsChecked("example.jp", [], [], [], true, At),
        ["domain-dns-overridden.v1"] = new DomainDnsOverridden("example.jp", "moves on Friday", At),
        ["domain-dns-override-removed.v1"] = new DomainDnsOverrideRemoved("example.jp", "done", At),
    };

    public static TheoryData<string> Names => [.. Samples.Keys];

    [Theory, MemberData(nameof(Names))]
    public void A_stored_event_keeps_its_shape(string name) => StoredShape.Match(name, Samples[name]);

    [Theory, MemberData(nameof(Names))]
    public void A_stored_event_is_read_back_whole(string name) => StoredShape.IsReadBackWhole(Samples[name]);

    [Fact]
    public void Every_stored_event_has_a_sample_under_its_stored_name() => StoredShape.AllHaveSamples("spam", EventNames.All.Values, Samples.Keys);
}
