using System.Net.Http.Json;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform.Testing;
using static Hikyaku.MailNode.Tests.Integration.SpokenLogins;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>What the services hear of a login: from where, by which program, and whether somebody tries one password after the other.</summary>
[Collection(OneNode.Name), Trait("Rule", "RST-2")]
public sealed class Telling_logins(NodeFixture fixture)
{
    private readonly MailNodeUnderTest _node = fixture.Node;

    [Fact]
    public async Task A_wrong_password_has_one_digest_by_every_protocol_and_others_have_others()
    {
        var account = await Account.OpenAsync(_node);
        string[] passwords = ["Aomori-1", "Akita-2", "Iwate-3", "Miyagi-4", "Aomori-1"];
        foreach (var password in passwords)
        {
            Assert.StartsWith("a NO", await _node.ImapLoginAsync(account.Address, password), StringComparison.Ordinal);
            Assert.StartsWith("535", await _node.SmtpLoginAsync(account.Address.ToUpperInvariant(), password), StringComparison.Ordinal);
        }

        var told = await ToldAsync(account.Address, 10);
        Assert.All(told, l => Assert.Equal((false, LoginFailures.Credentials, account.State.AccountId), (l.Success, l.Failure, l.AccountId)));
        Assert.All(told, l => Assert.Matches("^[0-9a-f]{3}$", l.Password!));
        var imap = told.Where(l => l.Protocol == "imap").Select(l => l.Password).ToList();
        Assert.Equal(imap, told.Where(l => l.Protocol == "smtp").Select(l => l.Password));
        Assert.Equal(imap[0], imap[^1]);
        Assert.InRange(imap.Distinct().Count(), 3, 4); // one of 4,096 pairs of passwords has the same
    }

    // Mail programs do so in one session. Both tries are told, and whoever counts distinct passwords counts one.
    [Fact, Trait("Rule", "RST-3")]
    public async Task A_wrong_password_that_is_tried_by_PLAIN_and_then_by_LOGIN_is_one_password()
    {
        var account = await Account.OpenAsync(_node);
        var (plain, login) = (Plain(account.Address, "Aomori-1"), new[] { Base64(account.Address), Base64("Aomori-1") });
        var smtp = await _node.SayAsync("SUBMISSION", "127.0.0.81", ["EHLO program.test", $"AUTH PLAIN {plain}", "AUTH LOGIN", .. login]);
        Assert.Equal(["250", "535", "334", "334", "535"], smtp.Select(a => a[..3]));
        var imap = await _node.SayAsync("IMAP", "127.0.0.82", [$"a AUTHENTICATE PLAIN {plain}", "b AUTHENTICATE LOGIN", .. login, $"c LOGIN {account.Address} Aomori-1"]);
        Assert.Equal(["a NO", "+ VX", "+ UG", "b NO", "c NO"], imap.Select(a => a[..4]));

        var told = await ToldAsync(account.Address, 5);
        Assert.Equal(["127.0.0.81 smtp 2", "127.0.0.82 imap 3"], told.GroupBy(l => $"{l.Source} {l.Protocol}").Select(g => $"{g.Key} {g.Count()}").Order(StringComparer.Ordinal));
        Assert.All(told, l => Assert.Equal(LoginFailures.Credentials, l.Failure));
        Assert.NotNull(Assert.Single(told.Select(l => l.Password).Distinct()));
    }

    [Fact]
    public async Task An_unknown_name_is_told_with_a_digest_and_another_name_has_another_one()
    {
        var names = Enumerable.Range(0, 4).Select(i => $"nobody{i}-{Guid.NewGuid():N}@example.jp").ToList();
        foreach (var name in names) await _node.ImapLoginAsync(name, "Aomori-1");
        var told = new List<LoginObserved>();
        foreach (var name in names) told.AddRange(await ToldAsync(name, 1));
        Assert.All(told, l => Assert.Equal((LoginFailures.Credentials, null), (l.Failure, l.AccountId)));
        Assert.True(told.Select(l => l.Password).Distinct().Count() > 1);
    }

    [Fact, Trait("Rule", "SEC-4")]
    public async Task A_right_password_has_no_digest_and_the_known_one_has_none_either()
    {
        var account = await Account.OpenAsync(_node);
        Assert.StartsWith("a OK", await _node.ImapLoginAsync(account.Address, account.Secret), StringComparison.Ordinal);
        Assert.StartsWith("235", await _node.SmtpLoginAsync(account.Address, account.Secret), StringComparison.Ordinal);
        await Eventually.Async(() => _node.AskReplica("SELECT count(*) FROM verified_password WHERE account_id = $1", account.State.AccountId) == 1);
        Assert.StartsWith("a OK", await _node.ImapLoginAsync(account.Address, account.Secret), StringComparison.Ordinal);
        Assert.All(await ToldAsync(account.Address, 3), l => Assert.Equal((true, null, null), (l.Success, l.Password, l.Failure)));
    }

    [Fact, Trait("Rule", "SEC-4")]
    public async Task A_right_password_that_the_node_cannot_judge_now_has_no_digest()
    {
        // The mailbox's node is not known: "not now".
        var account = await Account.OpenAsync(_node, home: "nowhere");
        Assert.StartsWith("a NO", await _node.ImapLoginAsync(account.Address, account.Secret), StringComparison.Ordinal);
        var told = Assert.Single(await ToldAsync(account.Address, 1));
        Assert.Equal((false, LoginFailures.Other, null), (told.Success, told.Failure, told.Password));
    }

    [Fact]
    public async Task The_client_and_its_address_are_told()
    {
        var account = await Account.OpenAsync(_node);
        await _node.ImapLoginAsync(account.Address, account.Secret, "127.0.0.77", "(\"name\" \"Thunder\\\"bird\" \"vendor\" NIL \"version\" \"115.3\")");
        await _node.ImapLoginAsync(account.Address, "Aomori-1", "127.0.0.78", $"(\"name\" \"{new string('x', 300)}\")");
        await _node.SmtpLoginAsync(account.Address, "Aomori-1", "127.0.0.79");
        var told = await ToldAsync(account.Address, 3);
        Assert.Equal(
            [("127.0.0.77", "Thunder\"bird 115.3"), ("127.0.0.78", new string('x', 100)), ("127.0.0.79", null)],
            told.OrderBy(l => l.Source, StringComparer.Ordinal).Select(l => (l.Source!, l.Client)));
    }

    [Theory]
    [InlineData(true, "Y", null, false, LoginFailures.Restricted)]
    [InlineData(true, "Y", "credentials", false, LoginFailures.Restricted)]
    [InlineData(true, "", "credentials", true, null)]
    [InlineData(false, "Y", "credentials", false, LoginFailures.Credentials)]
    [InlineData(false, "", "policy", false, LoginFailures.Other)]
    [InlineData(false, "", null, false, LoginFailures.Other)]
    public async Task A_restricted_login_is_no_success_and_no_wrong_password(bool success, string restricted, string? failure, bool told, string? why)
    {
        var login = $"r{Guid.NewGuid():N}@example.jp";
        using var http = new HttpClient { BaseAddress = _node.AgentAddress };
        using var answer = await http.PostAsJsonAsync("/auth-policy?command=report", new { login, protocol = "imap", remote = "192.0.2.1", success, tls = true, restricted, failure, digest = new string('0', 64), client = "\"name\" \"a\u0007b\"" });
        answer.EnsureSuccessStatusCode();
        var observed = Assert.Single(await ToldAsync(login, 1));
        Assert.Equal((told, why, "a b", why == LoginFailures.Credentials), (observed.Success, observed.Failure, observed.Client, observed.Password is not null));
    }

    private async Task<IReadOnlyList<LoginObserved>> ToldAsync(string login, int logins)
    {
        var told = await Eventually.Async(() => _node.Broker.LoginsOf(login).OrderBy(l => l.At).ToList(), l => l.Sum(one => one.Count) >= logins);
        Assert.Equal(logins, told.Count);
        return told;
    }
}
