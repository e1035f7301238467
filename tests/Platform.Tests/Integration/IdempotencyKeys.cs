using Xunit;

namespace Hikyaku.Platform.Tests.Integration;

[Trait("Rule", "GWY-4")]
public class IdempotencyKeys(OneService one) : IClassFixture<OneService>
{
    private readonly string _parcel = OneService.NewParcel();
    private readonly string _key = Guid.NewGuid().ToString();

    [Fact]
    public async Task The_same_key_and_body_answer_the_first_answer_to_the_letter()
    {
        var first = await one.Client.PostAsync(_parcel, _key);
        var second = await one.Client.PostAsync(_parcel, _key);

        Assert.Equal((201, "\"1\"", $"/parcels/{_parcel}"), (first.Status, first.ETag, first.Location));
        Assert.Equal(first, second);
        Assert.Single(await one.EventsOfAsync(_parcel));
    }

    [Fact]
    public async Task The_first_answer_comes_again_though_the_parcel_has_changed_since()
    {
        await one.Client.PostAsync(_parcel);
        var first = await one.Client.WeighAsync(_parcel, key: _key);
        await one.Client.WeighAsync(_parcel);

        Assert.Equal(first, await one.Client.WeighAsync(_parcel, key: _key));
        Assert.Equal(3, (await one.EventsOfAsync(_parcel)).Count);
    }

    [Fact]
    public async Task The_same_key_with_another_body_is_refused()
    {
        await one.Client.PostAsync(_parcel, _key);
        var other = await one.Client.PostAsync(_parcel, _key, to: "Kyoto");

        Assert.Equal((422, "request.idempotency-key-reused"), (other.Status, other.Problem));
    }

    [Fact]
    public async Task A_refusal_is_answered_again_and_leaves_nothing_behind()
    {
        await one.Client.PostAsync(_parcel);
        var hanako = ParcelClient.Operator with { Login = $"hanako-{_parcel}" };
        var first = await one.Client.PostAsync(_parcel, _key, caller: hanako);

        Assert.Equal((409, "parcels.already-posted"), (first.Status, first.Problem));
        Assert.Equal(first, await one.Client.PostAsync(_parcel, _key, caller: hanako));
        await using var session = one.Store.QuerySession();
        Assert.Null(await session.LoadAsync<Note>($"asked-{_parcel}-{hanako.Login}"));
    }

    [Fact]
    public async Task Another_caller_has_keys_of_their_own()
    {
        await one.Client.PostAsync(_parcel, _key);
        var other = await one.Client.PostAsync(OneService.NewParcel(), _key, caller: ParcelClient.Operator with { Login = "hanako" });

        Assert.Equal(201, other.Status);
    }

    [Fact]
    public async Task While_the_first_runs_others_get_409_and_it_runs_once()
    {
        await one.Client.PostAsync(_parcel);
        var entered = new TaskCompletionSource();
        var leave = new TaskCompletionSource();
        one.Service.Levers.BeforeWeighing = () =>
        {
            entered.TrySetResult();
            return leave.Task;
        };
        var first = one.Client.WeighAsync(_parcel, key: _key);
        await entered.Task.WaitAsync(TimeSpan.FromSeconds(10));
        var others = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => one.Client.WeighAsync(_parcel, key: _key)));
        leave.SetResult();
        one.Service.Levers.BeforeWeighing = () => Task.CompletedTask;

        Assert.All(others, o => Assert.Equal((409, "request.idempotency-key-in-use"), (o.Status, o.Problem)));
        Assert.Equal(200, (await first).Status);
        Assert.Equal(await first, await one.Client.WeighAsync(_parcel, key: _key));
        Assert.Equal(2, (await one.EventsOfAsync(_parcel)).Count);
    }

    [Fact]
    public async Task A_fault_is_not_kept_so_that_the_caller_can_try_again()
    {
        await one.Client.PostAsync(_parcel);
        one.Service.Levers.BeforeWeighing = () => throw new InvalidOperationException("a fault");
        var first = await one.Client.WeighAsync(_parcel, key: _key);
        one.Service.Levers.BeforeWeighing = () => Task.CompletedTask;

        Assert.Equal((500, "platform.fault"), (first.Status, first.Problem));
        Assert.Equal(200, (await one.Client.WeighAsync(_parcel, key: _key)).Status);
    }

    [Fact]
    public async Task After_a_crash_the_answer_is_still_known()
    {
        var first = await one.Client.PostAsync(_parcel, _key);
        await using var next = await ParcelService.StartAsync(one.Place, one.Keys);
        using var client = new ParcelClient(next, one.Keys);

        Assert.Equal(first, await client.PostAsync(_parcel, _key));
        Assert.Equal(422, (await client.PostAsync(_parcel, _key, to: "Kyoto")).Status);
    }

    [Fact]
    public async Task After_a_day_a_key_is_new()
    {
        await one.Client.PostAsync(_parcel);
        await one.Client.WeighAsync(_parcel, key: _key);
        one.Service.Levers.ClockAhead = IdempotencyRecord.Kept + TimeSpan.FromSeconds(1);
        var later = await one.Client.WeighAsync(_parcel, key: _key);
        one.Service.Levers.ClockAhead = TimeSpan.Zero;

        Assert.Equal("\"3\"", later.ETag);
    }

    [Fact]
    public async Task A_stored_answer_cannot_be_read_in_the_database()
    {
        await one.Client.PostAsync(_parcel, _key);
        await using var database = Npgsql.NpgsqlDataSource.Create(one.Place.Database);
        await using var command = database.CreateCommand("""
            select count(*) from mt_doc_idempotency_record
            where data::text like '%' || $1 || '%' or position(convert_to($1, 'utf8') in decode(data->>'Sealed', 'base64')) > 0
            """);
        command.Parameters.Add(new() { Value = _parcel });

        Assert.Equal(0L, await command.ExecuteScalarAsync());
    }

    [Fact]
    public async Task A_key_that_is_too_long_is_refused()
        => Assert.Equal(400, (await one.Client.PostAsync(_parcel, new string('k', 201))).Status);
}
