using Hikyaku.Platform.Testing;
using MailKit;
using MailKit.Net.Imap;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>Dovecot reads an account's settings when a session begins; mail programs keep sessions for days.</summary>
[Collection(OneNode.Name)]
public sealed class Open_mail_sessions(NodeFixture fixture)
{
    private const int Large = 700_000;
    private readonly MailNodeUnderTest _node = fixture.Node;

    [Theory, Trait("Rule", "RST-8"), Trait("Rule", "NOD-5")]
    [InlineData(1, 10)]
    [InlineData(10, 1)]
    public async Task No_open_session_has_the_former_capacity_when_another_is_in_force(int before, int after)
    {
        var account = await Account.OpenAsync(_node, capacityMb: before);
        using var open = await account.LoggedInAsync();
        await open.Inbox!.AppendAsync(new AppendRequest(Clients.Message("there is space", Large)));
        account = await account.ChangeCapacityAsync(after); // waits until the node says that it is in force
        await Eventually.Async(() => open.IsOverAsync());

        using var again = await account.LoggedInAsync();
        if (after > before) await again.Inbox!.AppendAsync(new AppendRequest(Clients.Message("one more", Large)));
        else await Assert.ThrowsAsync<ImapCommandException>(() => again.Inbox!.AppendAsync(new AppendRequest(Clients.Message("one more", Large))));
    }

    [Fact, Trait("Rule", "RST-8")]
    public async Task A_change_that_no_session_reads_ends_none()
    {
        var account = await Account.OpenAsync(_node);
        using var open = await account.LoggedInAsync();
        await account.ChangeAsync(s => s, account.Password);
        Assert.Equal(0, _node.AskReplica("SELECT count(*) FROM session_end WHERE account_id = $1", account.State.AccountId));
        await open.NoOpAsync(TestContext.Current.CancellationToken);
    }
}
