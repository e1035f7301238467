using Hikyaku.MailNode.Contracts;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode.Tests.Specs;

public sealed class Keeping_facts : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 11, 24, 9, 0, 0, TimeSpan.Zero);
    private readonly SqliteConnection _replica = EmptyReplica.Open();

    public void Dispose() => _replica.Dispose();

    [Fact, Trait("Rule", "NOD-2")]
    public void Facts_come_out_in_order_as_they_went_in_with_an_id_that_stays()
    {
        var erased = new MailboxErased("mail1", "a1", Now);
        var deleted = new MailDataDeleted("mail1", "a2", "job", Now, 3, 4);
        FactOutbox.Add(_replica, erased);
        FactOutbox.Add(_replica, deleted);
        var waiting = FactOutbox.Oldest(_replica, 10);
        Assert.Equal([erased, deleted], waiting.Select(w => w.Read()));
        Assert.Equal(waiting, FactOutbox.Oldest(_replica, 10));
        Assert.Equal(1, FactOutbox.Remove(_replica, [waiting[0].MessageId]));
        Assert.Equal(waiting[1], Assert.Single(FactOutbox.Oldest(_replica, 10)));
    }

    [Fact, Trait("Rule", "NOD-2")]
    public void Of_one_deletion_only_the_newest_progress_stays()
    {
        FactOutbox.Add(_replica, new MailDataDeletionProgressed("mail1", "a1", "job1", 1, 9));
        FactOutbox.Add(_replica, new MailboxErased("mail1", "a3", Now));
        FactOutbox.Add(_replica, new MailDataDeletionProgressed("mail1", "a2", "job1", 2, 9));
        FactOutbox.Add(_replica, new MailDataDeletionProgressed("mail1", "a1", "job1", 5, 9));
        FactOutbox.Add(_replica, new MailDataDeletionProgressed("mail1", "a1", "job2", 4, 9));
        FactBound.DropReplacedProgress(_replica);
        Assert.Equal(
            [new MailboxErased("mail1", "a3", Now), new MailDataDeletionProgressed("mail1", "a2", "job1", 2, 9), new MailDataDeletionProgressed("mail1", "a1", "job1", 5, 9), new MailDataDeletionProgressed("mail1", "a1", "job2", 4, 9)],
            Read());
    }

    [Fact, Trait("Rule", "NOD-2"), Trait("Rule", "RST-2")]
    public void Many_waiting_logins_become_a_few_messages_that_count_all_and_others_stay()
    {
        const int messages = 5_000;
        for (var i = 0; i < messages; i++)
        {
            AddLogins(i);
            if (i % 500 == 0) FactOutbox.Add(_replica, new MailboxErased("mail1", $"a{i}", Now));
        }

        Bound();
        Assert.InRange(_replica.One<long>("SELECT count(*) FROM fact"), 1, 70);
        Assert.Equal(3 * messages, Logins().Sum(l => l.Count));
        Assert.Equal(10, Read().OfType<MailboxErased>().Count());
        // Again and again.
        for (var i = 0; i < messages; i++) AddLogins(i);
        Bound();
        Assert.Equal(6 * messages, Logins().Sum(l => l.Count));
        Assert.InRange(_replica.One<long>("SELECT count(*) FROM fact"), 1, 70);
    }

    [Fact, Trait("Rule", "RST-2")]
    public void The_oldest_which_the_broker_may_have_are_not_put_together()
    {
        for (var i = 0; i < FactBound.LoginMessages + 100; i++) AddLogins(i);
        var oldest = FactOutbox.Oldest(_replica, FactSender.AtOnce);
        Bound();
        Assert.Equal(oldest, FactOutbox.Oldest(_replica, FactSender.AtOnce));
    }

    [Fact, Trait("Rule", "RST-2")]
    public void Few_logins_are_told_one_by_one()
    {
        for (var i = 0; i < FactBound.LoginMessages; i++) AddLogins(i);
        var before = FactOutbox.All(_replica);
        Bound();
        Assert.Equal(before, FactOutbox.All(_replica));
    }

    [Fact, Trait("Rule", "REL-8")]
    public void An_unreadable_fact_or_one_of_another_version_blocks_nothing_and_is_kept()
    {
        _replica.Run("INSERT INTO fact (message_id, type, body) VALUES ('x', 'OfALaterVersion', '{}')");
        _replica.Run("INSERT INTO fact (message_id, type, body) VALUES ('y', 'MailboxErased', '{\"at\":\"no time\"}')");
        FactOutbox.Add(_replica, new MailboxErased("mail1", "a1", Now));
        var waiting = FactOutbox.Oldest(_replica, 10);
        Assert.Equal([null, new MailboxErased("mail1", "a1", Now)], waiting.Select(w => w.Read()));
        FactOutbox.SetAside(_replica, "y");
        Assert.Single(FactOutbox.Oldest(_replica, 10));
        Assert.Equal(3, FactOutbox.All(_replica).Count);
    }

    private void AddLogins(int i) => FactOutbox.Add(_replica, new LoginsObserved("mail1",
    [
        new(Now, Now, 1, "a1", "a@example.jp", $"192.0.2.{i % 250}", "imap", true, true),
        new(Now, Now, 1, null, $"u{i}@example.jp", $"198.51.100.{i % 250}", "smtp", false, false),
        new(Now, Now, 1, "a2", "b@example.jp", null, "pop3", true, true),
    ]));

    private void Bound()
    {
        var many = FactBound.TooManyLogins(_replica, FactSender.AtOnce);
        if (many.Count == 0) return;
        (many, var few) = FactBound.Together(many);
        Assert.True(FactBound.Exchange(_replica, many, few));
        Assert.False(FactBound.Exchange(_replica, many, few)); // they are no longer there
    }

    private IEnumerable<object?> Read() => FactOutbox.Oldest(_replica, 100_000).Select(w => w.Read());

    private IEnumerable<LoginObserved> Logins() => Read().OfType<LoginsObserved>().SelectMany(l => l.Logins);
}
