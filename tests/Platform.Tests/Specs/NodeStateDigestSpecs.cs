using CsCheck;
using Xunit;

namespace Hikyaku.Platform.Tests.Specs;

public sealed class NodeStateDigestSpecs
{
    private static readonly DateTimeOffset Nine = new(2026, 11, 24, 9, 0, 0, TimeSpan.Zero);

    private sealed record CrateState(string Crate, string? Label, int Grams, long Version, long Position, bool Deleted, DateTimeOffset? SealedAt = null);

    // The same contract as a later version of the service has it.
    private static class Later
    {
        public sealed record CrateState(string Crate, string? Label, int Grams, long Version, long Position, bool Deleted, DateTimeOffset? SealedAt = null, string? Colour = null, bool Fragile = false);
    }

    private static readonly CrateState[] Crates = [.. Enumerable.Range(0, 200).Select(i => new CrateState($"c{i}", $"label {i}", i, 1, i, false, Nine))];

    [Fact, Trait("Rule", "NOD-3")]
    public void The_order_of_states_does_not_matter_and_each_state_does()
        => Gen.Select(Gen.Shuffle(Crates), Gen.Int[0, Crates.Length - 1]).Sample((order, without) =>
        {
            Assert.Empty(Differing(Crates, order));
            Assert.Equal([NodeStateDigests.ShardOf(order[without])], Differing(Crates, order.Where(c => c != order[without])));
        }, iter: 50);

    [Fact, Trait("Rule", "NOD-3")]
    public void Every_property_counts_but_the_position()
    {
        CrateState crate = Crates[7];
        CrateState[] otherwise = [crate with { Label = "label 8" }, crate with { Label = null }, crate with { Label = "" }, crate with { Grams = 8 }, crate with { Version = 2 }, crate with { SealedAt = Nine.AddMilliseconds(1) }, crate with { SealedAt = null }];
        foreach (var other in otherwise)
        {
            Assert.Equal([NodeStateDigests.ShardOf(crate)], Differing([crate], [other]));
            Assert.False(NodeStateDigests.AreSame(crate, other));
        }

        Assert.Empty(Differing([crate], [crate with { Position = 99 }]));
        Assert.Empty(Differing([crate], [crate with { SealedAt = Nine.AddTicks(9_999) }])); // nodes keep milliseconds
    }

    [Fact, Trait("Rule", "NOD-3")]
    public void A_tombstone_is_as_good_as_nothing()
        => Assert.Empty(Differing(Crates.Skip(1), [Crates[0] with { Deleted = true }, .. Crates.Skip(1)]));

    [Fact, Trait("Rule", "NOD-3")]
    public void Two_states_that_exchange_what_they_say_are_found()
        => Assert.NotEmpty(Differing([Crates[1], Crates[2]], [Crates[1] with { Label = Crates[2].Label }, Crates[2] with { Label = Crates[1].Label }]));

    [Fact, Trait("Rule", "NOD-3")]
    public void An_optional_property_that_only_one_side_knows_matters_when_it_is_used()
    {
        var later = new Later.CrateState("c7", "label 7", 7, 1, 7, false, Nine);
        Assert.Empty(Differing([Crates[7]], [later]));
        Assert.NotEmpty(Differing([Crates[7]], [later with { Colour = "red" }]));
    }

    [Fact]
    public void Keys_are_spread_over_the_shards()
        => Assert.InRange(Enumerable.Range(0, 6400).Select(i => NodeStateDigests.ShardOf($"key-{i}")).GroupBy(s => s).Max(g => g.Count()), 100, 160);

    private static IReadOnlySet<int> Differing(IEnumerable<object> one, IEnumerable<object> other)
        => NodeStateDigests.Differing(Of(one), Of(other), ["CrateState"]);

    private static IReadOnlyDictionary<string, IReadOnlyList<string>> Of(IEnumerable<object> states)
    {
        var digests = new NodeStateDigests();
        foreach (var state in states) digests.Add(state);
        return digests.Parts;
    }
}
