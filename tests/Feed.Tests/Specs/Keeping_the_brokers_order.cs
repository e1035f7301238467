namespace Hikyaku.Feed.Tests.Specs;

[Trait("Rule", "OPS-2"), Trait("Rule", "REL-3")]
public sealed class Keeping_the_brokers_order
{
    private readonly DeliveryOrder<ulong> _order = new();

    [Fact]
    public void What_comes_in_any_order_leaves_in_the_brokers()
    {
        Assert.Empty(Come(3, 2));
        Assert.Equal([1ul, 2, 3], Come(1));
        Assert.Equal([4ul], Come(4));
        Assert.False(_order.HasGap);
    }

    [Fact]
    public void What_never_comes_holds_the_rest_until_it_is_given_up()
    {
        Assert.Equal([1ul], Come(1, 3, 4, 6));
        Assert.True(_order.HasGap);

        _order.GiveUpGap();
        Assert.Equal([3ul, 4], _order.Take());
        _order.GiveUpGap();
        Assert.Equal([6ul], _order.Take());
        Assert.Equal([2ul], Come(2)); // it was only late
    }

    [Fact]
    public void What_is_tried_again_is_not_waited_for()
    {
        Assert.Equal([1ul, 2], Come(1, 2));
        Assert.Equal([1ul], Come(1));
        Assert.Equal([3ul], Come(3));
    }

    [Fact]
    public void A_new_channel_begins_anew_and_what_the_old_one_held_is_let_go()
    {
        Assert.Equal([1ul], Come(1, 3));
        _order.Add("second", 2, 12);
        Assert.Equal([3ul], _order.Take());
        _order.Add("second", 1, 11);
        Assert.Equal([11ul, 12], _order.Take());
    }

    [Fact]
    public void What_comes_late_of_an_old_channel_takes_no_place_in_the_new_one()
    {
        Assert.Equal([1ul], Come(1, 3));
        _order.Add("second", 2, 12);
        Assert.Equal([3ul], _order.Take());
        Assert.Equal([2ul], Come(2));
        _order.Add("second", 1, 11);
        Assert.Equal([11ul, 12], _order.Take());
    }

    private IReadOnlyList<ulong> Come(params ulong[] numbers)
    {
        foreach (var number in numbers) _order.Add("first", number, number);
        return _order.Take();
    }
}
