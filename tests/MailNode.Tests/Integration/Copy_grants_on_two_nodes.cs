using Hikyaku.Platform.Testing;
using MailKit;
using MailKit.Security;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>The copy worker gets to the mailbox's home through whichever node it turns to.</summary>
public sealed class Copy_grants_on_two_nodes(TwoNodes fixture) : IClassFixture<TwoNodes>
{
    private readonly MailNodeUnderTest _first = fixture.First, _second = fixture.Second;

    [Fact, Trait("Rule", "CPY-7"), Trait("Rule", "NOD-2")]
    public async Task What_is_copied_through_another_node_is_kept_at_home()
    {
        var account = await Account.OpenAsync(_first, home: _second.Name);
        var secret = await account.GrantCopyAsync();
        using var worker = await account.CopyingAsync(secret);
        await worker.Inbox!.AppendAsync(new AppendRequest(Clients.Message("across", 100)));
        Assert.Equal(["across"], await (account with { Node = _second }).InboxAsync());
        Assert.False(Directory.Exists(account.Folder()));
        Assert.True(await account.IsCopyRefusedAsync("wrong"));
        Assert.True(await (account with { Node = _second }).IsCopyRefusedAsync("wrong"));
        using var direct = await (account with { Node = _second }).CopyingAsync(secret);
    }

    [Fact, Trait("Rule", "CPY-7")]
    public async Task A_withdrawn_grant_ends_the_session_through_another_node_and_leaves_the_users()
    {
        var account = await Account.OpenAsync(_first, home: _second.Name);
        var secret = await account.GrantCopyAsync();
        using var worker = await account.CopyingAsync(secret);
        using var user = await account.LoggedInAsync();
        await account.WithdrawCopyAsync();
        await Eventually.Async(() => worker.IsOverAsync());
        Assert.True(await account.IsCopyRefusedAsync(secret));
        Assert.True(await (account with { Node = _second }).IsCopyRefusedAsync(secret));
        Assert.False(await user.IsOverAsync());
    }

    [Fact, Trait("Rule", "CPY-7"), Trait("Rule", "NOD-2")]
    public async Task A_home_that_is_not_known_is_a_failure_for_now_and_no_wrong_secret()
    {
        var account = await Account.OpenAsync(_first, home: "mail9");
        var secret = await account.GrantCopyAsync();
        var refused = await Assert.ThrowsAsync<AuthenticationException>(() => account.CopyingAsync(secret));
        Assert.Contains("Temporary", refused.Message, StringComparison.OrdinalIgnoreCase);
        Assert.False(Directory.Exists(account.Folder()));
    }

    [Fact, Trait("Rule", "CPY-9"), Trait("Rule", "RST-2")]
    public async Task Neither_node_tells_the_workers_login()
    {
        var account = await Account.OpenAsync(_first, home: _second.Name);
        (await account.CopyingAsync(await account.GrantCopyAsync())).Dispose();
        await _first.ImapLoginAsync(account.Address, "wrong");
        await (account with { Node = _second }).Node.ImapLoginAsync(account.Address, "wrong");
        await Eventually.Async(() => _first.Broker.LoginsOf(account.Address).Count() == 2);
        Assert.All(_first.Broker.LoginsOf(account.Address), l => Assert.False(l.Success));
        Assert.Empty(_first.Broker.LoginsOf(account.CopyLogin()));
    }
}
