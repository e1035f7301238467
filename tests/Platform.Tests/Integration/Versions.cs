using Xunit;

namespace Hikyaku.Platform.Tests.Integration;

[Trait("Rule", "GWY-4")]
public class Versions(OneService one) : IClassFixture<OneService>
{
    private readonly string _parcel = OneService.NewParcel();

    [Fact]
    public async Task The_version_that_was_read_lets_a_write_through()
    {
        var posted = await one.Client.PostAsync(_parcel);
        var labelled = await one.Client.LabelAsync(_parcel, "ink", posted.ETag);

        Assert.Equal((200, "\"2\""), (labelled.Status, labelled.ETag));
    }

    [Fact]
    public async Task A_stale_version_is_refused_and_nothing_happens()
    {
        await one.Client.PostAsync(_parcel);
        await one.Client.LabelAsync(_parcel, "ink");
        var stale = await one.Client.LabelAsync(_parcel, "tea", "\"1\"");

        Assert.Equal((412, "request.stale"), (stale.Status, stale.Problem));
        Assert.Equal(2, (await one.EventsOfAsync(_parcel)).Count);
    }

    [Fact]
    public async Task A_stale_version_is_told_before_a_broken_rule()
    {
        await one.Client.PostAsync(_parcel);

        Assert.Equal(412, (await one.Client.LabelAsync(_parcel, "", "\"7\"")).Status);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("\"\"")]
    [InlineData("\"x\"")]
    [InlineData("\"-1\"")]
    [InlineData("\" 1\"")]
    [InlineData("W/\"1\"")]
    [InlineData("\"1\", \"2\"")]
    [InlineData("\"99999999999999999999\"")]
    public async Task A_version_that_cannot_be_read_is_malformed(string ifMatch)
    {
        await one.Client.PostAsync(_parcel);
        var refused = await one.Client.LabelAsync(_parcel, "ink", ifMatch);

        Assert.Equal((400, "request.bad-parameter"), (refused.Status, refused.Problem));
        Assert.Single(await one.EventsOfAsync(_parcel));
    }

    [Fact]
    public async Task Any_version_lets_a_write_through()
    {
        await one.Client.PostAsync(_parcel);

        Assert.Equal(200, (await one.Client.LabelAsync(_parcel, "ink", "*")).Status);
    }

    [Fact]
    public async Task Sixteen_writers_at_once_all_get_through_one_after_the_other()
    {
        await one.Client.PostAsync(_parcel);
        var weighed = await Task.WhenAll(Enumerable.Range(1, 16).Select(grams => one.Client.WeighAsync(_parcel, grams)));

        Assert.All(weighed, w => Assert.Equal(200, w.Status));
        Assert.Equal(Enumerable.Range(2, 16).Select(v => $"\"{v}\""), weighed.Select(w => w.ETag!).OrderBy(e => e.Length).ThenBy(e => e, StringComparer.Ordinal));
        Assert.Equal(Enumerable.Range(1, 16), (await one.EventsOfAsync(_parcel)).Select(e => e.Data).OfType<ParcelWeighed>().Select(w => w.Grams).Order());
    }

    [Fact]
    public async Task Of_sixteen_writers_who_read_the_same_version_one_gets_through()
    {
        var posted = await one.Client.PostAsync(_parcel);
        var labelled = await Task.WhenAll(Enumerable.Range(1, 16).Select(n => one.Client.LabelAsync(_parcel, $"label {n}", posted.ETag)));

        Assert.Single(labelled, l => l.Status == 200);
        Assert.Equal(15, labelled.Count(l => l.Status == 412));
    }

    [Fact]
    public async Task Of_sixteen_who_create_the_same_one_gets_through()
    {
        var posted = await Task.WhenAll(Enumerable.Range(1, 16).Select(_ => one.Client.PostAsync(_parcel)));

        Assert.Single(posted, l => l.Status == 201);
        Assert.Equal(15, posted.Count(l => l.Problem == "parcels.already-posted"));
    }
}
