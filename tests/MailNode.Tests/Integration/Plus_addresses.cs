using Hikyaku.Platform.Testing;
using MailKit.Net.Smtp;
using MailKit.Security;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>Mail for <c>taro+anything@</c> goes to <c>taro@</c>, whichever way it comes; nobody logs in by such a name.</summary>
public sealed class Plus_addresses(TwoNodes fixture) : IClassFixture<TwoNodes>
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(40);
    private readonly MailNodeUnderTest _node = fixture.First, _second = fixture.Second;

    [Theory, Trait("Rule", "ACC-3")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Mail_with_a_part_arrives_and_says_which_one_wherever_the_mailbox_is(bool isElsewhere)
    {
        var account = await Account.OpenAsync(_node, home: isElsewhere ? _second.Name : null);
        var to = account.Address.Replace("@", "+Shop.2026@", StringComparison.Ordinal);
        await _node.DeliverAsync(to, "from outside");
        await account.SubmitAsync(account.Address, to, "submitted");
        await Eventually.Async(account.InboxAsync, inbox => inbox.Order().SequenceEqual(["from outside", "submitted"]), Long);
        using var imap = await account.LoggedInAsync();
        await imap.Inbox!.OpenAsync(MailKit.FolderAccess.ReadOnly);
        Assert.Equal(to, (await imap.Inbox.GetMessageAsync(0)).Headers["Delivered-To"]!.Trim('<', '>'), ignoreCase: true);
    }

    [Theory, Trait("Rule", "RST-8")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_full_mailbox_is_full_for_every_part(bool isElsewhere)
    {
        var account = await Account.OpenAsync(_node, capacityMb: 1, home: isElsewhere ? _second.Name : null);
        await _node.DeliverAsync(account.Address, "large", bytes: 900_000);
        await Eventually.Async(account.InboxAsync, inbox => inbox.Count == 1, Long);
        using var smtp = await _node.SmtpAsync();
        await smtp.SayAsync("MAIL FROM:<stranger@outside.test> SIZE=300000");
        Assert.Equal(552, (int)(await smtp.SayAsync($"RCPT TO:<{account.Address.Replace("@", "+shop@", StringComparison.Ordinal)}>")).StatusCode);
    }

    [Fact, Trait("Rule", "NOD-6")]
    public async Task One_sends_by_ones_own_parts_and_logs_in_by_none()
    {
        var (account, neighbour) = (await Account.OpenAsync(_node), await Account.OpenAsync(_node));
        var (own, theirs) = (Plus(account), Plus(neighbour));
        await account.SubmitAsync(own, neighbour.Address, "as oneself");
        await Eventually.Async(neighbour.InboxAsync, inbox => inbox.SequenceEqual(["as oneself"]), Long);
        await Assert.ThrowsAsync<SmtpCommandException>(() => account.SubmitAsync(theirs, neighbour.Address, "as a neighbour"));
        using var smtp = await _node.SmtpAsync("SUBMISSION", SecureSocketOptions.StartTls);
        await Assert.ThrowsAsync<AuthenticationException>(() => smtp.AuthenticateAsync(own, account.Secret));
        using var imap = await _node.ImapAsync();
        await Assert.ThrowsAsync<AuthenticationException>(() => imap.AuthenticateAsync(own, account.Secret));
        using var again = await _node.SmtpAsync("SUBMISSION", SecureSocketOptions.StartTls);
        await again.AuthenticateAsync(account.Address, account.Secret);
        Assert.StartsWith("554", await again.SayMessageAsync(account.Address, neighbour.Address, $"From: {theirs}"), StringComparison.Ordinal);
        Assert.StartsWith("554", await again.SayMessageAsync(account.Address, neighbour.Address, $"From: {own}@outside.test"), StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "ACC-3")]
    public async Task Nobody_is_found_by_the_part_alone_or_by_a_name_that_nobody_has()
    {
        var account = await Account.OpenAsync(_node);
        using var smtp = await _node.SmtpAsync();
        foreach (var to in new[] { "+shop@example.jp", $"nobody+{account.Address}" })
            Assert.Equal(550, (int)(await smtp.SayRecipientAsync("stranger@outside.test", to)).StatusCode);
    }

    [Fact, Trait("Rule", "ACC-5")]
    public async Task What_waits_for_a_part_goes_with_the_account()
    {
        var account = await Account.OpenAsync(_node);
        await _node.StopDovecotAsync();
        await _node.DeliverAsync(Plus(account), "waits");
        await Eventually.Async(_node.QueueAsync, queue => queue.Any(m => m.Queue == "deferred"), Long);
        await account.DeleteAsync();
        await Eventually.Async(_node.QueueAsync, queue => queue.Count == 0, Long);
        await _node.StartDovecotAsync();
        await Eventually.Async(() => account.IsErased(), Long);
    }

    private static string Plus(Account account) => account.Address.Replace("@", "+shop@", StringComparison.Ordinal);
}
