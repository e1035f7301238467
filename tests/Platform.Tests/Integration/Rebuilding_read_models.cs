using Xunit;

namespace Hikyaku.Platform.Tests.Integration;

/// <summary>The verb <c>rebuild</c> that a service gets by saying how it configures its store. Its history is whole: a rebuild stops at a damaged one.</summary>
[Trait("Rule", "REL-6")]
public sealed class Rebuilding_read_models(OneService fixture) : IClassFixture<OneService>
{
    private readonly ParcelToDamage _parcel = new(fixture);

    [Fact]
    public async Task Rebuilding_makes_snapshots_and_jobs_say_what_the_history_says()
    {
        await _parcel.PostAsync();
        await _parcel.RunAsync("update mt_doc_parcel set data = jsonb_set(data, '{To}', '\"Kyoto\"') where id = $1");

        var rebuilt = await RebuildReadModels.RunAsync(ParcelService.Verbs, fixture.Place.Database, TestContext.Current.CancellationToken);

        Assert.Equal(1, Assert.Single(rebuilt!.Tables, t => t.Table == "mt_doc_parcel").Changed);
        Assert.Contains(rebuilt.Tables, t => t.Table == "job");
        Assert.Empty(await _parcel.FoundAsync());
        Assert.Equal(200, (await fixture.Client.LabelAsync(_parcel.Id, "goes on")).Status);
    }
}
