using System.Text.Json;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using Hikyaku.Restrictions.Policy;

namespace Hikyaku.Restrictions.Tests.Specs;

[Trait("Rule", "RST-5")]
public sealed class Changing_thresholds
{
    private static readonly DateTimeOffset At = new(2026, 11, 29, 9, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_domain_has_the_platforms_values_but_for_its_own()
    {
        var platform = State(null, """{"values":{"recipientsPerHour":300,"wrongPasswords":8},"sharedFetchers":["192.0.2.0/24"],"reason":"x"}""");
        var domain = State("example.jp", """{"values":{"recipientsPerHour":5000},"reason":"newsletters"}""");
        var both = Policies.Of(platform, domain);
        Assert.Equal((5000, 8, 1000, "1.1"), (both[PolicyNumbers.RecipientsPerHour], both[PolicyNumbers.WrongPasswords], both[PolicyNumbers.RecipientsPerDay], both.Version));
        Assert.Single(both.SharedFetchers);
        Assert.Equal((10, 500, 1000, 200), (Thresholds.Defaults[PolicyNumbers.WrongPasswords], Thresholds.Defaults[PolicyNumbers.RecipientsPerHour],
            Thresholds.Defaults[PolicyNumbers.RecipientsPerDay], Thresholds.Defaults[PolicyNumbers.FirstTimePerDay]));
    }

    [Fact]
    public void Every_broken_rule_is_named_and_nothing_is_saved()
        => Given().When(Change("""{"values":{"recipientsPerHour":0,"lockMinutes":"5","nonsense":1,"sourceMinutes":null},"sharedFetchers":["192.0.2.0/33",null],"reason":""}"""))
            .ThenRejected(
                "restrictions.reason-length@reason", "restrictions.value-range@values.recipientsPerHour", "restrictions.value-range@values.lockMinutes",
                "restrictions.value-unknown@values.nonsense", "restrictions.network-invalid@sharedFetchers", "restrictions.network-invalid@sharedFetchers");

    [Fact]
    public void The_same_again_changes_nothing()
    {
        var changed = Assert.IsType<RestrictionPolicyChanged>(Assert.Single(Change("""{"values":{"wrongPasswords":8},"reason":" x "}""")(null).Events));
        Assert.Equal((8, "x", At), (changed.Values["wrongPasswords"], changed.Reason, changed.At));
        DeciderSpec<RestrictionPolicy>.Given(new RestrictionPolicyChanged(null, new Dictionary<string, int> { ["wrongPasswords"] = 8 }, [], "x", At))
            .When(Change("""{"values":{"wrongPasswords":8},"reason":"y"}""")).ThenNothing();
    }

    private static DeciderSpec<RestrictionPolicy> Given() => DeciderSpec<RestrictionPolicy>.Given();

    private static Func<RestrictionPolicy?, Decision> Change(string body, string? domain = null)
    {
        var read = JsonSerializer.Deserialize<PolicyBody>(body, JsonSerializerOptions.Web)!;
        return state => ChangePolicy.Decide(new(domain, read, TypedNetwork.Of(read.SharedFetchers), At), state);
    }

    private static RestrictionPolicy State(string? domain, string body) => Change(body, domain)(null).Events.Aggregate(default(RestrictionPolicy), RestrictionPolicy.Evolve)!;
}
