using Hikyaku.Platform.Testing;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>Mail to the mail host itself is read by somebody (RFC 5321, 4.5.1; RFC 2142), or the answer says that nobody does.</summary>
public sealed class Mail_to_the_host(NodeToBreak fixture) : IClassFixture<NodeToBreak>
{
    private const string Host = "mail.hikyaku.localhost";
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(40);
    private static readonly string[] Names = ["postmaster", "Postmaster", $"postmaster@{Host}", "POSTMASTER@[127.0.0.1]", $"abuse@{Host}", "abuse@[127.0.0.1]", $"mailer-daemon@{Host}"];
    private readonly MailNodeUnderTest _node = fixture.Node;

    [Theory, Trait("Rule", "NOD-4")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task It_reaches_the_operators_mailbox_on_or_off_the_platform(bool isHere)
    {
        var account = await Account.OpenAsync(_node);
        var postmaster = isHere ? account.Address : $"{Guid.NewGuid():N}@outside.test";
        await RenderAsync($"HIKYAKU_POSTMASTER={postmaster}");
        foreach (var name in Names) Assert.StartsWith("250", await SendAsync(name), StringComparison.Ordinal);
        if (isHere) await Eventually.Async(account.InboxAsync, inbox => inbox.Order().SequenceEqual(Names.Select(n => $"to {n}").Order()), Long);
        else await Eventually.Async(() => _node.Outside.Recipients.Count(r => r == postmaster), n => n == Names.Length, Long);
        foreach (var name in new[] { $"somebody@{Host}", "somebody@[127.0.0.1]" }) Assert.StartsWith("550 5.1.1", await SendAsync(name), StringComparison.Ordinal);
        Assert.StartsWith("554 5.7.1", await SendAsync("postmaster@[192.0.2.1]"), StringComparison.Ordinal);
        Assert.StartsWith("504 5.5.2", await SendAsync("somebody"), StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "NOD-4")]
    public async Task Where_nobody_is_set_the_answer_says_so()
    {
        await RenderAsync();
        foreach (var name in Names) Assert.Matches("^550 5.1.1 .*No mailbox of an operator is set up on this server", await SendAsync(name));
        var account = await Account.OpenAsync(_node, name: "postmaster", domain: "other.jp");
        await _node.DeliverAsync(account.Address, "to the postmaster of a domain");
        await Eventually.Async(account.InboxAsync, inbox => inbox.Count == 1, Long);
    }

    [Theory, Trait("Rule", "NOD-4")]
    [InlineData("somebody")]
    [InlineData($"somebody@{Host}")]
    [InlineData("a b@example.jp")]
    [InlineData("x@example.jp, y@example.jp")]
    public async Task Settings_that_make_no_sense_are_refused(string postmaster)
        => await Assert.ThrowsAnyAsync<Exception>(() => _node.RenderAsync($"HIKYAKU_POSTMASTER={postmaster}"));

    [Fact, Trait("Rule", "ACC-3")]
    public async Task Plus_addresses_can_be_turned_off()
    {
        var account = await Account.OpenAsync(_node);
        await RenderAsync("HIKYAKU_PLUS_ADDRESSES=refuse");
        Assert.StartsWith("550 5.1.1", await SendAsync(account.Address.Replace("@", "+shop@", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.StartsWith("250", await SendAsync(account.Address), StringComparison.Ordinal);
    }

    private async Task RenderAsync(params string[] settings)
    {
        await _node.StopPostfixAsync();
        await _node.RenderAsync(settings);
        await _node.StartPostfixAsync();
    }

    private async Task<string> SendAsync(string to)
    {
        using var smtp = await _node.SmtpAsync();
        return await smtp.SayMessageAsync("stranger@outside.test", to, $"Subject: to {to}");
    }
}
