using System.Net;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using static Hikyaku.MailNode.Tests.Integration.RestrictedAccount;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>Attacks on passwords from addresses of this machine: what real Dovecot and Postfix tell of them, and whom they refuse afterwards.</summary>
[Collection(OneNode.Name), Trait("Rule", "RST-2"), Trait("Rule", "RST-3"), Trait("Rule", "RST-7")]
public sealed class Guessed_passwords(NodeFixture fixture)
{
    private const int AtOnce = 40; // Dovecot answers to wrong passwords every half second

    // In full: 20 tries from each of 500 networks.
    private static readonly int Networks = Campaign.Size("networks", everyDay: 50);
    private static readonly int Tries = Networks / 25;

    private readonly MailNodeUnderTest _node = fixture.Node;

    [Fact, Trait("Size", "networks")]
    public async Task Guesses_from_many_networks_are_each_told_once_and_the_owner_still_gets_in()
    {
        const string home = "127.0.5.9";
        var account = await Account.OpenAsync(_node);
        Assert.StartsWith("a OK", await _node.ImapLoginAsync(account.Address, account.Secret, home), StringComparison.Ordinal);
        var tries = Enumerable.Range(0, Networks).SelectMany(n => Enumerable.Range(0, Tries).Select(t => (From: $"127.{10 + (n / 250)}.{n % 250}.{t + 1}", Way: n % 3, Password: $"Aomori-{t}")));
        await Parallel.ForEachAsync(tries, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (attempt, _) => await FailAsync(account.Address, attempt.Password, attempt.From, attempt.Way));

        var told = await Eventually.Async(() => Told(account.Address), all => all.Count(l => !l.Success) >= Networks * Tries);
        var failed = told.Where(l => !l.Success).ToList();
        Assert.Equal(Networks * Tries, failed.Count);
        Assert.All(failed, l => Assert.Equal((1, LoginFailures.Credentials, account.State.AccountId), (l.Count, l.Failure, l.AccountId)));
        var networks = failed.GroupBy(NetworkOf).ToList();
        Assert.Equal(Networks, networks.Count);
        var digests = networks[0].Select(l => l.Password).Order(StringComparer.Ordinal).ToList();
        Assert.All(networks, n => Assert.Equal(digests, n.Select(l => l.Password).Order(StringComparer.Ordinal)));
        Assert.InRange(digests.Distinct().Count(), (Tries + 1) / 2, Tries); // one of 4,096 pairs of passwords has the same

        var block = Block("account-locked");
        await account.RestrictAsync([block], NetworkOf(told.Single(l => l.Success)));
        foreach (var stranger in new[] { "127.10.0.1", "127.10.49.200", "127.0.9.1" })
        {
            Assert.Contains(block.Text, await _node.ImapLoginAsync(account.Address, account.Secret, stranger), StringComparison.Ordinal);
            Assert.Contains(block.Text, await _node.Pop3LoginAsync(account.Address, account.Secret, stranger), StringComparison.Ordinal);
            Assert.Matches($"^450 .*{block.Text}", await RecipientAsync(account, stranger));
        }

        Assert.StartsWith("a OK", await _node.ImapLoginAsync(account.Address, account.Secret, home), StringComparison.Ordinal);
        Assert.StartsWith("+OK", await _node.Pop3LoginAsync(account.Address, account.Secret, home), StringComparison.Ordinal);
        Assert.StartsWith("250", await RecipientAsync(account, home), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_password_sprayed_over_accounts_is_told_of_each_and_its_network_is_refused()
    {
        var accounts = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => Account.OpenAsync(_node)));
        // Opened side by side, an account may come after what its opening has waited for.
        await Eventually.Async(() => accounts.All(a => _node.AskReplica("SELECT count(*) FROM holder WHERE address = $1", a.Address) == 1));
        string[] names = [.. accounts.Select(a => a.Address), .. Enumerable.Range(0, 8).Select(_ => $"nobody-{Guid.NewGuid():N}@example.jp")];
        await Parallel.ForEachAsync(names.Index(), new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (name, _) => await FailAsync(name.Item, "Summer2026", $"127.0.6.{name.Index + 1}", name.Index % 3));
        foreach (var (i, name) in names.Index())
        {
            var told = Assert.Single(await Eventually.Async(() => Told(name), all => all.Count > 0));
            Assert.Equal((1, $"127.0.6.{i + 1}", LoginFailures.Credentials), (told.Count, told.Source, told.Failure));
            Assert.Equal(i < accounts.Length ? accounts[i].State.AccountId : null, told.AccountId);
        }

        await _node.StopSourceAsync("127.0.6.0/24");
        foreach (var account in accounts)
        {
            Assert.Matches("^a NO .*Logging in is stopped. Reference R-STOPPED0", await _node.ImapLoginAsync(account.Address, account.Secret, "127.0.6.200"));
            Assert.StartsWith("a OK", await _node.ImapLoginAsync(account.Address, account.Secret, "127.0.7.200"), StringComparison.Ordinal);
        }

        Assert.Matches("^-ERR .*Logging in is stopped. Reference R-STOPPED0", await _node.Pop3LoginAsync(accounts[0].Address, accounts[0].Secret, "127.0.6.200"));
        Assert.Matches("^450 .*Logging in is stopped. Reference R-STOPPED0", await RecipientAsync(accounts[0], "127.0.6.200"));
        Assert.StartsWith("250", await RecipientAsync(accounts[0], "127.0.7.200"), StringComparison.Ordinal);
        // Whoever does not know the password does not learn that the network is stopped, nor who there is.
        foreach (var name in new[] { names[0], names[^1] })
            Assert.Equal(await _node.ImapLoginAsync(name, "Summer2026", "127.0.7.200"), await _node.ImapLoginAsync(name, "Summer2026", "127.0.6.200"));
        await _node.StopSourceAsync("127.0.6.0/24", isReleased: true);
        Assert.StartsWith("a OK", await _node.ImapLoginAsync(accounts[0].Address, accounts[0].Secret, "127.0.6.200"), StringComparison.Ordinal);
    }

    private async Task FailAsync(string login, string password, string from, int way)
    {
        var (refusal, answer) = way switch
        {
            0 => ("a NO", await _node.ImapLoginAsync(login, password, from)),
            1 => ("-ERR", await _node.Pop3LoginAsync(login, password, from)),
            _ => ("535 ", await _node.SmtpLoginAsync(login, password, from)),
        };
        Assert.StartsWith(refusal, answer, StringComparison.Ordinal);
    }

    // What is said to the first recipient of somebody who has logged in.
    private Task<string> RecipientAsync(Account account, string from)
        => _node.SmtpLoginAsync(account.Address, account.Secret, from, $"MAIL FROM:<{account.Address}>", "RCPT TO:<friend@outside.test>");

    private List<LoginObserved> Told(string login) => [.. _node.Broker.LoginsOf(login)];

    private static string NetworkOf(LoginObserved login) => ClientNetwork.Of(IPAddress.Parse(login.Source!));
}
