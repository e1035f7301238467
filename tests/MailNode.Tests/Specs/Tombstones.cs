using System.Text.Json;
using Hikyaku.Accounts.Contracts;
using Hikyaku.MailNode.Contracts;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode.Tests.Specs;

public sealed class Tombstones : IDisposable
{
    private const string Address = "taro@example.jp";
    private static readonly DateTimeOffset Now = new(2026, 11, 24, 9, 0, 0, TimeSpan.Zero);
    private readonly SqliteConnection _replica = EmptyReplica.Open();

    public void Dispose() => _replica.Dispose();

    [Fact, Trait("Rule", "ACC-5")]
    public void What_is_erased_leaves_no_address_and_is_told_once()
    {
        Watch(Mailbox("a1", 1, 1, "hash"));
        _replica.Run("INSERT INTO login_count VALUES ('2026-11-24', 'a1', 'imap', 1, 2, 3), ('2026-10-20', 'a1', 'smtp', 1, 2, 3), ('2026-11-24', 'b1', 'imap', 1, 2, 3)");
        Watch(Gone("a1", 2));
        Assert.Equal([("a1", Address, true)], Erasures.Take(_replica, Now, 10).Select(d => (d.AccountId, d.Address, d.HasSessions)));

        Erasures.Finish(_replica, "mail1", "a1", Now);
        Erasures.Finish(_replica, "mail1", "a1", Now);
        Watch(Gone("a1", 2));
        Watch(Gone("a1", 3)); // again, as a later state
        Watch(Mailbox("a1", 1, 1, "hash"));
        Assert.Empty(Erasures.Take(_replica, Now.AddDays(1), 10));
        Assert.Equal([new MailboxErased("mail1", "a1", Now)], Facts<MailboxErased>());
        foreach (var table in new[] { "mailbox", "session_end", "usage", "tidied" })
            Assert.DoesNotContain("taro", string.Join(' ', _replica.All($"SELECT * FROM {table}", Row)), StringComparison.Ordinal);
        Assert.Equal(["b1"], _replica.All("SELECT account_id FROM login_count", r => r.GetString(0)));
    }

    [Theory, Trait("Rule", "ACC-5")]
    [InlineData(Address)]
    [InlineData("")] // erased at the service already
    public void A_tombstone_of_an_account_that_was_never_here_is_erased_and_reported_too(string address)
    {
        EmptyReplica.Rows.List(_replica, "accounts", [], 100, Now);
        Assert.True(EmptyReplica.Rows.Watch(_replica, Gone("a1", 2, address: address), Now));
        Assert.Equal(["a1"], Erasures.Take(_replica, Now, 10).Select(d => d.AccountId));
        Erasures.Finish(_replica, "mail1", "a1", Now);
        Assert.Single(Facts<MailboxErased>());
    }

    [Fact, Trait("Rule", "ACC-5")]
    public void A_tombstone_without_an_address_erases_by_the_one_that_is_known()
    {
        Watch(Mailbox("a1", 1, 1, "hash"));
        Watch(Gone("a1", 2, address: ""));
        Assert.Equal(Address, Assert.Single(Erasures.Take(_replica, Now, 10)).Address);
    }

    [Fact, Trait("Rule", "ACC-5")]
    public void What_a_list_does_not_name_is_erased_before_a_later_life_begins()
    {
        Watch(Mailbox("a1", 1, 1, "hash"));
        EmptyReplica.Rows.List(_replica, "accounts", [Mailbox("a2", 2, 1, "hash", position: 5)], 9, Now);
        Assert.Equal(Address, Assert.Single(Erasures.Take(_replica, Now, 10)).Address);
        Assert.Empty(Holders());
        Erasures.Finish(_replica, "mail1", "a1", Now);
        Assert.Equal(["a2"], Holders());
    }

    [Fact, Trait("Rule", "ACC-5")]
    public void A_late_tombstone_neither_stops_the_later_life_nor_touches_its_queue()
    {
        Watch(Mailbox("a2", 2, 1, "hash"));
        Watch(Gone("a1", 9));
        Assert.Equal("", Assert.Single(Erasures.Take(_replica, Now, 10)).Address);
        Assert.Equal(["a2"], Holders());
    }

    [Fact, Trait("Rule", "ACC-5")]
    public void A_folder_of_nobody_is_erased_after_a_week_unless_a_list_names_its_account()
    {
        Watch(Mailbox("a1", 1, 1, "hash"));
        Assert.Equal(2, Erasures.BeginOrphans(_replica, ["a1", "b1", "c1"], Now));
        Assert.Equal(0, Erasures.BeginOrphans(_replica, ["a1", "b1", "c1"], Now.AddDays(6)));
        EmptyReplica.Rows.List(_replica, "accounts", [Mailbox("a1", 1, 1, "hash"), Mailbox("c1", 1, 1, null, "hanako@example.jp")], 9, Now);
        Assert.Empty(Erasures.Take(_replica, Now.AddDays(6), 10));
        Assert.Equal(["b1"], Erasures.Take(_replica, Now.AddDays(8), 10).Select(d => d.AccountId));
        Assert.Equal(["a1", "c1"], Holders());
        Watch(Gone("b1", 2, address: ""));
        Assert.Equal(["b1"], Erasures.Take(_replica, Now, 10).Select(d => d.AccountId)); // now somebody knows it
    }

    [Theory, Trait("Rule", "SEC-2")]
    [InlineData("../../etc")]
    [InlineData("..")]
    [InlineData("a/b")]
    public void An_account_id_that_is_no_folder_name_is_no_state(string id)
        => Assert.False(EmptyReplica.IsWhole(Gone(id, 1)));

    private void Watch(MailboxState state) => EmptyReplica.Rows.Watch(_replica, state, Now);

    private List<string> Holders() => _replica.All("SELECT account_id FROM holder ORDER BY 1", r => r.GetString(0));

    private List<T> Facts<T>() => _replica.All("SELECT body FROM fact WHERE type = $1", r => JsonSerializer.Deserialize<T>(r.GetString(0), JsonSerializerOptions.Web)!, typeof(T).Name);

    private static string Row(SqliteDataReader row)
    {
        var values = new object[row.FieldCount];
        row.GetValues(values);
        return string.Join(' ', values);
    }

    private static MailboxState Mailbox(string id, int life, long version, string? hash, string address = Address, long position = 1)
        => new(id, address, "example.jp", life, hash, 10, version, position, false);

    private static MailboxState Gone(string id, long version, string address = Address)
        => new(id, address, address.Length > 0 ? "example.jp" : "", 1, null, 10, version, 2, true);
}
