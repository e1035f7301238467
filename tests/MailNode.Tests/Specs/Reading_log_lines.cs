using Hikyaku.MailNode.Contracts;

namespace Hikyaku.MailNode.Tests.Specs;

/// <summary>Lines as Postfix 3.7, Dovecot 2.3.19 and Rspamd write them, and as strangers would like them to be read.</summary>
[Trait("Rule", "OPS-4")]
public sealed class Reading_log_lines
{
    private static readonly DateTimeOffset Now = new(2026, 11, 29, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("mail postfix/smtpd[1]: 4jcmj419QMz1jFSk: client=mail.example.jp[192.0.2.7]", "smtp", "mail.example.jp[192.0.2.7]", null)]
    [InlineData("mail postfix/submission/smtpd[1]: 4jcmj419QMz1jFSk: client=localhost[127.0.0.1], sasl_method=LOGIN, sasl_username=taro@example.jp/1.1", "submission", "localhost[127.0.0.1]", "taro@example.jp/1.1")]
    [InlineData("mail postfix/forward/smtpd[1]: 4jcmj419QMz1jFSk: client=localhost[127.0.0.1]", "forward", "localhost[127.0.0.1]", null)]
    [InlineData("mail postfix/reinject/smtpd[1]: 4jcmj419QMz1jFSk: client=localhost[::1]", "reinject", "localhost[::1]", null)]
    public void A_message_begins_at_a_door(string line, string door, string client, string? login)
        => Assert.Equal(new PostfixLine.Began("4jcmj419QMz1jFSk", door, client, login), PostfixLine.Read(line));

    [Theory]
    [InlineData("stranger@outside.test")]
    [InlineData("")]
    [InlineData("\">, size=1, nrcpt=1 (queue active)\"@outside.test")]
    public void A_message_is_queued_whatever_its_sender_is_called(string sender)
        => Assert.Equal(
            new PostfixLine.Queued("4jcmj419QMz1jFSk", sender, 4711), PostfixLine.Read($"mail postfix/qmgr[1]: 4jcmj419QMz1jFSk: from=<{sender}>, size=4711, nrcpt=2 (queue active)"));

    [Theory]
    [InlineData("taro@example.jp", null, "sent", "2.0.0", "250 2.0.0 <taro@example.jp> /VPOJbQaDGvQZwAAg+zDdQ Saved")]
    [InlineData("x@outside.test", "4jcmj419QMz1jFSk.-0.01a2@forward.invalid", "bounced", "5.1.1", "host 127.0.0.1[127.0.0.1] said: 550 5.1.1 No (such) user (in reply to RCPT TO command)")]
    [InlineData("x@outside.test", null, "deferred", "4.4.1", "connect to outside.test[192.0.2.1]:25: Connection timed out")]
    [InlineData("\"a>, relay=x, delay=1, delays=1, dsn=5.0.0, status=bounced (x)\"@outside.test", null, "sent", "2.0.0", "250 fine")]
    [InlineData("x@outside.test", null, "sent", "2.0.0", "250 to=<y>, relay=z, status=bounced (no)")]
    public void A_recipients_turn_is_read_with_what_the_other_server_said(string to, string? original, string status, string dsn, string answer)
    {
        var orig = original is null ? "" : $"orig_to=<{original}>, ";
        Assert.Equal(
            new PostfixLine.Tried("4jcmj419QMz1jFSk", to, original, "outside.test[192.0.2.1]:25", dsn, status, answer),
            PostfixLine.Read($"mail postfix/smtp[9]: 4jcmj419QMz1jFSk: to=<{to}>, {orig}relay=outside.test[192.0.2.1]:25, conn_use=2, delay=0.49, delays=0.06/0.1/0.02/0.31, dsn={dsn}, status={status} ({answer})"));
    }

    [Theory]
    [InlineData("mail postfix/smtpd[1]: NOQUEUE: reject: RCPT from localhost[127.0.0.1]: 552 5.2.2 <taro@example.jp>: Recipient address rejected: full; from=<a@outside.test> to=<taro@example.jp> proto=ESMTP helo=<vm>", null, "a@outside.test")]
    [InlineData("mail postfix/smtpd[1]: 4jcmj419QMz1jFSk: reject: RCPT from localhost[127.0.0.1]: 552 5.2.2 <taro@example.jp>: Recipient address rejected: full; from=<> to=<taro@example.jp> proto=SMTP helo=<x> to=<hanako@example.jp> proto=SMTP helo=<y>", "4jcmj419QMz1jFSk", "")]
    [InlineData("mail postfix/smtpd[1]: NOQUEUE: reject: RCPT from localhost[127.0.0.1]: 552 5.2.2 <taro@example.jp>: Recipient address rejected: full; from=<\"; from=<x> to=<y> proto=ESMTP helo=<z>\"@outside.test> to=<taro@example.jp> proto=ESMTP helo=<vm>", null, "\"; from=<x> to=<y> proto=ESMTP helo=<z>\"@outside.test")]
    public void A_refusal_names_sender_and_recipient_whatever_the_client_says(string line, string? id, string sender)
    {
        var refused = Assert.IsType<PostfixLine.Refused>(PostfixLine.Read(line));
        Assert.Equal((id, sender, "taro@example.jp", "552 5.2.2 <taro@example.jp>: Recipient address rejected: full"), (refused.QueueId, refused.Sender, refused.Recipient, refused.Answer));
    }

    [Theory]
    [InlineData("milter-reject", false)]
    [InlineData("milter-discard", true)]
    public void What_a_milter_refuses_or_drops_is_read(string kind, bool dropped)
    {
        var refused = Assert.IsType<PostfixLine.Refused>(PostfixLine.Read(
            $"mail postfix/cleanup[1]: 4jcmj419QMz1jFSk: {kind}: END-OF-MESSAGE from localhost[127.0.0.1]: 5.7.1 Not yours; from=<taro@example.jp> to=<x@outside.test> proto=ESMTP helo=<vm>"));
        Assert.Equal((dropped, true, "5.7.1 Not yours"), (refused.Dropped, refused.ByMilter, refused.Answer));
    }

    [Theory]
    [InlineData("mail postfix/qmgr[1]: 4jcmj419QMz1jFSk: from=<\"x>, size=abc, nrcpt=1 (queue active)")]
    [InlineData("mail postfix/smtp[1]: 4jcmj419QMz1jFSk: to=<x@outside.test>, relay=x, status=sent (250 ok)")]
    [InlineData("mail postfix/smtp[1]: 4jcmj419QMz1jFSk: to=<x@outs")]
    [InlineData("mail postfix/smtpd[1]: NOQUEUE: reject: RCPT from x[1]: to=<")]
    [InlineData("mail postfix/smtpd[1]: NOQUEUE: reject: RCPT from x[1]: 550 no; from=< to=<a@b")]
    public void A_broken_line_is_said_to_be_broken(string line) => Assert.Throws<FormatException>(() => PostfixLine.Read(line));

    [Theory]
    [InlineData("")]
    [InlineData("mail postfix/smtpd[1]: connect from localhost[127.0.0.1]")]
    [InlineData("mail postfix/smtpd[1]: NOQUEUE: milter-reject: CONNECT from localhost[127.0.0.1]: 451 4.7.1 Service unavailable - try again later; proto=SMTP")]
    [InlineData("mail postfix/smtpd[1]: warning: 4jcmj419QMz1jFSk: to=<x@outside.test>")]
    [InlineData("mail postfix/master[1]: 4jcmj419QMz1jFSk: to=<x@outside.test>, status=sent (x)")]
    [InlineData("\0\u0001\ufffd]]]]][[[[[::::: <<<<<")]
    public void Other_lines_say_nothing(string line) => Assert.Null(PostfixLine.Read(line));

    [Theory]
    [InlineData("Info: msgid=<a@b>: saved mail to INBOX", "a@b", DeliveryKinds.Stored, "INBOX")]
    [InlineData("Info: sieve: msgid=<a@b>: stored mail into mailbox 'Junk'", "a@b", DeliveryKinds.Stored, "Junk")]
    [InlineData("Info: sieve: msgid=unspecified: redirect action: forwarded to <4jcm.-0.01a2@forward.invalid>", null, DeliveryKinds.Forwarded, "4jcm.-0.01a2@forward.invalid")]
    [InlineData("Info: sieve: msgid=<a@b>: sent vacation response to <x@outside.test>", "a@b", DeliveryKinds.Replied, "x@outside.test")]
    [InlineData("Info: sieve: msgid=<a>: stored mail into mailbox 'Junk': sieve: msgid=<b>: stored mail into mailbox 'INBOX'", "a", DeliveryKinds.Stored, "INBOX")]
    public void What_Dovecot_did_is_what_the_end_of_its_line_says(string text, string? messageId, string kind, string to)
    {
        var line = DovecotLine.Read($"lmtp(taro@example.jp)<25539></VPOJbQaDGvQZwAAg+zDdQ>: {text}")!;
        Assert.Equal(("taro@example.jp", "/VPOJbQaDGvQZwAAg+zDdQ", kind, to), (line.Address, line.Session, line.Kind, line.To));
        if (messageId is null) Assert.Null(line.MessageId);
        else Assert.StartsWith("<" + messageId, line.MessageId, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("lmtp(25539): Info: Connect from 127.0.0.1")]
    [InlineData("imap(taro@example.jp)<1><s>: Info: sieve: msgid=<a>: stored mail into mailbox 'INBOX'")]
    [InlineData("lmtp(taro@example.jp)<1><s>: Error: sieve: msgid=<a>: failed to store into mailbox 'INBOX': no space")]
    public void Other_lines_of_Dovecot_say_nothing(string line) => Assert.Null(DovecotLine.Read(line));

    [Theory]
    [InlineData("hikyaku: 4jcmj419QMz1jFSk verdict=ham score=-1.25 virus=-", "ham", -1.25, null)]
    [InlineData("2026-11-29 12:00:00 #12(rspamd_proxy) <ab12>; lua; incoming.lua:17: hikyaku: 4jcmj419QMz1jFSk verdict=virus score=0 virus=Eicar-Test-Signature", "virus", 0, "Eicar-Test-Signature")]
    public void A_verdict_is_read_from_the_line_of_our_own(string line, string kind, double score, string? virus)
        => Assert.Equal(new RspamdLine("4jcmj419QMz1jFSk", new(kind, score, virus)), RspamdLine.Read(line));

    [Theory]
    [InlineData("Subject: hikyaku: 4jcmj419QMz1jFSk verdict=ham score=0 virus=- and more")]
    [InlineData("hikyaku: 4jcmj419QMz1jFSk verdict=splendid score=0 virus=-")]
    [InlineData("hikyaku: 4jcmj419QMz1jFSk verdict=ham score=1e308 virus=-")]
    public void Other_lines_of_Rspamd_say_nothing(string line) => Assert.Null(RspamdLine.Read(line));

    [Theory]
    [InlineData("2026-11-29 12:00:00 #12(rspamd_proxy) <ab12>; lua; verdict.lua:17: hikyaku: 4jcmj419QMz1jFSk virus-for=taro@example.jp", "taro@example.jp")]
    [InlineData("hikyaku: 4jcmj419QMz1jFSk virus-for=taro@example.jp and more", null)]
    [InlineData("hikyaku: 4jcmj419QMz1jFSk verdict=virus score=0 virus=-", null)]
    public void Rspamd_names_whom_a_virus_was_for(string line, string? recipient) => Assert.Equal(recipient, RspamdLine.ReadInfected(line)?.Recipient);

    [Theory]
    [InlineData("Nov 29 11:59:58 mail", 2026, 11, 29)]
    [InlineData("Nov  5 11:59:58 mail", 2026, 11, 5)]
    [InlineData("Dec 31 11:59:58 mail", 2025, 12, 31)]
    public void A_time_without_a_year_is_of_the_last_twelve_months(string line, int year, int month, int day)
        => Assert.Equal(new DateOnly(year, month, day), DateOnly.FromDateTime(LogTime.Read(line, Now)!.Value.ToOffset(TimeZoneInfo.Local.GetUtcOffset(Now)).DateTime));

    [Theory]
    [InlineData("")]
    [InlineData("Nov 31 11:59:58 mail")]
    [InlineData("2026-11-29T11:59:58 mail")]
    public void A_line_without_a_time_is_none(string line) => Assert.Null(LogTime.Read(line, Now));
}
