using CsCheck;
using Hikyaku.Accounts.Contracts;
using Hikyaku.Contracts;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode.Tests.Specs;

public sealed class Obeying_the_newest_state : IDisposable
{
    private const string Address = "taro@example.jp";
    private static readonly DateTimeOffset Now = new(2026, 11, 24, 9, 0, 0, TimeSpan.Zero);
    private readonly SqliteConnection _replica = EmptyReplica.Open();

    public void Dispose() => _replica.Dispose();

    // One account's life, then a second life of the same address, a neighbour, and a domain that is given up.
    private static readonly object[] Story =
    [
        new DomainState("example.jp", true, 1, 1, false),
        Mailbox("a1", Address, 1, version: 1, position: 2, "one"),
        Mailbox("a1", Address, 1, version: 2, position: 3, "two"),
        Mailbox("b1", "hanako@example.jp", 1, version: 1, position: 4, null),
        Mailbox("a1", Address, 1, version: 3, position: 5, null, deleted: true),
        Mailbox("a2", Address, 2, version: 1, position: 6, "three"),
        Mailbox("b1", "hanako@example.jp", 1, version: 2, position: 7, "four", capacity: 20),
        new DomainState("other.jp", true, 1, 8, false),
        new DomainState("other.jp", false, 2, 9, true),
    ];

    [Fact, Trait("Rule", "REL-3")]
    public void Any_order_and_any_repetition_of_the_same_states_end_alike()
    {
        var expected = After(Story);
        Gen.Shuffle(Story).Select(Gen.Shuffle(Story), (once, again) => once.Concat(again[..4]).ToArray())
            .Sample(states => After(states) == expected, iter: 300);
    }

    [Fact, Trait("Rule", "REL-3")]
    public void A_list_at_any_moment_between_states_in_any_order_ends_alike()
    {
        var expected = After(Story);
        Gen.Select(Gen.Shuffle(Story), Gen.Int[0, Story.Length])
            .Sample((states, at) =>
            {
                using var replica = EmptyReplica.Open();
                foreach (var state in states[..at]) EmptyReplica.Rows.Watch(replica, state, Now);
                // As the service itself would answer after the whole story: no tombstones.
                object[] all = [Story[0], Story[5], Story[6]];
                EmptyReplica.Rows.List(replica, "accounts", all, 9, Now);
                foreach (var state in states[at..]) EmptyReplica.Rows.Watch(replica, state, Now);
                return Seen(replica) == expected;
            }, iter: 300);
    }

    [Fact, Trait("Rule", "ACC-5")]
    public void After_the_deletion_of_the_last_life_an_earlier_one_does_not_get_the_address()
    {
        EmptyReplica.Rows.Watch(_replica, Mailbox("a2", Address, 2, 2, 9, null, deleted: true), Now);
        EmptyReplica.Rows.Watch(_replica, Mailbox("a1", Address, 1, 2, 3, "one"), Now);
        Assert.Equal(0, _replica.One<long>("SELECT count(*) FROM dovecot_user"));
    }

    [Fact]
    public void A_row_that_a_list_did_not_name_goes_unless_it_is_newer_than_the_list()
    {
        EmptyReplica.Rows.Watch(_replica, Mailbox("a1", Address, 1, 1, 10, "one"), Now);
        EmptyReplica.Rows.Watch(_replica, Mailbox("b1", "hanako@example.jp", 1, 1, 11, "two"), Now);
        EmptyReplica.Rows.List(_replica, "accounts", [], 10, Now);
        Assert.Equal(["hanako@example.jp"], _replica.All("SELECT address FROM holder", r => r.GetString(0)));
    }

    [Fact]
    public void A_state_from_before_a_list_that_did_not_name_its_account_does_not_bring_it_back()
    {
        EmptyReplica.Rows.List(_replica, "accounts", [], 10, Now);
        Assert.False(EmptyReplica.Rows.Watch(_replica, Mailbox("a1", Address, 1, 1, 10, "one"), Now));
        Assert.True(EmptyReplica.Rows.Watch(_replica, Mailbox("b1", "hanako@example.jp", 1, 1, 11, "two"), Now));
    }

    [Fact, Trait("Rule", "NOD-5")]
    public void A_bookmark_counts_only_when_nothing_is_missing_before_it()
    {
        Assert.True(ReplicaRows.Watch(_replica, new NodeStateBookmark("accounts", 5, 0)));
        Assert.False(ReplicaRows.Watch(_replica, new NodeStateBookmark("accounts", 9, 7)));
        Assert.Equal(5, Progress.Of(_replica, "accounts").Applied);
        EmptyReplica.Rows.List(_replica, "accounts", [], 8, Now);
        Assert.True(ReplicaRows.Watch(_replica, new NodeStateBookmark("accounts", 9, 7)));
        Assert.Equal(9, Progress.Of(_replica, "accounts").Applied);
    }

    [Fact, Trait("Rule", "ACC-7")]
    public void What_a_session_reads_at_its_beginning_ends_it_when_it_changes()
    {
        EmptyReplica.Rows.Watch(_replica, Mailbox("a1", Address, 1, 1, 1, "one"), Now);
        EmptyReplica.Rows.Watch(_replica, Mailbox("a1", Address, 1, 2, 2, "one"), Now);
        Assert.Empty(Ending());
        EmptyReplica.Rows.Watch(_replica, Mailbox("a1", Address, 1, 3, 3, "one", capacity: 99), Now);
        Assert.Equal([Address], Ending());
        _replica.Run("DELETE FROM session_end");
        EmptyReplica.Rows.Watch(_replica, Mailbox("a1", Address, 1, 4, 4, "two", capacity: 99), Now);
        Assert.Equal([Address], Ending());
        _replica.Run("DELETE FROM session_end");
        EmptyReplica.Rows.Watch(_replica, Mailbox("a1", Address, 1, 5, 5, null, deleted: true), Now);
        Assert.Equal([Address], Ending());
    }

    [Fact, Trait("Rule", "ACC-7")]
    public void A_state_whose_old_sessions_may_be_open_is_applied_and_not_obeyed()
    {
        Assert.Equal(0, Progress.Obeyed(_replica, "accounts"));
        foreach (var (id, position) in new[] { ("a1", 1), ("b1", 2) }) EmptyReplica.Rows.Watch(_replica, Mailbox(id, $"{id}@example.jp", 1, 1, position, "one"), Now);
        Bookmark(2);
        EmptyReplica.Rows.Watch(_replica, Mailbox("a1", Address, 1, 2, 3, "two"), Now);
        Bookmark(3);
        EmptyReplica.Rows.Watch(_replica, Mailbox("b1", "b1@example.jp", 1, 2, 4, "two"), Now);
        EmptyReplica.Rows.Watch(_replica, Mailbox("a1", Address, 1, 3, 5, "three"), Now);
        Bookmark(5);
        Assert.Equal(2, Progress.Obeyed(_replica, "accounts")); // up to the first password that replaced another
        _replica.Run("UPDATE session_end SET rounds = rounds - 1 WHERE account_id = 'a1'");
        Assert.Equal(3, Progress.Obeyed(_replica, "accounts"));
        EmptyReplica.Rows.Watch(_replica, Mailbox("a1", Address, 1, 4, 6, null, deleted: true), Now);
        _replica.Run("DELETE FROM session_end WHERE account_id = 'b1'");
        Bookmark(6);
        Assert.Equal(5, Progress.Obeyed(_replica, "accounts"));
        _replica.Run("DELETE FROM session_end");
        Assert.Equal(6, Progress.Obeyed(_replica, "accounts"));

        void Bookmark(long position) => ReplicaRows.Watch(_replica, new NodeStateBookmark("accounts", position, Progress.Of(_replica, "accounts").Applied));
    }

    [Fact, Trait("Rule", "ACC-7"), Trait("Rule", "NOD-3")]
    public void A_list_is_obeyed_only_when_the_sessions_of_what_it_changes_are_ended()
    {
        EmptyReplica.Rows.List(_replica, "accounts", [Mailbox("a1", Address, 1, 1, 5, "one"), Mailbox("b1", "b1@example.jp", 1, 1, 5, "one")], 5, Now);
        Assert.Equal(5, Progress.Obeyed(_replica, "accounts"));
        EmptyReplica.Rows.List(_replica, "accounts", [Mailbox("a1", Address, 1, 2, 50, "two")], 50, Now);
        Assert.Equal([Address, "b1@example.jp"], Ending().Order(StringComparer.Ordinal).Reverse());
        Assert.Equal(5, Progress.Obeyed(_replica, "accounts"));
        _replica.Run("UPDATE session_end SET rounds = rounds - 1");
        Assert.Equal(50, Progress.Obeyed(_replica, "accounts"));
    }

    [Fact, Trait("Rule", "ACC-7"), Trait("Rule", "NOD-5")]
    public void Accounts_that_obey_less_than_the_others_are_named_unless_they_are_too_many()
    {
        EmptyReplica.Rows.List(_replica, "accounts", [.. Enumerable.Range(0, 101).Select(i => Mailbox($"a{i}", $"a{i}@example.jp", 1, 1, 5, "one"))], 5, Now);
        ReplicaRows.Watch(_replica, new NodeStateBookmark("accounts", 7, 5));
        for (var i = 0; i < 100; i++) SessionEnds.Add(_replica, "accounts", $"a{i}", $"a{i}@example.jp", Now, obeyed: i);
        var (applied, pending) = Progress.ForLease(_replica, "accounts");
        Assert.Equal((7, 100, 42), (applied, pending!.Count, pending["a42"]));
        SessionEnds.Add(_replica, "accounts", "a100", "a100@example.jp", Now, obeyed: 3);
        Assert.Equal((0, null), Progress.ForLease(_replica, "accounts"));
        _replica.Run("DELETE FROM session_end");
        SessionEnds.Add(_replica, "accounts", SessionEnds.Everybody, SessionEnds.Everybody, Now, obeyed: 2);
        Assert.Equal((2, null), Progress.ForLease(_replica, "accounts"));
    }

    [Fact]
    public void A_tombstone_is_kept_for_thirty_days_and_until_everything_is_erased()
    {
        EmptyReplica.Rows.Watch(_replica, Mailbox("a1", Address, 1, 3, 3, null, deleted: true), Now);
        EmptyReplica.Rows.ForgetTombstones(_replica, "accounts", Now.AddDays(31));
        Assert.Equal(1, _replica.One<long>("SELECT count(*) FROM mailbox"));
        Erasures.Finish(_replica, "mail1", "a1", Now);
        EmptyReplica.Rows.ForgetTombstones(_replica, "accounts", Now.AddDays(29));
        Assert.Equal(1, _replica.One<long>("SELECT count(*) FROM mailbox"));
        EmptyReplica.Rows.ForgetTombstones(_replica, "accounts", Now.AddDays(31));
        Assert.Equal(0, _replica.One<long>("SELECT count(*) FROM mailbox"));
    }

    [Fact, Trait("Rule", "ACC-15")]
    public void An_address_in_a_labels_is_known_in_u_labels_too()
    {
        EmptyReplica.Rows.Watch(_replica, Mailbox("a1", "taro@xn--r8jz45g.jp", 1, 1, 1, "one"), Now);
        Assert.Equal("taro@例え.jp", _replica.One<string>("SELECT unicode_address FROM dovecot_user"));
    }

    private static MailboxState Mailbox(string id, string address, int life, long version, long position, string? hash, int capacity = 10, bool deleted = false)
        => new(id, address, address[(address.IndexOf('@', StringComparison.Ordinal) + 1)..], life, hash, capacity, version, position, deleted);

    private static string After(IEnumerable<object> states)
    {
        using var replica = EmptyReplica.Open();
        foreach (var state in states) EmptyReplica.Rows.Watch(replica, state, Now);
        return Seen(replica);
    }

    // What the mail servers see when everything is erased that is to be.
    private static string Seen(SqliteConnection replica)
    {
        foreach (var gone in Erasures.Take(replica, Now, 100)) Erasures.Finish(replica, "mail1", gone.AccountId, Now);
        return string.Join('\n',
        [
            .. replica.All("SELECT address || ' ' || ifnull(password_hash, '-') || ' ' || home || ' ' || quota_rule FROM dovecot_user ORDER BY 1", r => r.GetString(0)),
            .. replica.All("SELECT domain FROM postfix_domain ORDER BY 1", r => r.GetString(0)),
        ]);
    }

    private List<string> Ending() => _replica.All("SELECT address FROM session_end", r => r.GetString(0));
}
