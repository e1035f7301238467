using Hikyaku.Accounts.Contracts;
using Hikyaku.MailNode.Contracts;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode.Tests.Specs;

/// <summary>What is told of the lines of logs; each test writes what Postfix and Dovecot would.</summary>
[Trait("Rule", "OPS-4")]
public sealed class Noting_deliveries : IDisposable
{
    private const string Id = "4jcmj419QMz1jFSk", Copy = "4jcmj43tjtz1jFwl";
    private static readonly DateTimeOffset Now = new(2026, 11, 29, 12, 31, 4, TimeSpan.Zero);
    private readonly SqliteConnection _replica = EmptyReplica.Open();
    private int _line;

    public Noting_deliveries()
    {
        foreach (var (id, name) in new[] { ("a1", "taro"), ("a2", "hanako") })
            EmptyReplica.Rows.Watch(_replica, new MailboxState(id, $"{name}@example.jp", "example.jp", 1, null, 10, 1, ++_line, false), Now);
    }

    public void Dispose() => _replica.Dispose();

    [Fact]
    public void A_message_is_told_to_each_of_its_recipients_here_when_they_are_known()
    {
        Assert.Empty(Take("stranger@outside.test"));
        var told = Note(Sent("taro+shop@example.jp", "250 2.0.0 <taro@example.jp> abc Saved"), Sent("HANAKO@example.jp", "250 2.0.0 <hanako@example.jp> abd Saved"), Sent("x@outside.test", "250 ok"));
        Assert.Equal(["a1 taken", "a1 sent", "a2 taken", "a2 sent"], told.Select(Short));
        Assert.All(told, f => Assert.Equal((Id, "received", "m1@outside.test"), (f.Delivery, f.Direction, f.MessageId)));
        Assert.Equal(("smtp", "mail.outside.test[192.0.2.7]", "stranger@outside.test", 4711), (told[0].Door, told[0].Client, told[0].Sender, told[0].Size));
        Assert.Equal(("abc", "taro+shop@example.jp", "2.0.0"), (told[1].Session, told[1].Recipient, told[1].Dsn));
        Assert.Equal(told.Count, told.Select(f => f.Id).Distinct().Count());
    }

    [Fact]
    public void A_message_of_nobody_here_is_not_told()
    {
        Take("stranger@outside.test");
        Assert.Empty(Note(Sent("x@outside.test", "250 ok"), new PostfixLine.Removed(Id)));
    }

    [Fact]
    public void The_sender_is_told_of_every_recipient()
    {
        var taken = Take("taro@example.jp", "submission", "taro@example.jp/1.3");
        Assert.Equal(("a1 taken", "sent", "taro@example.jp"), (Short(Assert.Single(taken)), taken[0].Direction, taken[0].Login));
        var told = Note(Sent("x@outside.test", "250 ok"), Sent("hanako@example.jp", "250 2.0.0 <hanako@example.jp> abc Saved"));
        Assert.Equal(["a1 sent", "a2 taken", "a2 sent", "a1 sent"], told.Select(Short));
        Assert.Equal(["x@outside.test", "hanako@example.jp"], told.Where(f => f.AccountId == "a1").Select(f => f.Recipient!));
    }

    [Fact]
    public void A_deferral_is_told_again_only_when_its_reason_changes_and_becomes_an_expiry()
    {
        Take("taro@example.jp", "submission", "taro@example.jp/1.3");
        var full = new PostfixLine.Tried(Id, "x@outside.test", null, "outside.test[192.0.2.1]:25", "4.2.2", "deferred", "host said: 452 4.2.2 full");
        Assert.Equal(["a1 deferred"], Note(full, full, full with { Answer = "host said: 452 4.2.2 still full" }).Select(Short));
        Assert.Equal(["a1 deferred"], Note(full with { Dsn = "4.4.1" }, full with { Dsn = "4.4.1" }).Select(Short));
        var expired = Assert.Single(Note(new PostfixLine.Expired(Id), new PostfixLine.Expired(Id)));
        Assert.Equal(("a1 expired", "4.4.1", "x@outside.test", "sent"), (Short(expired), expired.Dsn, expired.Recipient, expired.Direction));
    }

    [Fact]
    public void What_a_rule_forwards_belongs_to_the_message_that_it_was()
    {
        Take("stranger@outside.test");
        Note(Sent("taro@example.jp", "250 2.0.0 <taro@example.jp> abc Saved"));
        Note(new PostfixLine.Began(Copy, "forward", "localhost[127.0.0.1]", null), new PostfixLine.Named(Copy, "<m1@outside.test>"), new PostfixLine.Queued(Copy, "SRS0=x@mail.test", 5000));
        var told = Note(
            new PostfixLine.Tried(Copy, "x@outside.test", $"{Id}.-0-7.a1@forward.invalid", "outside.test[192.0.2.1]:25", "2.0.0", "sent", "250 thanks"),
            new PostfixLine.Tried(Copy, "hanako@example.jp", $"{Id}.-0-7.a1@forward.invalid", "127.0.0.1", "2.0.0", "sent", "250 2.0.0 <hanako@example.jp> abe Saved"));
        Assert.Equal(["a1 sent", "a2 taken", "a2 sent", "a1 sent"], told.Select(Short));
        Assert.All(told.Where(f => f.AccountId == "a1"), f => Assert.Equal(("forward", Id, "0-7", Copy), (f.Way, f.Delivery, f.Rules, f.QueueId)));
        Assert.Equal(("250 thanks", "x@outside.test"), (told[0].Answer, told[0].Recipient));
        Assert.Equal((Copy, Id, "forward"), (told[1].Delivery, told[1].Cause, told[1].Door));
    }

    [Theory]
    [InlineData($"{Id}.-0.nobody@forward.invalid")]
    [InlineData("x@forward.invalid")]
    [InlineData("..@forward.invalid")]
    [InlineData("a.-1.a1.b@forward.invalid")]
    public void An_address_of_forwarding_that_names_no_account_is_told_to_nobody(string address)
        => Assert.Empty(Note(new PostfixLine.Began(Copy, "forward", "localhost[127.0.0.1]", null), new PostfixLine.Tried(Copy, "x@outside.test", address, "none", "2.0.0", "sent", "250 ok")));

    [Theory]
    [InlineData("smtp")]
    [InlineData("submission")]
    public void An_address_of_forwarding_that_somebody_writes_is_told_to_no_other_account(string door)
    {
        Take("hanako@example.jp", door, door == "smtp" ? null : "hanako@example.jp/1.1");
        var told = Note(new PostfixLine.Tried(Id, $"{Copy}.-0.a1@forward.invalid", null, "none", "5.4.4", "bounced", "Host not found"));
        Assert.DoesNotContain(told, f => f.AccountId == "a1");
    }

    [Fact]
    public void An_autoreply_is_told_with_the_Message_ID_that_it_answers()
    {
        var told = Note(
            new PostfixLine.Began(Copy, "forward", "localhost[127.0.0.1]", null), new PostfixLine.Named(Copy, "<dovecot-sieve-1@mail.test>"),
            new PostfixLine.Field(Copy, "From", "Taro <taro@example.jp>"), new PostfixLine.Field(Copy, "In-Reply-To", "<m1@outside.test>"), new PostfixLine.Queued(Copy, "", 800),
            new PostfixLine.Tried(Copy, "stranger@outside.test", null, "outside.test", "2.0.0", "sent", "250 read later"));
        var end = Assert.Single(told);
        Assert.Equal(("a1 sent", "reply", "m1@outside.test", null, "stranger@outside.test"), (Short(end), end.Way, end.Cause, end.Delivery, end.Recipient));
    }

    [Fact]
    public void Fields_of_messages_from_elsewhere_link_nothing()
    {
        Take("");
        Assert.Empty(Note(new PostfixLine.Field(Id, "From", "taro@example.jp"), new PostfixLine.Field(Id, "In-Reply-To", "<m1@outside.test>"), Sent("x@outside.test", "250 ok")));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(Id)]
    public void A_refusal_is_a_delivery_of_its_own(string? queueId)
    {
        var told = Assert.Single(Note(new PostfixLine.Refused(queueId, "smtp", "RCPT", "x[192.0.2.1]", false, false, "552 5.2.2 <taro@example.jp>: full", "a@outside.test", "taro@example.jp")));
        Assert.Equal(("a1 refused", told.Id, "5.2.2", "a@outside.test"), (Short(told), told.Delivery, told.Dsn, told.Sender));
    }

    [Fact]
    public void A_refusal_for_nobody_here_is_not_told()
        => Assert.Empty(Note(new PostfixLine.Refused(null, "smtp", "RCPT", "x[192.0.2.1]", false, false, "550 5.1.1 no such user", "a@outside.test", "nobody@example.jp")));

    [Fact]
    public void A_submission_in_anothers_name_is_told_to_whoever_had_logged_in()
    {
        var told = Note(new PostfixLine.Refused(
            null, "submission", "RCPT", "x[192.0.2.1]", false, false, "553 5.7.1 <hanako@example.jp>: Sender address rejected: not owned by user taro@example.jp/1.1", "hanako@example.jp", "x@outside.test"));
        Assert.Equal(("a1 refused", "sent"), (Short(Assert.Single(told)), told[0].Direction));
    }

    [Fact]
    public void What_a_milter_refuses_had_been_taken_and_may_have_a_verdict()
    {
        Note(new PostfixLine.Began(Id, "smtp", "mail.outside.test[192.0.2.7]", null), new PostfixLine.Named(Id, "<m1@outside.test>"));
        Judge(new("virus", 12, "Eicar"));
        var told = Note(new PostfixLine.Refused(Id, "smtp", "END-OF-MESSAGE", "mail.outside.test[192.0.2.7]", true, true, "5.7.1 dropped", "s@outside.test", "taro@example.jp"));
        Assert.Equal(["a1 taken", "a1 judged", "a1 dropped"], told.Select(Short));
        Assert.All(told, f => Assert.Equal(Id, f.Delivery));
        Assert.Equal((new DeliveryVerdict("virus", 12, "Eicar"), "s@outside.test"), (told[1].Verdict!, told[0].Sender));
    }

    [Fact]
    public void A_virus_for_several_accounts_is_told_to_each_once()
    {
        Note(new PostfixLine.Began(Id, "smtp", "mail.outside.test[192.0.2.7]", null), new PostfixLine.Named(Id, "<m1@outside.test>"));
        Judge(new("virus", 12, "Eicar"));
        var notes = new DeliveryNotes(_replica);
        foreach (var to in new[] { "taro@example.jp", "Hanako+shop@example.jp", "hanako@example.jp", "nobody@example.jp" }) notes.NoteInfected(Id, to);
        var told = Note(new PostfixLine.Refused(Id, "smtp", "END-OF-MESSAGE", "mail.outside.test[192.0.2.7]", true, true, "5.7.1 dropped", "s@outside.test", "taro@example.jp"));
        Assert.Equal(["a1 taken", "a1 judged", "a1 dropped", "a2 taken", "a2 judged", "a2 dropped"], told.Select(Short));
        Assert.Equal("Hanako+shop@example.jp", told[^1].Recipient);
    }

    [Fact]
    public void A_verdict_is_told_with_the_message_or_after_it()
    {
        Take("stranger@outside.test");
        Judge(new("spam", 9.5));
        Assert.Equal(["a1 taken", "a1 judged", "a1 sent"], Note(Sent("taro@example.jp", "250 Saved")).Select(Short));
        Assert.Equal(["a1 judged"], Judge(new("spam", 9.6)).Select(Short));
    }

    [Fact]
    public void Dovecots_lines_are_told_to_the_mailboxs_account_with_the_session()
    {
        var told = Note(
            new DovecotLine("taro@example.jp", "s1", "<m1@outside.test>", DeliveryKinds.Forwarded, $"{Id}.-3.a1@forward.invalid"), new("taro@example.jp", "s1", null, DeliveryKinds.Stored, "Junk"),
            new("taro@example.jp", "s1", null, DeliveryKinds.Replied, "x@outside.test"), new("nobody@example.jp", "s2", null, DeliveryKinds.Stored, "INBOX"));
        Assert.Equal([("a1 forwarded", Id, "3", null), ("a1 stored", null, null, "Junk"), ("a1 replied", null, null, null)], told.Select(f => (Short(f), f.Delivery, f.Rules, f.Folder)));
        Assert.All(told, f => Assert.Equal("s1", f.Session));
    }

    [Fact]
    public void A_notice_of_Postfix_follows_from_the_message_that_it_is_about()
    {
        Take("taro@example.jp", "submission", "taro@example.jp/1.3");
        Note(new PostfixLine.Notice(Id, Copy), new PostfixLine.Named(Copy, "<n@mail.test>"), new PostfixLine.Queued(Copy, "", 3000));
        var told = Note(new PostfixLine.Tried(Copy, "taro@example.jp", null, "127.0.0.1", "2.0.0", "sent", "250 2.0.0 <taro@example.jp> abf Saved"));
        Assert.Equal(("a1 taken", "notice", Id, "received"), (Short(told[0]), told[0].Door, told[0].Cause, told[0].Direction));
    }

    [Fact]
    public void Messages_are_forgotten_an_hour_after_they_left_the_queue_or_after_a_week()
    {
        Take("taro@example.jp", "submission", "taro@example.jp/1.3");
        DeliveryNotes.Forget(_replica, Now.AddDays(6));
        Assert.Equal(1, Messages());
        Note(new PostfixLine.Removed(Id));
        DeliveryNotes.Forget(_replica, Now.AddMinutes(59));
        Assert.Equal(1, Messages());
        DeliveryNotes.Forget(_replica, Now.AddMinutes(61));
        Assert.Equal(0, Messages() + _replica.One<long>("SELECT count(*) FROM traced_recipient"));
    }

    [Fact, Trait("Rule", "OPS-7")]
    public void What_is_remembered_goes_along_into_another_replica()
    {
        Take("taro@example.jp", "submission", "taro@example.jp/1.3");
        DeliveryNotes.Keep(_replica, "postfix", new(1, 2, "x"));
        using var other = EmptyReplica.Open();
        foreach (var table in DeliveryNotes.Kept.Select(t => TableCopy.Of(_replica, t))) table.Into(other);
        Assert.Equal(new LogPosition(1, 2, "x"), DeliveryNotes.PositionOf(other, "postfix"));
        Assert.Equal(Id, other.One<string>("SELECT queue_id FROM traced_message WHERE login = 'taro@example.jp'"));
        TableCopy.Of(_replica, "of_a_later_version").Into(other); // none
    }

    private static string Short(DeliveryObserved fact) => $"{fact.AccountId} {fact.Kind}";

    private static PostfixLine.Tried Sent(string to, string answer) => new(Id, to, null, "127.0.0.1[127.0.0.1]:24", "2.0.0", "sent", answer);

    private IReadOnlyList<DeliveryObserved> Take(string sender, string door = "smtp", string? login = null) => Note(
        new PostfixLine.Began(Id, door, "mail.outside.test[192.0.2.7]", login), new PostfixLine.Named(Id, "<m1@outside.test>"), new PostfixLine.Queued(Id, sender, 4711));

    private IReadOnlyList<DeliveryObserved> Note(params PostfixLine[] lines) => Note(lines, (notes, line) => notes.Note(line));

    private IReadOnlyList<DeliveryObserved> Note(params DovecotLine[] lines) => Note(lines, (notes, line) => notes.Note(line));

    private IReadOnlyList<DeliveryObserved> Judge(DeliveryVerdict verdict) => Note<RspamdLine>([new(Id, verdict)], (notes, line) => notes.Note(line));

    private IReadOnlyList<DeliveryObserved> Note<T>(T[] lines, Action<DeliveryNotes, T> note)
    {
        var notes = new DeliveryNotes(_replica);
        foreach (var line in lines)
        {
            notes.Begin($"p1.{++_line:D12}", Now);
            note(notes, line);
        }

        return notes.Facts;
    }

    private long Messages() => _replica.One<long>("SELECT count(*) FROM traced_message");
}
