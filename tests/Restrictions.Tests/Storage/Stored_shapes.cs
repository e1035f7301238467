using Hikyaku.Platform.Testing;
using Hikyaku.Restrictions.Accounts;
using Hikyaku.Restrictions.Policy;
using Hikyaku.Restrictions.Sources;
using Hikyaku.Restrictions.Storage;

namespace Hikyaku.Restrictions.Tests.Storage;

/// <summary>Every stored event as JSON, with all data and with only the required data: a difference is a break of what is stored.</summary>
public sealed class Stored_shapes
{
    private static readonly DateTimeOffset At = new(2026, 11, 29, 9, 0, 0, TimeSpan.Zero);

    private static readonly Dictionary<string, object> Samples = new()
    {
        ["account-restricted.v1"] = new AccountRestricted(
            "0190", "taro@example.jp", "example.jp", Kinds.AccountLocked, "R-7K3M9QTA", Rules.WrongPasswords, "192.0.2.0/24", ["198.51.100.0/24"], "reported", "{}", At.AddDays(1), At),
        ["account-restricted.v1.required"] = new AccountRestricted(
            "0190", "taro@example.jp", "example.jp", Kinds.CompromiseSuspected, "R-7K3M9QTA", Rules.PasswordForced, null, [], null, null, null, At),
        ["restriction-lifted.v1"] = new RestrictionLifted("example.jp", Kinds.SendingLocked, ["R-7K3M9QTA"], LiftCauses.Operator, "a mistake", At),
        ["restriction-lifted.v1.required"] = new RestrictionLifted("example.jp", Kinds.SendingLocked, ["R-7K3M9QTA"], LiftCauses.Time, null, At),
        ["held-mail-decided.v1"] = new HeldMailDecided("example.jp", ["mail1:4d0001"], IsReleased: true, At),
        ["standing-erased.v1"] = new StandingErased(At),
        ["source-stopped.v1"] = new SourceStopped("192.0.2.0/24", "R-7K3M9QTA", At.AddMinutes(30), "{}", ["0190"], At),
        ["source-released.v1"] = new SourceReleased("192.0.2.0/24", LiftCauses.Operator, "our own", At),
        ["source-released.v1.required"] = new SourceReleased("192.0.2.0/24", LiftCauses.Time, null, At),
        ["restriction-policy-changed.v1"] = new RestrictionPolicyChanged("example.jp", new Dictionary<string, int> { ["recipientsPerHour"] = 5000 }, ["192.0.2.0/24"], "newsletters", At),
        ["restriction-policy-changed.v1.required"] = new RestrictionPolicyChanged(null, new Dictionary<string, int>(), [], "back to the defaults", At),
    };

    public static TheoryData<string> Names => [.. Samples.Keys];

    [Theory, MemberData(nameof(Names))]
    public void A_stored_event_keeps_its_shape(string name) => StoredShape.Match(name, Samples[name]);

    [Theory, MemberData(nameof(Names))]
    public void A_stored_event_is_read_back_whole(string name) => StoredShape.IsReadBackWhole(Samples[name]);

    [Fact]
    public void Every_stored_event_has_a_sample_under_its_stored_name() => StoredShape.AllHaveSamples("restrictions", EventNames.All.Values, Samples.Keys);
}
