using Hikyaku.Copier.Tests.Integration;
using Hikyaku.DataCopy.Mails;

namespace Hikyaku.DataCopy.Tests.Integration;

[Trait("Rule", "CPY-5")]
public sealed class Mails_about_copies(CopyPlatform platform)
{
    private readonly CopyingAccount _copy = platform.NewCopy();

    [Fact, Trait("Rule", "CPY-3")]
    public async Task A_message_over_the_limit_is_told_once_by_folder_date_and_subject()
    {
        await _copy.Source.StoreAsync("INBOX", Mailbox.Message("small"), Mailbox.Message("huge", CopyPlatform.MaxMessageBytes + 1000));

        var first = await _copy.RunAsync();

        Assert.Equal(("succeeded", "messages-too-large", 1), ((string)first["state"]!, (string)first["reason"]!, (int)first["messages"]!["skippedTooLarge"]!));
        var skipped = Assert.Single(first["skipped"]!.AsArray());
        Assert.Equal(("INBOX", "huge", "too-large"), ((string)skipped!["folder"]!, (string)skipped["subject"]!, (string)skipped["reason"]!));
        var mail = await _copy.MailAsync();
        Assert.Equal(EndMail.Repeat, mail.Subject);
        Assert.Contains("huge", mail.TextBody, StringComparison.Ordinal);
        Assert.Contains("100MB を超えるメールデータが含まれています", mail.TextBody, StringComparison.Ordinal);
        var again = await _copy.RunAsync();
        Assert.Equal(("succeeded", null, 1), ((string)again["state"]!, (string?)again["reason"], (int)again["messages"]!["skippedTooLarge"]!));
        Assert.Equal(EndMail.Completed, (await _copy.MailAsync(2)).Subject);
    }

    [Fact, Trait("Rule", "CPY-10")]
    public async Task An_empty_source_says_so()
    {
        var ended = await _copy.RunAsync();

        Assert.Equal(("succeeded", "source-empty"), ((string)ended["state"]!, (string)ended["reason"]!));
        var mail = await _copy.MailAsync();
        Assert.Equal(EndMail.Completed, mail.Subject);
        Assert.Contains("コピー元にメールが残っていない", mail.TextBody, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_source_that_refuses_the_login_is_told_with_what_to_do()
    {
        var ended = await _copy.RunAsync(_copy.SourceBody(password: "wrong"));

        Assert.Equal(("failed", "source-unsuitable", "wrong-password"), ((string)ended["state"]!, (string)ended["reason"]!, (string)ended["cause"]!));
        var mail = await _copy.MailAsync();
        Assert.Equal(EndMail.Repeat, mail.Subject);
        Assert.Equal("notices@hikyaku.example", mail.From.Mailboxes.Single().Address);
        Assert.Equal("auto-generated", mail.Headers["Auto-Submitted"]);
        Assert.Contains("コピー元メールサーバーがメールデータコピーの対象外です", mail.TextBody, StringComparison.Ordinal);
        Assert.Contains("The server refuses this user name and password.", mail.TextBody, StringComparison.Ordinal);
        Assert.DoesNotContain(MailServer.Password, mail.TextBody, StringComparison.Ordinal);
    }
}
