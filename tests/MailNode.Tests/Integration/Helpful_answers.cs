using MailKit.Security;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>What mail programs show of a refusal tells their users what to do.</summary>
[Collection(OneNode.Name)]
public sealed class Helpful_answers(NodeFixture fixture)
{
    private readonly MailNodeUnderTest _node = fixture.Node;

    [Theory, Trait("Rule", "NOD-6")]
    [InlineData("SUBMISSION", SecureSocketOptions.StartTls)]
    [InlineData("SUBMISSION", SecureSocketOptions.None)]
    [InlineData("SUBMISSIONS", SecureSocketOptions.SslOnConnect)]
    public async Task Who_sends_without_a_login_is_told_to_log_in(string port, SecureSocketOptions tls)
    {
        var account = await Account.OpenAsync(_node);
        using var smtp = await _node.SmtpAsync(port, tls);
        Assert.Matches("^530 5.7.0 .*Log in first", await smtp.SayMessageAsync(account.Address, account.Address, "Subject: without a login"));
    }

    [Theory, Trait("Rule", "ACC-7")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_wrong_password_and_a_wrong_name_are_refused_with_the_same_reason(bool isName)
    {
        var account = await Account.OpenAsync(_node);
        var login = isName ? $"nobody-{account.Address}" : account.Address;
        using var smtp = await _node.SmtpAsync("SUBMISSION", SecureSocketOptions.StartTls);
        await smtp.SayAsync("AUTH LOGIN");
        await smtp.SayAsync(Base64(login));
        var said = await smtp.SayAsync(Base64("not the password"));
        Assert.Equal((535, "5.7.8 Error: authentication failed: The address or the password is not right"), ((int)said.StatusCode, said.Response));
        using var imap = await _node.ImapAsync();
        var refused = await Assert.ThrowsAsync<AuthenticationException>(() => imap.AuthenticateAsync(login, "not the password"));
        Assert.DoesNotContain("unavailable", refused.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Theory, Trait("Rule", "NOD-6")]
    [InlineData("From: THEIRS", "From is refused: it names THEIRS")]
    [InlineData("From: OWN, THEIRS", "From is refused: it names THEIRS")]
    [InlineData("From: NAME(work)@example.jp", "From is refused: the address itself must be without quotation marks, comments and route")]
    [InlineData("From: OWN\r\nSender: THEIRS", "Sender is refused: it names THEIRS")]
    [InlineData("From: OWN\r\nFrom: OWN", "From is refused: there is more than one")]
    [InlineData("From: (\") OWN (\")", "From is refused: its quotation marks, comments or brackets are not well-formed")]
    [InlineData("From: NAME", "From is refused: it names NAME@mail.hikyaku.localhost")] // Postfix adds the host
    [InlineData("From: <>", "From is refused: it has no address")]
    [InlineData("From: x\u3042@example.jp", "From is refused: it names x???@example.jp")]
    public async Task Who_may_not_send_as_From_says_is_told_what_is_wrong_with_it(string header, string reason)
    {
        var (account, neighbour) = (await Account.OpenAsync(_node), await Account.OpenAsync(_node));
        using var smtp = await _node.SmtpAsync("SUBMISSION", SecureSocketOptions.StartTls);
        await smtp.AuthenticateAsync(account.Address, account.Secret);
        Assert.Equal($"554 5.7.1 From and Sender must be {account.Address} and nobody else; {In(reason)}", await smtp.SayMessageAsync(account.Address, neighbour.Address, In(header)));

        string In(string text) => text.Replace("OWN", account.Address, StringComparison.Ordinal).Replace("THEIRS", neighbour.Address, StringComparison.Ordinal)
            .Replace("NAME", account.Address.Split('@')[0], StringComparison.Ordinal);
    }

    private static string Base64(string text) => Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(text));
}
