using Hikyaku.Platform;
using Hikyaku.Restrictions.Accounts;
using Hikyaku.Restrictions.Judging;
using Hikyaku.Restrictions.Policy;
using Hikyaku.Restrictions.Sources;

namespace Hikyaku.Restrictions.Tests.Specs;

[Trait("Rule", "RST-3")]
public sealed class Locking_logins
{
    private const string Office = "192.0.2.0/24", Elsewhere = "198.51.100.0/24";
    private static readonly DateTimeOffset At = new(2026, 11, 29, 9, 0, 0, TimeSpan.Zero);
    private static readonly Target Taro = new("0190", "taro@example.jp", "example.jp", 1);

    [Theory]
    [InlineData(9, false)]
    [InlineData(10, true)]
    public void Ten_distinct_wrong_passwords_from_one_network_lock_that_network(int distinct, bool isLocked)
    {
        var locks = Judge([], new NetworkFailures(Elsewhere, distinct));
        if (!isLocked) Assert.Empty(locks);
        else Assert.Equal((Kinds.AccountLocked, Elsewhere, Rules.WrongPasswords, At.AddMinutes(5)), (locks.Single().Kind, locks.Single().Network, locks.Single().Rule, locks.Single().Until));
    }

    [Fact]
    public void Thirty_from_five_unknown_networks_lock_the_account_but_for_known_networks()
    {
        NetworkFailures[] failures = [.. Enumerable.Range(0, 5).Select(i => new NetworkFailures($"198.51.{i}.0/24", 6)), new(Office, 3)];
        var one = Assert.Single(Judge([Office], failures));
        Assert.Equal((null, Rules.DistributedGuessing), (one.Network, one.Rule));
        Assert.Equal([Office, .. Networks.Own], one.KnownNetworks);
        Assert.Equal(5, Evidence.Read(one.Evidence)!.Networks!.Count);
    }

    [Fact]
    public void A_lock_of_the_account_leaves_shared_fetchers_open_and_does_not_count_them()
    {
        var shared = Thresholds.Defaults with { SharedFetchers = [System.Net.IPNetwork.Parse("203.0.112.0/23"), System.Net.IPNetwork.Parse("198.51.9.77/32"), System.Net.IPNetwork.Parse("2001:db8:0:1::/64")] };
        NetworkFailures[] failures = [.. Enumerable.Range(0, 4).Select(i => new NetworkFailures($"198.51.{i}.0/24", 9)), new("203.0.113.0/24", 9), new("198.51.9.0/24", 9)];
        Assert.Empty(LoginJudge.Judge(new(Taro, [], null, At), shared, failures, () => "R"));
        var locked = LoginJudge.Judge(new(Taro, [Office], null, At), shared, [.. failures, new("198.51.4.0/24", 9)], () => "R").Single();
        Assert.Equal([Office, .. Networks.Own, "203.0.112.0/24", "203.0.113.0/24", "198.51.9.0/24", "2001:db8:0:1::/64"], locked.KnownNetworks);
        Assert.True(Networks.IsShared("198.51.9.0/24", shared.SharedFetchers));
    }

    [Fact]
    public void Guesses_from_a_network_that_a_lock_of_the_account_leaves_open_lock_that_network()
    {
        var whole = Judge([Office], [.. Enumerable.Range(0, 5).Select(i => new NetworkFailures($"198.51.{i}.0/24", 6))]).Single();
        var locks = LoginJudge.Judge(new(Taro, [Office], AccountStanding.Evolve(null, whole), At), Thresholds.Defaults, [new(Office, 10), new(Elsewhere, 40)], () => "R-2").Single();
        Assert.Equal((Office, Rules.WrongPasswords), (locks.Network, locks.Rule));
    }

    [Fact]
    public void Ends_of_network_locks_do_not_push_out_those_of_sending_locks()
    {
        var standing = Standing();
        standing = Ended(standing, new AccountRestricted(Taro.AccountId, Taro.Address, Taro.Domain, Kinds.SendingLocked, "R-0", Rules.RecipientsPerHour, null, [], null, null, At, At));
        for (var i = 0; i < 50; i++) standing = Ended(standing, Judge([], new NetworkFailures($"198.51.{i}.0/24", 10)).Single());
        Assert.Equal((1, 21), (standing.EndsOf(Kinds.SendingLocked, null, At), standing.Ended.Count));
        Assert.Equal((0, 1), (standing.EndsOf(Kinds.AccountLocked, "198.51.29.0/24", At), standing.EndsOf(Kinds.AccountLocked, "198.51.30.0/24", At)));

        static AccountStanding Ended(AccountStanding standing, AccountRestricted r)
            => AccountStanding.Evolve(AccountStanding.Evolve(standing, r), new RestrictionLifted(Taro.Domain, r.Kind, [r.Reference], LiftCauses.Time, null, At))!;
    }

    [Fact]
    public void Four_networks_are_no_distributed_attack()
        => Assert.Empty(Judge([], [.. Enumerable.Range(0, 4).Select(i => new NetworkFailures($"198.51.{i}.0/24", 9))]));

    [Fact]
    public void Failures_from_known_networks_do_not_count_towards_a_lock_of_the_account()
    {
        string[] known = [.. Enumerable.Range(0, 5).Select(i => $"198.51.{i}.0/24")];
        Assert.Empty(Judge(known, [.. known.Select(n => new NetworkFailures(n, 9))]));
    }

    [Fact]
    public void Further_locks_within_a_day_are_twice_as_long_up_to_an_hour()
    {
        AccountStanding standing = Standing();
        var lengths = new List<double>();
        for (var i = 0; i < 6; i++)
        {
            var locked = LoginJudge.Judge(new(Taro, [], standing, At), Thresholds.Defaults, [new(Elsewhere, 10)], () => $"R-{i}").Single();
            lengths.Add((locked.Until!.Value - At).TotalMinutes);
            standing = AccountStanding.Evolve(AccountStanding.Evolve(standing, locked), new RestrictionLifted(Taro.Domain, locked.Kind, [locked.Reference], LiftCauses.Time, null, At))!;
        }

        Assert.Equal([5, 10, 20, 40, 60, 60], lengths);
        Assert.Equal(5, (LoginJudge.Judge(new(Taro, [], standing, At.AddDays(2)), Thresholds.Defaults, [new(Elsewhere, 10)], () => "R").Single().Until!.Value - At.AddDays(2)).TotalMinutes);
    }

    [Fact]
    public void What_is_locked_is_not_locked_again_and_shared_fetchers_never()
    {
        var locked = Judge([], new NetworkFailures(Elsewhere, 10)).Single();
        Assert.Empty(LoginJudge.Judge(new(Taro, [], AccountStanding.Evolve(null, locked), At), Thresholds.Defaults, [new(Elsewhere, 20)], () => "R"));
        var everywhere = locked with { Network = null, Reference = "R-9" };
        Assert.Empty(LoginJudge.Judge(new(Taro, [], AccountStanding.Evolve(null, everywhere), At), Thresholds.Defaults, [new("203.0.113.0/24", 20)], () => "R"));
        var shared = Thresholds.Defaults with { SharedFetchers = [System.Net.IPNetwork.Parse("198.51.0.0/16")] };
        Assert.Empty(LoginJudge.Judge(new(Taro, [], null, At), shared, [new(Elsewhere, 1000)], () => "R"));
        Assert.Null(LoginJudge.JudgeSource(Elsewhere, [], 1000, [], null, shared, "R", At));
        foreach (var own in new[] { "127.0.0.0/24", "::/64" })
        {
            Assert.Empty(Judge([], new NetworkFailures(own, 1000)));
            Assert.Null(LoginJudge.JudgeSource(own, [], 1000, [], null, Thresholds.Defaults, "R", At));
        }
    }

    [Theory]
    [InlineData(9, false)]
    [InlineData(10, true)]
    public void A_network_that_fails_on_ten_accounts_is_stopped_itself(int accounts, bool isStopped)
    {
        var stopped = LoginJudge.JudgeSource(Elsewhere, ["a@example.jp"], accounts, ["0191"], null, Thresholds.Defaults, "R", At);
        Assert.Equal(isStopped, stopped is not null);
        if (stopped is null) return;
        Assert.Equal(At.AddMinutes(30), stopped.Until);
        Assert.Equal(["0191"], stopped.KnownAccounts);
        var again = SourceStanding.Evolve(SourceStanding.Evolve(null, stopped), new SourceReleased(Elsewhere, LiftCauses.Time, null, At.AddMinutes(30)));
        Assert.Equal(At.AddMinutes(31 + 60), LoginJudge.JudgeSource(Elsewhere, [], 10, [], again, Thresholds.Defaults, "R2", At.AddMinutes(31))!.Until);
        Assert.Null(LoginJudge.JudgeSource(Elsewhere, [], 50, [], SourceStanding.Evolve(null, stopped), Thresholds.Defaults, "R3", At));
    }

    [Theory]
    [InlineData("192.0.2.7", "192.0.2.0/24")]
    [InlineData("192.0.2.0/24", "192.0.2.0/24")]
    [InlineData("::ffff:192.0.2.7", "192.0.2.0/24")]
    [InlineData("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64")]
    [InlineData("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64")]
    [InlineData("::1", "::/64")]
    [InlineData("nonsense", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void Networks_are_24_bits_of_IPv4_and_64_of_IPv6(string? source, string? network) => Assert.Equal(network, Networks.Of(source));

    private static List<AccountRestricted> Judge(IReadOnlyList<string> known, params NetworkFailures[] failures)
        => [.. LoginJudge.Judge(new(Taro, known, null, At), Thresholds.Defaults, failures, () => $"R-{Guid.NewGuid():N}")];

    private static AccountStanding Standing() => new() { Id = Taro.AccountId, Address = Taro.Address, Domain = Taro.Domain };
}
