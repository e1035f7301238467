using System.Text;
using Hikyaku.Feed.Notices.ByMail;
using Hikyaku.Platform;
using Microsoft.Extensions.Configuration;
using MimeKit;

namespace Hikyaku.Feed.Tests.Specs;

[Trait("Rule", "NTC-1")]
public sealed class Notices_as_mail
{
    private static readonly DateTimeOffset Now = new(2026, 11, 29, 9, 0, 0, TimeSpan.Zero);
    private static readonly NoticeMail Mail = new(Guid.Parse("b9fbabd457b44f5cb292470dea238152"), "sakura", "sakura@kura.example", "ja", "パスワードを変更してください。", 0);

    [Fact]
    public void A_mail_has_the_notices_text_and_says_that_nobody_wrote_it()
    {
        var message = Written(Mail);
        Assert.Equal(("パスワードを変更してください。", "パスワードを変更してください。"), (message.Subject, message.TextBody!.TrimEnd()));
        Assert.Equal("auto-generated", message.Headers[HeaderId.AutoSubmitted]);
        Assert.Equal("ja", message.Body!.Headers[HeaderId.ContentLanguage]);
        Assert.Equal(("notices@hikyaku.example", "sakura@kura.example", Now), (message.From.ToString(), message.To.ToString(), message.Date));
        Assert.Empty(message.Cc.Concat(message.Bcc).Concat(message.ReplyTo));
    }

    [Fact]
    public void A_mail_that_is_sent_again_has_the_same_id_and_another_readers_has_another()
    {
        Assert.Matches("^b9fbabd457b44f5cb292470dea238152\\.[0-9a-f]{16}@hikyaku\\.example$", Written(Mail).MessageId);
        Assert.Equal(Written(Mail).MessageId, Written(Mail with { Attempts = 3, Text = "corrected" }).MessageId);
        Assert.NotEqual(Written(Mail).MessageId, Written(Mail with { Reader = "tsubaki" }).MessageId);
        Assert.NotEqual(Written(Mail).MessageId, Written(Mail with { NoticeId = Guid.NewGuid() }).MessageId);
    }

    [Theory, Trait("Rule", "SEC-2")]
    [InlineData("one\r\nBcc: eve@evil.example\r\n\r\nbody", "one Bcc: eve@evil.example  body")]
    [InlineData("one\nX-Spam: no", "one X-Spam: no")]
    [InlineData("nul\0and\u001bescape\u0085next\u2028line", "nul and escape next line")]
    [InlineData("=?utf-8?q?=0D=0ABcc:_eve=40evil.example?=", "= ?utf-8?q?=0D=0ABcc:_eve=40evil.example?=")]
    [InlineData("<script>\"' 絵 😀", "<script>\"' 絵 😀")]
    public void Whatever_is_in_a_text_is_text(string text, string subject)
    {
        var message = Written(Mail with { Text = text });
        Assert.Equal(subject, message.Subject);
        Assert.Equal(["From", "Date", "Subject", "Message-Id", "Auto-Submitted", "To", "MIME-Version"], message.Headers.Select(h => h.Field));
        Assert.Single(message.To);
        Assert.DoesNotContain('\0', message.TextBody!);
    }

    [Fact]
    public void A_long_text_is_cut_in_the_subject_only_and_not_within_a_letter()
    {
        var text = new string('x', 149) + "😀 and more";
        var message = Written(Mail with { Text = text });
        Assert.Equal(new string('x', 149) + "…", message.Subject);
        Assert.Equal(text, message.TextBody!.TrimEnd());
    }

    [Fact]
    public void The_pause_between_attempts_doubles_up_to_an_hour_for_five_days()
    {
        Assert.Equal([30, 60, 120, 240, 480, 960, 1920, 3600, 3600], Enumerable.Range(0, 9).Select(n => (int)MailRetries.After(n).TotalSeconds));
        Assert.InRange(Enumerable.Range(0, MailRetries.MaxAttempts).Sum(n => MailRetries.After(n).TotalDays), 4.8, 5.2);
    }

    [Theory, Trait("Rule", "SEC-4")]
    [InlineData("smtp://192.0.2.1:25", "notices@hikyaku.example", null, null)] // no TLS over a network
    [InlineData("smtp://127.0.0.1:25", "notices@hikyaku.example", "login", "/secret")]
    [InlineData("submission://login:secret@mail.example", "notices@hikyaku.example", null, null)]
    [InlineData("https://mail.example", "notices@hikyaku.example", null, null)]
    [InlineData("submission://mail.example", "nobody", null, null)]
    [InlineData("submissions://mail.example", "notices@hikyaku.example", "login", null)]
    public void Settings_that_would_be_unsafe_or_make_no_sense_stop_the_start(string submission, string from, string? login, string? passwordFile)
        => Assert.Throws<InvalidOperationException>(() => MailSettings.Read(Configuration(submission, from, login, passwordFile)));

    [Theory]
    [InlineData("submissions://mail.example", 465, false)]
    [InlineData("submission://mail.example", 587, true)]
    [InlineData("submission://mail.example:10587", 10587, true)]
    [InlineData("smtp://127.0.0.1:10026", 10026, false)]
    public void The_scheme_says_how_and_on_which_port(string submission, int port, bool startTls)
    {
        var settings = MailSettings.Read(Configuration(submission, "notices@hikyaku.example", null, null));
        Assert.Equal((port, startTls), (settings.Port, settings.UsesStartTls));
        Assert.Null(MailSettings.Read(new ConfigurationBuilder().Build()).Submission);
    }

    private static IConfiguration Configuration(string submission, string from, string? login, string? passwordFile)
        => new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Hikyaku:Mail:Submission"] = submission,
            ["Hikyaku:Mail:From"] = from,
            ["Hikyaku:Mail:Login"] = login,
            ["Hikyaku:Mail:PasswordFile"] = passwordFile,
        }).Build();

    // As its recipient reads it.
    private static MimeMessage Written(NoticeMail mail)
    {
        using var bytes = new MemoryStream();
        mail.Message("notices@hikyaku.example", Now).WriteTo(bytes);
        var header = Encoding.Latin1.GetString(bytes.ToArray()).ReplaceLineEndings("\n").Split("\n\n")[0];
        Assert.DoesNotContain("\nBcc:", header, StringComparison.OrdinalIgnoreCase);
        bytes.Position = 0;
        return MimeMessage.Load(bytes);
    }
}
