using Hikyaku.Platform.Testing;
using Npgsql;
using Xunit;

namespace Hikyaku.Platform.Tests.Integration;

/// <summary>A parcel that a test damages in the database, and what verification says of it.</summary>
public sealed class ParcelToDamage(OneService fixture)
{
    public string Id { get; } = OneService.NewParcel();

    public async Task PostAsync()
    {
        Assert.Equal(201, (await fixture.Client.PostAsync(Id)).Status);
        Assert.Equal(200, (await fixture.Client.LabelAsync(Id, "red")).Status);
        // The publisher would stop at a damaged event.
        await Eventually.Async(async () => await RunAsync("select count(*) from mt_event_progression where name like 'publisher%' and last_seq_id >= (select max(seq_id) from mt_events where stream_id = $1)") == 1);
    }

    public async Task<List<Disagreement>> FoundAsync() => [.. (await VerifyAsync()).Where(d => d.Key == Id)];

    public async Task<IReadOnlyList<Disagreement>> VerifyAsync()
        => (await VerifyStreams.RunAsync(ParcelService.Verbs, fixture.Place.Database, TimeSpan.Zero, TestContext.Current.CancellationToken)).Disagreements;

    public Task<long> RunAsync(string sql) => RunAsync(sql, Id);

    public async Task<long> RunAsync(string sql, string value)
    {
        await using var database = NpgsqlDataSource.Create(fixture.Place.Database);
        await using var command = database.CreateCommand(sql);
        command.Parameters.Add(new() { Value = value });
        return await command.ExecuteScalarAsync() is long number ? number : 0;
    }
}
