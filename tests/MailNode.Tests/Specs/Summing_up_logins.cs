using CsCheck;
using Hikyaku.MailNode.Contracts;

namespace Hikyaku.MailNode.Tests.Specs;

public sealed class Summing_up_logins
{
    private static readonly DateTimeOffset Nine = new(2026, 11, 24, 9, 0, 0, TimeSpan.Zero);

    private static readonly string[] Protocols = ["imap", "pop3", "smtp", "other"];

    private static readonly Gen<LoginObserved> Some =
        Gen.Select(Gen.Int[0, 3], Gen.Int[0, 255], Gen.Int[0, 3], Gen.Int[0, 3], Gen.Bool, Gen.Bool, Gen.Int[0, 600])
            .Select((login, host, net, protocol, tls, success, second) =>
                One($"u{login}@example.jp", $"192.0.{net}.{host}", Protocols[protocol], tls, success, second));

    [Fact, Trait("Rule", "RST-2")]
    public void Whatever_is_put_together_no_login_is_lost_and_times_are_kept()
        => Some.List[1, 300].Sample(logins =>
        {
            var few = LoginSums.Of(logins, 20);
            Assert.InRange(few.Count, 1, 20);
            Assert.Equal(logins.Count, few.Sum(l => l.Count));
            Assert.Equal(logins.Count(l => l.Success && l.Tls), few.Where(l => l.Success && l.Tls).Sum(l => l.Count));
            Assert.Equal((logins.Min(l => l.At), logins.Max(l => l.Until)), (few.Min(l => l.At), few.Max(l => l.Until)));
        }, iter: 200);

    [Fact, Trait("Rule", "RST-2")]
    public void Putting_together_in_two_steps_is_as_good_as_in_one()
        => Gen.Select(Some.List[1, 100], Some.List[1, 100]).Sample((first, second) =>
            LoginSums.Of([.. LoginSums.Of(first, 1000), .. second], 1000).OrderBy(Text).Select(Text)
                .SequenceEqual(LoginSums.Of([.. first, .. second], 1000).OrderBy(Text).Select(Text)), iter: 100);

    [Fact, Trait("Rule", "RST-2")]
    public void Logins_of_one_name_from_one_network_become_one_entry_and_others_stay_apart()
    {
        var few = LoginSums.Of(
        [
            One("a@example.jp", "192.0.2.7", second: 1), One("a@example.jp", "192.0.2.9", second: 5), One("a@example.jp", "192.0.3.7"),
            One("b@example.jp", "192.0.2.7"), One("a@example.jp", "192.0.2.7", success: true), One("a@example.jp", "2001:db8:0:1::5"), One("a@example.jp", "2001:db8:0:1::6"),
        ], 100);
        Assert.Equal(5, few.Count);
        Assert.Contains(few, l => l is { Login: "a@example.jp", Source: "192.0.2.0/24", Success: false, Count: 2 } && l.At == Nine.AddSeconds(1) && l.Until == Nine.AddSeconds(5));
        Assert.Contains(few, l => l is { Source: "2001:db8:0:1::/64", Count: 2 });
    }

    [Fact, Trait("Rule", "RST-2")]
    public void First_the_network_is_given_up_then_the_name()
    {
        var botnet = Enumerable.Range(0, 100).Select(i => One("a@example.jp", $"192.0.{i}.7")).ToList();
        var without = Assert.Single(LoginSums.Of(botnet, 16));
        Assert.Equal(("a@example.jp", null, 100), (without.Login, without.Source, without.Count));
        var everybody = Enumerable.Range(0, 100).Select(i => One($"u{i}@example.jp", $"192.0.{i}.7")).ToList();
        var nobody = Assert.Single(LoginSums.Of(everybody, 16));
        Assert.Equal((null, null, 100), (nobody.Login, nobody.Source, nobody.Count));
    }

    [Fact, Trait("Rule", "RST-2")]
    public void Passwords_and_clients_stay_apart_until_the_network_is_given_up()
    {
        var one = One("a@example.jp", "192.0.2.7") with { Password = "0a1", Client = "Thunderbird", Failure = LoginFailures.Credentials };
        List<LoginObserved> logins =
        [
            one, one with { Source = "192.0.2.8" }, one with { Password = "0a2" }, one with { Client = "Outlook" },
            one with { Password = null, Failure = LoginFailures.Restricted }, one with { Password = null, Failure = LoginFailures.Other },
        ];
        var few = LoginSums.Of(logins, 100);
        Assert.Equal(5, few.Count);
        Assert.Contains(few, l => l is { Password: "0a1", Client: "Thunderbird", Source: "192.0.2.0/24", Count: 2 });

        logins.AddRange(Enumerable.Range(0, 100).Select(i => one with { Source = $"198.51.{i}.1", Password = $"{i:x3}" }));
        var fewer = LoginSums.Of(logins, 16);
        Assert.All(fewer, l => Assert.Equal(("a@example.jp", null, null, null), (l.Login, l.Source, l.Password, l.Client)));
        Assert.Equal([(LoginFailures.Credentials, 104), (LoginFailures.Other, 1), (LoginFailures.Restricted, 1)], fewer.Select(l => (l.Failure!, l.Count)).Order());

        var nobody = LoginSums.Of(Enumerable.Range(0, 100).Select(i => one with { Login = $"u{i}@example.jp", AccountId = $"u{i}" }), 16);
        Assert.Equal((null, null, 100L), (Assert.Single(nobody).Failure, nobody[0].Login, nobody[0].Count));
    }

    private static LoginObserved One(string login, string source, string protocol = "imap", bool tls = true, bool success = false, int second = 0)
        => new(Nine.AddSeconds(second), Nine.AddSeconds(second), 1, login, login, source, protocol, tls, success);

    private static string Text(LoginObserved l) => l.ToString();
}
