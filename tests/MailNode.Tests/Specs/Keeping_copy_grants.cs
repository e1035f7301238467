using System.Text.Json;
using Hikyaku.Accounts.Contracts;
using Hikyaku.DataCopy.Contracts;
using Hikyaku.MailNode.Tests.Integration;
using Hikyaku.Platform;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode.Tests.Specs;

[Trait("Rule", "CPY-7")]
public sealed class Keeping_copy_grants : IDisposable
{
    private const long Position = 50;
    private static readonly DateTimeOffset Now = new(2026, 11, 30, 9, 0, 0, TimeSpan.Zero);
    private static readonly IReadOnlySet<int> EveryShard = Enumerable.Range(0, NodeStateDigests.Shards).ToHashSet();
    private static readonly string Hash = CopyWorker.HashOf("secret");

    private static readonly object[] States =
    [
        new CopyGrantState("a1", Hash, Now.AddHours(1).AddTicks(12_345), 1, 3, false),
        new CopyGrantState("a2", null, null, 2, 4, false),
        new CopyGrantState("a3", null, null, 3, 5, true),
    ];

    private static readonly IReadOnlyList<IPart> Parts = EmptyReplica.Parts.OfService("datacopy");

    private readonly SqliteConnection _replica = EmptyReplica.Open();

    public Keeping_copy_grants()
    {
        EmptyReplica.Rows.List(_replica, "accounts", [new MailboxState("a1", "taro@example.jp", "example.jp", 1, "$argon2id$one", 10, 1, 1, false)], 1, Now);
        EmptyReplica.Rows.List(_replica, "datacopy", States, Position, Now);
    }

    public void Dispose() => _replica.Dispose();

    [Theory, Trait("Rule", "NOD-3")]
    [InlineData("UPDATE copy_grant SET secret_hash = '{PLAIN}x' WHERE account_id = 'a1'")]
    [InlineData("UPDATE copy_grant SET secret_hash = NULL WHERE account_id = 'a1'")]
    [InlineData("UPDATE copy_grant SET expires_at = expires_at + 1 WHERE account_id = 'a1'")]
    [InlineData("UPDATE copy_grant SET version = 9 WHERE account_id = 'a2'")]
    [InlineData("UPDATE copy_grant SET deleted_at = NULL WHERE account_id = 'a3'")]
    [InlineData("DELETE FROM copy_grant WHERE account_id = 'a1'")]
    [InlineData("INSERT INTO copy_grant SELECT 'a9', secret_hash, expires_at, 1, 1, NULL, 0 FROM copy_grant WHERE account_id = 'a1'")]
    public void A_changed_row_is_found_and_repaired(string damage)
    {
        Assert.Empty(Differing());
        Assert.Equal(1, _replica.Run(damage));
        Assert.Single(Differing());
        Assert.Equal(1, Drift.Repair(_replica, Parts, States, Differing(), Position, Now));
        Assert.Empty(Differing());
    }

    [Fact]
    public void Sessions_of_a_secret_that_should_not_be_there_are_ended()
    {
        _replica.Run("UPDATE copy_grant SET secret_hash = '{PLAIN}x' WHERE account_id = 'a1'");
        Drift.Repair(_replica, Parts, States, EveryShard, Position, Now);
        Assert.Equal(["datacopy taro@example.jp"], Ends());
    }

    [Theory]
    [InlineData("{PLAIN}secret")]
    [InlineData("secret")]
    [InlineData("")]
    [InlineData("{SSHA512}")]
    [InlineData("{SSHA512}c2VjcmV0")]
    [InlineData("{SSHA512}!")]
    public void A_hash_of_another_form_is_not_taken(string hash)
    {
        Assert.False(EmptyReplica.IsWhole(new CopyGrantState("a1", hash, Now, 1, 1, false)));
        Assert.True(EmptyReplica.IsWhole(new CopyGrantState("a1", Hash, Now, 1, 1, false)));
    }

    [Fact]
    public void A_grant_without_an_end_is_not_taken() => Assert.False(EmptyReplica.IsWhole(new CopyGrantState("a1", Hash, null, 1, 1, false)));

    [Fact]
    public void Sessions_are_ended_once_when_the_time_is_over()
    {
        var part = new CopyGrantPart();
        part.EndExpiredSessions(_replica, Now.AddHours(1).AddMilliseconds(-1));
        Assert.Empty(Ends());
        part.EndExpiredSessions(_replica, Now.AddHours(1).AddMilliseconds(2));
        Assert.Equal(["datacopy taro@example.jp"], Ends());
        _replica.Run("DELETE FROM session_end");
        part.EndExpiredSessions(_replica, Now.AddHours(2));
        Assert.Empty(Ends());

        // Granted again with the same secret, it ends again.
        EmptyReplica.Rows.Watch(_replica, new CopyGrantState("a1", Hash, Now.AddHours(3), 2, 60, false), Now.AddHours(2));
        part.EndExpiredSessions(_replica, Now.AddHours(2));
        Assert.Empty(Ends());
        part.EndExpiredSessions(_replica, Now.AddHours(3));
        Assert.Equal(["datacopy taro@example.jp"], Ends());
    }

    [Theory]
    [InlineData("taro@example.jp*copy", "taro@example.jp")]
    [InlineData("Taro@Example.jp*Copy", "taro@example.jp")]
    [InlineData("taro@example.jp", "taro@example.jp")]
    [InlineData("taro@example.copy", "taro@example.copy")]
    public void A_change_by_the_worker_is_one_of_the_mailbox(string login, string mailbox)
    {
        var changes = new MailChanges();
        changes.Receive(JsonSerializer.SerializeToElement(new { fields = new { user = login } }));
        Assert.Equal([mailbox], changes.Take(9));
    }

    private IReadOnlyList<string> Ends() => [.. _replica.All("SELECT service || ' ' || address FROM session_end", r => r.GetString(0))];

    private IReadOnlySet<int> Differing()
    {
        var digests = new NodeStateDigests();
        foreach (var state in States) digests.Add(state);
        return NodeStateDigests.Differing(Drift.Digests(_replica, Parts).Parts, digests.Parts, [nameof(CopyGrantState)]);
    }
}
