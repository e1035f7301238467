using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform.Testing;

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
            Assert.StartsWith("a NO", await ImapLoginAsync(account.Address, password), StringComparison.Ordinal);
            Assert.StartsWith("535", await SmtpLoginAsync(account.Address.ToUpperInvariant(), password), StringComparison.Ordinal);
        }

        var told = await ToldAsync(account.Address, 10);
        Assert.All(told, l => Assert.Equal((false, LoginFailures.Credentials, account.State.AccountId), (l.Success, l.Failure, l.AccountId)));
        Assert.All(told, l => Assert.Matches("^[0-9a-f]{3}$", l.Password!));
        var imap = told.Where(l => l.Protocol == "imap").Select(l => l.Password).ToList();
        Assert.Equal(imap, told.Where(l => l.Protocol == "smtp").Select(l => l.Password));
        Assert.Equal(imap[0], imap[^1]);
        Assert.InRange(imap.Distinct().Count(), 3, 4); // one of 4,096 pairs of passwords has the same
    }

    [Fact]
    public async Task An_unknown_name_is_told_with_a_digest_and_another_name_has_another_one()
    {
        var names = Enumerable.Range(0, 4).Select(i => $"nobody{i}-{Guid.NewGuid():N}@example.jp").ToList();
        foreach (var name in names) await ImapLoginAsync(name, "Aomori-1");
        var told = new List<LoginObserved>();
        foreach (var name in names) told.AddRange(await ToldAsync(name, 1));
        Assert.All(told, l => Assert.Equal((LoginFailures.Credentials, null), (l.Failure, l.AccountId)));
        Assert.True(told.Select(l => l.Password).Distinct().Count() > 1);
    }

    [Fact, Trait("Rule", "SEC-4")]
    public async Task A_right_password_has_no_digest_and_the_known_one_has_none_either()
    {
        var account = await Account.OpenAsync(_node);
        Assert.StartsWith("a OK", await ImapLoginAsync(account.Address, account.Secret), StringComparison.Ordinal);
        Assert.StartsWith("235", await SmtpLoginAsync(account.Address, account.Secret), StringComparison.Ordinal);
        await Eventually.Async(() => _node.AskReplica("SELECT count(*) FROM verified_password WHERE account_id = $1", account.State.AccountId) == 1);
        Assert.StartsWith("a OK", await ImapLoginAsync(account.Address, account.Secret), StringComparison.Ordinal);
        Assert.All(await ToldAsync(account.Address, 3), l => Assert.Equal((true, null, null), (l.Success, l.Password, l.Failure)));
    }

    [Fact, Trait("Rule", "SEC-4")]
    public async Task A_right_password_that_the_node_cannot_judge_now_has_no_digest()
    {
        // The mailbox's node is not known: "not now".
        var account = await Account.OpenAsync(_node, home: "nowhere");
        Assert.StartsWith("a NO", await ImapLoginAsync(account.Address, account.Secret), StringComparison.Ordinal);
        var told = Assert.Single(await ToldAsync(account.Address, 1));
        Assert.Equal((false, LoginFailures.Other, null), (told.Success, told.Failure, told.Password));
    }

    [Fact]
    public async Task The_client_and_its_address_are_told()
    {
        var account = await Account.OpenAsync(_node);
        await ImapLoginAsync(account.Address, account.Secret, "127.0.0.77", "(\"name\" \"Thunder\\\"bird\" \"vendor\" NIL \"version\" \"115.3\")");
        await ImapLoginAsync(account.Address, "Aomori-1", "127.0.0.78", $"(\"name\" \"{new string('x', 300)}\")");
        await SmtpLoginAsync(account.Address, "Aomori-1", "127.0.0.79");
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

    private async Task<string> ImapLoginAsync(string login, string password, string from = "127.0.0.1", string? id = null)
    {
        using var client = new TcpClient(new IPEndPoint(IPAddress.Parse(from), 0));
        await client.ConnectAsync(IPAddress.Loopback, _node.Port("IMAP"));
        using var reader = new StreamReader(client.GetStream(), Encoding.ASCII);
        await reader.ReadLineAsync();
        if (id is not null) await SayAsync($"i ID {id}");
        return await SayAsync($"a LOGIN {login} \"{password}\"");

        async Task<string> SayAsync(string command)
        {
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(command + "\r\n"));
            while (true)
            {
                var line = await reader.ReadLineAsync() ?? throw new IOException("The server has closed the connection");
                if (line.StartsWith($"{command[0]} ", StringComparison.Ordinal)) return line;
            }
        }
    }

    private async Task<string> SmtpLoginAsync(string login, string password, string from = "127.0.0.1")
    {
        using var client = new TcpClient(new IPEndPoint(IPAddress.Parse(from), 0));
        await client.ConnectAsync(IPAddress.Loopback, _node.Port("SUBMISSION"));
        using var reader = new StreamReader(client.GetStream(), Encoding.ASCII);
        await RawSmtp.ReplyAsync(reader);
        var answer = "";
        foreach (var command in new[] { "EHLO program.test", $"AUTH PLAIN {Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{login}\0{password}"))}" })
        {
            await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(command + "\r\n"));
            answer = await RawSmtp.ReplyAsync(reader);
        }

        return answer;
    }
}
