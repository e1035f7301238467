using Hikyaku.Platform.Testing;
using MailKit.Security;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>Two nodes that know each other: whichever people and other servers turn to, the mail is at its home.</summary>
[Trait("Rule", "NOD-2")]
public sealed class Two_nodes(TwoNodes fixture) : IClassFixture<TwoNodes>
{
    private readonly MailNodeUnderTest _first = fixture.First, _second = fixture.Second;

    [Fact, Trait("Rule", "ACC-3")]
    public async Task Mail_sent_to_one_node_is_kept_by_the_other_and_read_through_either()
    {
        var account = await OpenAtSecondAsync();
        await _first.DeliverAsync(account.Address, "across");
        await Eventually.Async((account with { Node = _second }).InboxAsync, inbox => inbox.SequenceEqual(["across"]));
        Assert.Equal(["across"], await account.InboxAsync());
        using (var pop = await _first.Pop3Async("POP3S", SecureSocketOptions.SslOnConnect))
        {
            await pop.AuthenticateAsync(account.Address, account.Secret);
            Assert.Equal(1, pop.Count);
        }

        Assert.False(Directory.Exists(Folder(_first, account)));
        Assert.True(Directory.Exists(Folder(_second, account)));
    }

    private Task<Account> OpenAtSecondAsync(int capacityMb = 10) => Account.OpenAsync(_first, capacityMb: capacityMb, home: _second.Name);

    private static string Folder(MailNodeUnderTest node, Account account)
        => Path.Combine(node.Home, "mailnode", "vmail", account.State.AccountId[^2..], account.State.AccountId);
}
