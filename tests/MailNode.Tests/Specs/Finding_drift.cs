using Hikyaku.Accounts.Contracts;
using Hikyaku.Platform;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode.Tests.Specs;

public sealed class Finding_drift : IDisposable
{
    private const long Position = 50;
    private static readonly DateTimeOffset Now = new(2026, 11, 24, 9, 0, 0, TimeSpan.Zero);
    private static readonly IReadOnlySet<int> EveryShard = Enumerable.Range(0, NodeStateDigests.Shards).ToHashSet();

    private static readonly object[] States =
    [
        new DomainState("example.jp", true, 2, 3, false) { Dkim = new("h20261124a", "-----BEGIN") },
        new DomainState("xn--r8jz45g.jp", true, 1, 4, false),
        new MailNodeState("mail1", "10.0.0.1", 143, 110, 24, 1, 5, false, 12340),
        new MailNodeState("mail2", "10.0.0.2", 143, 110, 24, 3, 6, true, 12340),
        new MailboxState("a1", "taro@example.jp", "example.jp", 1, "$argon2id$one", 10, 3, 7, false, "mail1", new("job-1", Now.AddTicks(12_345))),
        new MailboxState("a2", "jiro@xn--r8jz45g.jp", "xn--r8jz45g.jp", 2, "$argon2id$two", 20, 1, 9, false),
        new MailboxState("a3", "postmaster@example.jp", "example.jp", 1, null, 10, 1, 11, false),
    ];

    private readonly SqliteConnection _replica = EmptyReplica.Open();

    public Finding_drift() => EmptyReplica.Rows.List(_replica, "accounts", States, Position, Now);

    public void Dispose() => _replica.Dispose();

    [Fact, Trait("Rule", "NOD-3")]
    public void A_replica_that_is_right_differs_in_nothing_and_nothing_is_repaired()
    {
        Assert.Empty(Differing());
        Assert.Equal(0, Repair());
    }

    [Theory, Trait("Rule", "NOD-3")]
    [InlineData("UPDATE mailbox SET address = 'saburo@example.jp' WHERE account_id = 'a1'")]
    [InlineData("UPDATE mailbox SET unicode_address = NULL WHERE account_id = 'a2'")]
    [InlineData("UPDATE mailbox SET unicode_address = 'taro@example.jp' WHERE account_id = 'a1'")]
    [InlineData("UPDATE mailbox SET domain = 'other.jp' WHERE account_id = 'a1'")]
    [InlineData("UPDATE mailbox SET life = 2 WHERE account_id = 'a1'")]
    [InlineData("UPDATE mailbox SET password_hash = '$argon2id$onf' WHERE account_id = 'a1'")]
    [InlineData("UPDATE mailbox SET password_hash = NULL WHERE account_id = 'a1'")]
    [InlineData("UPDATE mailbox SET password_hash = '' WHERE account_id = 'a3'")]
    [InlineData("UPDATE mailbox SET capacity_mb = 11 WHERE account_id = 'a1'")]
    [InlineData("UPDATE mailbox SET version = 2 WHERE account_id = 'a1'")]
    [InlineData("UPDATE mailbox SET version = 99 WHERE account_id = 'a1'")]
    [InlineData("UPDATE mailbox SET deleted_at = 1 WHERE account_id = 'a1'")]
    [InlineData("UPDATE mailbox SET home_node = NULL WHERE account_id = 'a1'")]
    [InlineData("UPDATE mailbox SET home_node = 'mail2' WHERE account_id = 'a2'")]
    [InlineData("UPDATE mailbox SET mail_deletion_job = 'job-2' WHERE account_id = 'a1'")]
    [InlineData("UPDATE mailbox SET mail_deletion_job = NULL WHERE account_id = 'a1'")]
    [InlineData("UPDATE mailbox SET mail_deletion_at = mail_deletion_at + 1 WHERE account_id = 'a1'")]
    [InlineData("UPDATE mailbox SET mail_deletion_at = 1 WHERE account_id = 'a2'")]
    [InlineData("UPDATE domain SET served = 0 WHERE domain = 'example.jp'")]
    [InlineData("UPDATE domain SET version = 1 WHERE domain = 'example.jp'")]
    [InlineData("UPDATE domain SET deleted_at = 1 WHERE domain = 'example.jp'")]
    [InlineData("UPDATE domain SET dkim_selector = 'h1' WHERE domain = 'example.jp'")]
    [InlineData("UPDATE domain SET dkim_selector = NULL WHERE domain = 'example.jp'")]
    [InlineData("UPDATE domain SET dkim_key = 'another' WHERE domain = 'example.jp'")]
    [InlineData("UPDATE domain SET dkim_key = NULL WHERE domain = 'example.jp'")]
    [InlineData("UPDATE domain SET dkim_selector = 'h1', dkim_key = 'x' WHERE domain = 'xn--r8jz45g.jp'")]
    [InlineData("DELETE FROM mailbox WHERE account_id = 'a3'")]
    [InlineData("DELETE FROM domain WHERE domain = 'example.jp'")]
    [InlineData("UPDATE node SET host = '10.0.0.9' WHERE node = 'mail1'")]
    [InlineData("UPDATE node SET imap_port = 1 WHERE node = 'mail1'")]
    [InlineData("UPDATE node SET pop3_port = 1 WHERE node = 'mail1'")]
    [InlineData("UPDATE node SET lmtp_port = 1 WHERE node = 'mail1'")]
    [InlineData("UPDATE node SET quota_port = 1 WHERE node = 'mail1'")]
    [InlineData("UPDATE node SET version = 2 WHERE node = 'mail1'")]
    [InlineData("UPDATE node SET deleted_at = 1 WHERE node = 'mail1'")]
    [InlineData("UPDATE node SET deleted_at = NULL WHERE node = 'mail2'")]
    [InlineData("DELETE FROM node WHERE node = 'mail1'")]
    [InlineData("INSERT INTO node VALUES ('evil', '10.0.0.9', 143, 110, 24, 1, 1, NULL, 12340)")]
    [InlineData("INSERT INTO domain VALUES ('evil.jp', 1, 1, 1, NULL, NULL, NULL)")]
    [InlineData("INSERT INTO mailbox SELECT 'a9', 'evil@example.jp', NULL, domain, life, password_hash, capacity_mb, version, position, NULL, NULL, NULL, NULL, NULL, password_version FROM mailbox WHERE account_id = 'a1'")]
    public void Every_single_change_is_found_in_its_shard_and_repaired(string damage)
    {
        var before = Rows();
        Assert.Equal(1, _replica.Run(damage));
        Assert.Single(Differing());
        Assert.Equal(1, Drift.Repair(_replica, EmptyReplica.Parts.All, States, Differing(), Position, Now));
        Assert.Empty(Differing());
        Assert.Equal(before, Rows());
        Assert.Equal(0, Repair());
    }

    [Fact, Trait("Rule", "NOD-3"), Trait("Rule", "ACC-7")]
    public void Sessions_of_a_password_that_should_not_be_there_are_ended()
    {
        _replica.Run("UPDATE mailbox SET password_hash = '$argon2id$evil' WHERE account_id = 'a1'");
        Repair();
        Assert.Equal("a1", _replica.One<string>("SELECT account_id FROM session_end"));
    }

    [Theory, Trait("Rule", "NOD-3"), Trait("Rule", "ACC-7")]
    [InlineData("UPDATE mailbox SET password_hash = '$argon2id$evil' WHERE account_id = 'a1'")]
    [InlineData("UPDATE mailbox SET password_hash = NULL WHERE account_id = 'a1'")]
    [InlineData("DELETE FROM mailbox WHERE account_id = 'a1'")]
    public void After_a_repair_nothing_is_in_force_until_the_rows_sessions_are_ended(string damage)
    {
        _replica.Run(damage);
        Assert.Equal(Position, Progress.Obeyed(_replica, "accounts"));
        Repair();
        Assert.Equal(0, Progress.Obeyed(_replica, "accounts"));
        _replica.Run("DELETE FROM session_end");
        Assert.Equal(Position, Progress.Obeyed(_replica, "accounts"));
    }

    [Fact, Trait("Rule", "NOD-3"), Trait("Rule", "ACC-7")]
    public void The_sessions_of_one_whom_the_service_does_not_know_hold_back_as_well()
    {
        Drift.Repair(_replica, EmptyReplica.Parts.All, [.. States.Where(s => s != States[4])], EveryShard, Position, Now);
        Assert.Equal(0, Progress.Obeyed(_replica, "accounts"));
    }

    [Fact, Trait("Rule", "NOD-3")]
    public void What_the_watch_has_brought_after_the_list_stays()
    {
        EmptyReplica.Rows.Watch(_replica, (MailboxState)States[4] with { Version = 4, Position = Position + 1, CapacityMb = 99 }, Now);
        EmptyReplica.Rows.Watch(_replica, new MailboxState("a9", "shiro@example.jp", "example.jp", 1, null, 10, 1, Position + 2, false), Now);
        EmptyReplica.Rows.Watch(_replica, (MailboxState)States[5] with { Version = 2, Position = Position + 3, Deleted = true }, Now);
        var before = Rows();
        Assert.NotEmpty(Differing());
        Assert.Equal(0, Repair());
        Assert.Equal(before, Rows());
    }

    [Fact, Trait("Rule", "NOD-3"), Trait("Rule", "ACC-5")]
    public void A_tombstone_the_service_has_dropped_is_no_drift_and_a_missed_one_is_obeyed()
    {
        EmptyReplica.Rows.Watch(_replica, (MailboxState)States[4] with { Version = 4, Position = 20, Deleted = true }, Now);
        object[] without = [.. States.Where(s => s != States[4])];
        Assert.Empty(NodeStateDigests.Differing(Drift.Digests(_replica, EmptyReplica.Parts.All).Parts, Digests(without), EmptyReplica.PartNames));
        Assert.Equal(0, Drift.Repair(_replica, EmptyReplica.Parts.All, without, EveryShard, Position, Now));

        object[] deleted = [.. without[..^1], new MailboxState("a3", "", "", 1, null, 10, 2, Position, true)];
        Assert.Equal(1, Drift.Repair(_replica, EmptyReplica.Parts.All, deleted, EveryShard, Position, Now));
        Assert.Equal(0, _replica.One<long>("SELECT count(*) FROM holder WHERE account_id = 'a3'"));
        Assert.Equal(0, Drift.Repair(_replica, EmptyReplica.Parts.All, deleted, EveryShard, Position, Now));
    }

    private IReadOnlySet<int> Differing() => NodeStateDigests.Differing(Drift.Digests(_replica, EmptyReplica.Parts.All).Parts, Digests(States), EmptyReplica.PartNames);

    private int Repair() => Drift.Repair(_replica, EmptyReplica.Parts.All, States, EveryShard, Position, Now);

    private static IReadOnlyDictionary<string, IReadOnlyList<string>> Digests(IEnumerable<object> states)
    {
        var digests = new NodeStateDigests();
        foreach (var state in states) digests.Add(state);
        return digests.Parts;
    }

    // Without the position, which a repair may move, and without tombstones of accounts, which stay.
    private List<string> Rows() =>
    [
        .. _replica.All("SELECT concat_ws('|', account_id, address, ifnull(unicode_address, '-'), domain, life, ifnull(password_hash, '-'), capacity_mb, version, ifnull(deleted_at, '-'), ifnull(home_node, '-'), ifnull(mail_deletion_job, '-'), ifnull(mail_deletion_at, '-')) FROM mailbox WHERE deleted_at IS NULL ORDER BY 1", r => r.GetString(0)),
        .. _replica.All("SELECT concat_ws('|', domain, served, version, ifnull(deleted_at, '-'), ifnull(dkim_selector, '-'), ifnull(dkim_key, '-')) FROM domain ORDER BY 1", r => r.GetString(0)),
        .. _replica.All("SELECT concat_ws('|', node, host, imap_port, pop3_port, lmtp_port, quota_port, version, deleted_at IS NOT NULL) FROM node ORDER BY 1", r => r.GetString(0)),
    ];
}
