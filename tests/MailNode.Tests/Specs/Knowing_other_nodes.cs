using Hikyaku.Accounts.Contracts;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode.Tests.Specs;

/// <summary>Where mail and logins go, as the mail servers of mail1 read it.</summary>
public sealed class Knowing_other_nodes : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 11, 24, 9, 0, 0, TimeSpan.Zero);
    private readonly SqliteConnection _replica = EmptyReplica.Open();

    public void Dispose() => _replica.Dispose();

    [Fact, Trait("Rule", "NOD-2")]
    public void Mail_for_another_node_goes_to_its_lmtp_and_mail_for_this_one_the_usual_way()
    {
        Watch(Mailbox("a1", null), Mailbox("b1", "mail1"), Mailbox("c1", "mail2"), Node("mail1", 1, 5), Node("mail2", 1, 6));
        Assert.Equal(["c1@example.jp peer:inet:10.0.0.6:24"], Elsewhere());
        Watch(Node("mail2", 2, 7) with { Host = "fd00::7" });
        Assert.Equal(["c1@example.jp peer:inet:[fd00::7]:24"], Elsewhere());
        Watch(Node("mail2", 1, 9));
        Assert.Equal(["c1@example.jp peer:inet:[fd00::7]:24"], Elsewhere()); // an older state
    }

    [Fact, Trait("Rule", "NOD-2")]
    public void Mail_for_a_node_that_is_not_known_or_was_retired_waits()
    {
        Watch(Mailbox("c1", "mail2"));
        Assert.Empty(Elsewhere());
        Assert.Equal(0, _replica.One<long>("SELECT is_here FROM dovecot_user")); // and is not taken here
        Watch(Node("mail2", 1, 6));
        Watch(Node("mail2", 2, 7) with { Deleted = true });
        Assert.Empty(Elsewhere());
    }

    [Fact, Trait("Rule", "NOD-2")]
    public void A_mailbox_that_is_placed_elsewhere_is_not_measured_here()
    {
        Watch(Mailbox("a1", "mail1"), Mailbox("c1", "mail2"));
        Assert.Equal(["a1"], _replica.All("SELECT account_id FROM usage", r => r.GetString(0)));
    }

    [Fact, Trait("Rule", "NOD-3")]
    public void A_list_removes_a_node_that_it_does_not_name_and_keeps_a_retired_one()
    {
        Watch(Node("mail2", 1, 6), Node("mail3", 1, 7));
        EmptyReplica.Rows.List(_replica, "accounts", [Node("mail3", 2, 8) with { Deleted = true }], 8, Now);
        EmptyReplica.Rows.ForgetTombstones(_replica, "accounts", Now.AddDays(99));
        Assert.Equal(["mail3"], _replica.All("SELECT node FROM node", r => r.GetString(0)));
    }

    [Fact, Trait("Rule", "NOD-5")]
    public void A_retired_node_asks_its_servers_to_refuse()
    {
        Watch(Mailbox("a1", "mail1"), Node("mail1", 1, 5));
        Assert.Equal("capacity_here", _replica.One<string>("SELECT capacity FROM postfix_capacity"));
        Assert.Equal("hash", _replica.One<string>("SELECT password_hash FROM dovecot_user"));
        Watch(Node("mail1", 2, 6) with { Deleted = true });
        Assert.StartsWith("450 4.3.2", _replica.One<string>("SELECT capacity FROM postfix_capacity"), StringComparison.Ordinal);
        Assert.Throws<SqliteException>(() => _replica.One<string>("SELECT password_hash FROM dovecot_user"));
    }

    [Theory, Trait("Rule", "REL-8")]
    [InlineData("", 143)]
    [InlineData("10.0.0.1", 0)]
    public void A_state_without_an_address_is_none(string host, int port)
        => Assert.False(EmptyReplica.IsWhole(Node("mail2", 1, 1) with { Host = host, ImapPort = port }));

    private void Watch(params object[] states)
    {
        foreach (var state in states) EmptyReplica.Rows.Watch(_replica, state, Now);
    }

    private List<string> Elsewhere() => _replica.All("SELECT address || ' ' || transport FROM postfix_elsewhere", r => r.GetString(0));

    private static MailboxState Mailbox(string id, string? home)
        => new(id, $"{id}@example.jp", "example.jp", 1, "hash", 10, 1, 1, false, home);

    private static MailNodeState Node(string name, long version, long position)
        => new(name, $"10.0.0.{position}", 143, 110, 24, version, position, false, 12340);
}
