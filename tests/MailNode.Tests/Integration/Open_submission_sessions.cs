using Hikyaku.Platform.Testing;
using MailKit.Security;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>Postfix checks a password once in a connection; what becomes of it afterwards must count, too.</summary>
[Collection(OneNode.Name)]
public sealed class Open_submission_sessions(NodeFixture fixture)
{
    private readonly MailNodeUnderTest _node = fixture.Node;

    [Theory, Trait("Rule", "ACC-7"), Trait("Rule", "ACC-8")]
    [InlineData("SUBMISSION", SecureSocketOptions.StartTls, false)]
    [InlineData("SUBMISSION", SecureSocketOptions.None, true)]
    [InlineData("SUBMISSIONS", SecureSocketOptions.SslOnConnect, false)]
    public async Task A_session_of_the_old_password_is_ended_at_its_next_message(string port, SecureSocketOptions tls, bool nullSender)
    {
        var account = await Account.OpenAsync(_node);
        using var smtp = await LoggedInAsync(account, port, tls);
        Assert.StartsWith("250", await TrySendAsync(smtp, nullSender ? "" : account.Address), StringComparison.Ordinal);

        var changed = await account.ChangePasswordAsync("Hanafubuki-93ab");
        Assert.StartsWith("421", await TrySendAsync(smtp, nullSender ? "" : account.Address), StringComparison.Ordinal);
        await Eventually.Async(() => smtp.IsOverAsync());
        using var again = await LoggedInAsync(changed, port, tls);
        Assert.StartsWith("250", await TrySendAsync(again, nullSender ? "" : account.Address), StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "ACC-8")]
    public async Task A_session_ends_as_well_when_the_password_is_taken_away()
    {
        var account = await Account.OpenAsync(_node);
        using var smtp = await LoggedInAsync(account);
        await account.ChangeAsync(s => s with { PasswordHash = null }, null);
        Assert.StartsWith("421", await TrySendAsync(smtp, account.Address), StringComparison.Ordinal);
    }

    [Theory, Trait("Rule", "ACC-5")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_session_of_a_deleted_account_sends_nothing_in_a_later_life_of_the_address(bool livesAgain)
    {
        var first = await Account.OpenAsync(_node);
        using (var smtp = await LoggedInAsync(first))
        using (var withoutSender = await LoggedInAsync(first))
        {
            await first.ChangeAsync(s => s with { Deleted = true, PasswordHash = null }, null);
            // The stream of the later life has the same version as the former one had.
            if (livesAgain) await Account.OpenAsync(_node, name: first.Address.Split('@')[0], life: 2);
            Assert.StartsWith("421", await TrySendAsync(smtp, first.Address), StringComparison.Ordinal);
            Assert.StartsWith("421", await TrySendAsync(withoutSender, ""), StringComparison.Ordinal);
        }
    }

    [Fact, Trait("Rule", "NOD-6")]
    public async Task An_empty_sender_is_taken_as_receipts_have_none_and_nobody_elses_is()
    {
        var (account, neighbour) = (await Account.OpenAsync(_node), await Account.OpenAsync(_node));
        using var smtp = await LoggedInAsync(account);
        Assert.StartsWith("250", await TrySendAsync(smtp, ""), StringComparison.Ordinal);
        Assert.StartsWith("553", await TrySendAsync(smtp, neighbour.Address), StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "ACC-7")]
    public async Task Other_changes_of_the_account_leave_its_sessions_alone()
    {
        var account = await Account.OpenAsync(_node);
        using var smtp = await LoggedInAsync(account);
        await account.ChangeCapacityAsync(20);
        Assert.StartsWith("250", await TrySendAsync(smtp, account.Address), StringComparison.Ordinal);
    }

    private static async Task<SpeakingClient> LoggedInAsync(Account account, string port = "SUBMISSION", SecureSocketOptions tls = SecureSocketOptions.StartTls)
    {
        var smtp = await account.Node.SmtpAsync(port, tls);
        await smtp.AuthenticateAsync(account.Address, account.Secret);
        return smtp;
    }

    // The answer to MAIL when it is a refusal, else that to RCPT.
    private static async Task<string> TrySendAsync(SpeakingClient smtp, string from)
    {
        await smtp.SayAsync("RSET");
        var said = await smtp.SayAsync($"MAIL FROM:<{from}>");
        if ((int)said.StatusCode == 250) said = await smtp.SayAsync("RCPT TO:<somebody@outside.test>");
        return $"{(int)said.StatusCode} {said.Response}";
    }
}
