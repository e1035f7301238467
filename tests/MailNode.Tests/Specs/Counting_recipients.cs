using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode.Tests.Specs;

[Trait("Rule", "RST-2")]
public sealed class Counting_recipients : IDisposable
{
    private static readonly DateTimeOffset Nine = new(2026, 11, 24, 9, 0, 0, TimeSpan.Zero);
    private static readonly Submitter Taro = new("taro@example.jp", 1);
    private static readonly Submitter NextTaro = new("taro@example.jp", 2);
    private readonly SqliteConnection _replica = EmptyReplica.Open();

    public void Dispose() => _replica.Dispose();

    [Fact]
    public void As_many_as_the_limit_are_taken_and_after_an_hour_again()
    {
        var counts = new RecipientCounts();
        Assert.Equal(3, Added(counts, Taro, 5, 3, Nine.AddMinutes(59)));
        Assert.Equal(0, Added(counts, Taro, 1, 3, Nine.AddMinutes(61))); // not doubled at the full hour
        Assert.Equal(0, Added(counts, Taro, 1, 3, Nine.AddMinutes(114)));
        Assert.Equal(3, Added(counts, NextTaro, 5, 3, Nine.AddMinutes(61)));
        Assert.Equal(3, Added(counts, Taro, 5, 3, Nine.AddMinutes(119)));
    }

    [Fact]
    public void Without_a_limit_all_are_taken_and_nothing_is_counted()
    {
        var counts = new RecipientCounts();
        Assert.Equal(100, Added(counts, Taro, 100, 0, Nine));
        Assert.Empty(counts.TakeUnwritten());
    }

    [Fact]
    public void Another_agent_goes_on_with_what_was_written()
    {
        AddMailbox("a1", Taro);
        AddMailbox("a2", NextTaro);
        var before = new RecipientCounts();
        Added(before, Taro, 2, 3, Nine);
        RecipientCounts.Write(_replica, before.TakeUnwritten(), Nine);
        Added(before, Taro, 1, 3, Nine.AddMinutes(7));
        var unwritten = before.TakeUnwritten();
        before.GiveBack(unwritten); // the first time it could not be written
        RecipientCounts.Write(_replica, before.TakeUnwritten(), Nine.AddMinutes(7));
        RecipientCounts.Write(_replica, before.TakeUnwritten(), Nine.AddMinutes(7));

        var after = new RecipientCounts();
        after.Load(RecipientCounts.Read(_replica, Nine.AddMinutes(10)));
        Assert.Equal(0, Added(after, Taro, 1, 3, Nine.AddMinutes(10)));
        Assert.Equal(2, Added(after, Taro, 3, 3, Nine.AddMinutes(62)));
        Assert.Equal(3, Added(after, NextTaro, 4, 3, Nine.AddMinutes(10)));
    }

    [Fact]
    public void What_is_older_than_an_hour_is_removed_and_gone_accounts_are_not_written()
    {
        AddMailbox("a1", Taro);
        var counts = new RecipientCounts();
        Added(counts, Taro, 1, 3, Nine);
        Added(counts, NextTaro, 1, 3, Nine);
        RecipientCounts.Write(_replica, counts.TakeUnwritten(), Nine);
        Assert.Equal(1, _replica.One<long>("SELECT count(*) FROM recipient_count"));
        RecipientCounts.Write(_replica, counts.TakeUnwritten(), Nine.AddMinutes(60));
        Assert.Equal(0, _replica.One<long>("SELECT count(*) FROM recipient_count"));
        counts.Forget(Nine.AddMinutes(60));
        Assert.Equal(3, Added(counts, Taro, 4, 3, Nine)); // also in memory
    }

    private static int Added(RecipientCounts counts, Submitter by, int recipients, int most, DateTimeOffset at)
        => Enumerable.Range(0, recipients).Count(_ => counts.TryAdd(by, most, at));

    private void AddMailbox(string account, Submitter by) => _replica.Run(
        "INSERT INTO mailbox (account_id, address, domain, life, capacity_mb, version, position) VALUES ($1, $2, 'example.jp', $3, 1, 1, 1)", account, by.Address, by.Life);
}
