using CsCheck;
using Hikyaku.Accounts.BulkChange;

namespace Hikyaku.Accounts.Tests.Specs;

[Trait("Rule", "ACC-10"), Trait("Rule", "ACC-13")]
public sealed class Fitting_bulk_changes
{
    [Fact]
    public void Rows_that_give_room_back_come_first_and_else_the_order_of_the_file_stays()
    {
        var present = new Dictionary<string, int> { ["a"] = 10, ["b"] = 10, ["c"] = 10, ["d"] = 10 };
        ChangedAccount[] rows = [Row("a", 20), Row("b", 5), Row("none", 1), Row("c", null), Row("d", 9)];
        Assert.Equal([1, 4, 0, 2, 3], RowOrder.Of(rows, present));
        Assert.Equal([0, 1, 4, 2, 3], RowOrder.Of(rows, present, done: 2));
    }

    [Theory]
    [InlineData(50, 0, 50, true, 0, 0)] // all that is reserved
    [InlineData(50, 10, 60, true, 0, 10)] // and all that is free
    [InlineData(50, 10, 61, false, 50, 0)]
    [InlineData(0, 0, -30, true, 30, 0)] // what is given back stays reserved
    public void A_row_takes_what_is_reserved_then_what_is_free_or_does_not_fit(long reserved, long free, long mb, bool fits, long left, long taken)
    {
        var room = new ReservedRoom(reserved, free);
        Assert.Equal(fits, room.TryChange(mb));
        Assert.Equal((left, taken), (room.ReservedMb, room.TakenMb));
    }

    [Fact]
    public void With_its_net_reserved_every_row_fits_as_long_as_nobody_else_changes_the_domain()
        => Gen.Int[-100, 100].List[0, 50].Sample(deltas =>
        {
            var room = new ReservedRoom(Math.Max(0, deltas.Sum()), 0);
            Assert.All(deltas.OrderBy(d => d < 0 ? 0 : 1), d => Assert.True(room.TryChange(d)));
            Assert.Equal(Math.Max(0, -deltas.Sum()), room.ReservedMb);
        });

    [Fact]
    public void Whatever_the_rows_are_no_more_is_taken_than_there_is()
        => Gen.Select(Gen.Int[0, 200], Gen.Int[-50, 200], Gen.Int[-100, 100].List[0, 50]).Sample((reserved, free, deltas) =>
        {
            var room = new ReservedRoom(reserved, free);
            var done = deltas.Where(d => room.TryChange(d)).Sum();
            Assert.InRange(room.TakenMb, 0, Math.Max(0, free));
            Assert.InRange(room.ReservedMb, 0, long.MaxValue);
            Assert.Equal(reserved + room.TakenMb, room.ReservedMb + done);
        });

    private static ChangedAccount Row(string address, long? mb) => new(1, address, null, mb, null);
}
