using System.Text.Json;
using Hikyaku.Contracts;
using Hikyaku.Platform.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Xunit;

namespace Hikyaku.Platform.Tests.Integration;

/// <summary>The jobs of a miniature service: what it says of them is in <see cref="ParcelJobs"/>, all else is the platform's.</summary>
[Trait("Rule", "GWY-5")]
public sealed class Jobs(OneService one) : IClassFixture<OneService>, IAsyncLifetime
{
    private static readonly Caller Starter = new(Roles.Admin, "hanako", "s2", ["kyoto.example.jp"], "192.0.2.8", "api");
    private static readonly Caller Stranger = new(Roles.Admin, "jiro", "s3", ["edo.example.jp"], "192.0.2.9", "api");

    public async ValueTask InitializeAsync() => await ReportAsync(applied: long.MaxValue);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task A_job_is_answered_at_once_done_by_a_worker_and_read_listed_and_followed()
    {
        var parcels = await ParcelsAsync(3);
        var queued = await SortAsync("kyoto.example.jp", parcels, Starter);
        Assert.Equal(202, queued.Status);
        var job = Body(queued);
        Assert.Matches("^parcels-[0-9a-f]{32}$", job.GetProperty("id").GetString());
        Assert.Equal("queued", job.GetProperty("state").GetString());
        Assert.Equal($"/api/v1/jobs/{job.GetProperty("id")}", queued.Location);

        var followed = await GetAsync($"{queued.Location}/events", Starter);
        var ended = await EndAsync(queued, "succeeded");
        Assert.Equal("""{"sorted":3}""", ended.GetProperty("result").GetRawText());
        Assert.Equal("""{"done":3,"total":3}""", ended.GetProperty("progress").GetRawText());
        Assert.All(ended.GetProperty("stages").EnumerateArray(), s => Assert.Equal("done", s.GetProperty("state").GetString()));
        Assert.Contains($"event: job\ndata: {ended.GetRawText()}\n\n", followed.Body, StringComparison.Ordinal);
        Assert.All(parcels, p => Assert.Equal(1, WeighingsAsync(p).Result));
        foreach (var caller in new[] { Starter, ParcelClient.Operator })
            Assert.Contains(job.GetProperty("id").GetString()!, (await GetAsync("/api/v1/jobs?kind=sorting&state=succeeded&limit=500", caller)).Body, StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "NOD-5")]
    public async Task A_job_of_which_everything_is_stored_runs_until_the_nodes_obey()
    {
        await ReportAsync(applied: 0);
        var job = await SortAsync("kyoto.example.jp", await ParcelsAsync(1));
        await Eventually.Async(async () => (await GetAsync(job.Location!, Starter)).Body.Contains("\"done\":1", StringComparison.Ordinal));
        await Eventually.Async(async () => (await ScalarAsync($"select phase from job_work where id = '{Body(job).GetProperty("id")}'")) is "applied");
        Assert.Equal("running", Body(await GetAsync(job.Location!, Starter)).GetProperty("state").GetString());

        await ReportAsync(applied: long.MaxValue);
        await EndAsync(job, "succeeded");
    }

    [Fact, Trait("Rule", "ROLE-2")]
    public async Task Who_may_not_see_a_job_learns_nothing_of_it()
    {
        var job = await SortAsync("kyoto.example.jp", await ParcelsAsync(1), Starter);
        foreach (var path in new[] { job.Location!, $"{job.Location}/events", "/api/v1/jobs/parcels-0" })
            Assert.Equal(404, (await GetAsync(path, Stranger)).Status);
        Assert.Equal(404, (await SendAsync(HttpMethod.Delete, job.Location!, Stranger)).Status);
        Assert.DoesNotContain(Body(job).GetProperty("id").GetString()!, (await GetAsync("/api/v1/jobs?limit=500", Stranger)).Body, StringComparison.Ordinal);
        await EndAsync(job, "succeeded");
    }

    [Fact]
    public async Task What_is_wrong_with_what_was_asked_for_is_told_by_line_and_nothing_is_done()
    {
        var parcels = await ParcelsAsync(1);
        var job = await SortAsync("kyoto.example.jp", [.. parcels, ""]);
        var ended = await EndAsync(job, "failed");
        Assert.Equal("""[{"line":2,"code":"parcels.no-label","detail":"parcels.no-label"}]""", ended.GetProperty("errors").GetRawText());
        Assert.Equal(1, ended.GetProperty("problems").GetInt32());
        Assert.Equal(0, await WeighingsAsync(parcels[0]));
    }

    [Fact, Trait("Rule", "REL-5")]
    public async Task A_worker_that_has_lost_its_lease_changes_nothing_and_another_one_goes_on()
    {
        var parcels = await ParcelsAsync(3);
        await using var second = await ParcelService.StartAsync(one.Place, one.Keys);
        var (arrived, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        second.Levers.BeforeSorting = one.Service.Levers.BeforeSorting = async (parcel, _) =>
        {
            if (parcel == parcels[1] && arrived.TrySetResult()) await go.Task; // the first one only, and whatever it is told
        };
        var job = await SortAsync("osaka.example.jp", parcels);
        await arrived.Task.WaitAsync(TimeSpan.FromSeconds(30));
        await ScalarAsync($"update job_work set until = now() - interval '1 second', owner = 'gone' where id = '{Body(job).GetProperty("id")}'");

        var ended = await EndAsync(job, "succeeded");
        go.SetResult();
        one.Service.Levers.BeforeSorting = (_, _) => Task.CompletedTask;
        Assert.Equal("""{"sorted":3}""", ended.GetProperty("result").GetRawText());
        await EndAsync(await SortAsync("osaka.example.jp", await ParcelsAsync(1)), "succeeded"); // the one that stood still works again
        foreach (var parcel in parcels) Assert.Equal(1, await WeighingsAsync(parcel));
    }

    [Fact]
    public async Task Until_its_point_of_no_return_a_job_is_cancelled_and_afterwards_not()
    {
        var parcels = await ParcelsAsync(1);
        foreach (var (at, status, end) in new[] { ((string?)null, 200, "cancelled"), (parcels[0], 409, "succeeded") })
        {
            var (arrived, go) = (new TaskCompletionSource(), new TaskCompletionSource());
            one.Service.Levers.BeforeSorting = async (parcel, stop) =>
            {
                if (parcel == at && arrived.TrySetResult()) await go.Task.WaitAsync(stop);
            };
            var job = await SortAsync("nara.example.jp", parcels);
            await arrived.Task.WaitAsync(TimeSpan.FromSeconds(30));
            var answer = await SendAsync(HttpMethod.Delete, job.Location!, ParcelClient.Operator);
            go.SetResult();
            Assert.Equal(status, answer.Status);
            if (status == 409) Assert.Equal("jobs.not-cancellable", answer.Problem);
            await EndAsync(job, end);
        }

        one.Service.Levers.BeforeSorting = (_, _) => Task.CompletedTask;
        Assert.Equal(1, await WeighingsAsync(parcels[0]));
    }

    [Fact]
    public async Task Jobs_of_one_domain_are_done_one_after_the_other_and_others_pass_them()
    {
        var parcels = await ParcelsAsync(3);
        var (arrived, go) = (new TaskCompletionSource(), new TaskCompletionSource());
        one.Service.Levers.BeforeSorting = async (parcel, stop) =>
        {
            if (parcel == parcels[0] && arrived.TrySetResult()) await go.Task.WaitAsync(stop);
        };
        var first = await SortAsync("kobe.example.jp", parcels[..1]);
        await arrived.Task.WaitAsync(TimeSpan.FromSeconds(30));
        var second = await SortAsync("kobe.example.jp", parcels[1..2]);
        await EndAsync(await SortAsync("himeji.example.jp", parcels[2..]), "succeeded"); // asked for later, in another domain
        Assert.Equal("queued", Body(await GetAsync(second.Location!, ParcelClient.Operator)).GetProperty("state").GetString());

        go.SetResult();
        await EndAsync(first, "succeeded");
        await EndAsync(second, "succeeded");
    }

    private async Task<string[]> ParcelsAsync(int count)
    {
        var parcels = Enumerable.Range(0, count).Select(_ => OneService.NewParcel()).ToArray();
        foreach (var parcel in parcels) Assert.Equal(201, (await one.Client.PostAsync(parcel)).Status);
        return parcels;
    }

    private Task<Reply> SortAsync(string domain, IReadOnlyList<string> parcels, Caller? caller = null)
        => one.Client.SendAsync(HttpMethod.Post, "/sortings", new SortingBody(domain, parcels), caller);

    private async Task<JsonElement> EndAsync(Reply job, string state)
    {
        var end = await Eventually.Async(() => GetAsync(job.Location!, ParcelClient.Operator), r => Body(r).TryGetProperty("finishedAt", out _), TimeSpan.FromSeconds(30));
        Assert.Equal(state, Body(end).GetProperty("state").GetString());
        return Body(end);
    }

    private Task<Reply> GetAsync(string path, Caller caller) => SendAsync(HttpMethod.Get, path, caller);

    private Task<Reply> SendAsync(HttpMethod method, string path, Caller caller) => one.Client.SendAsync(method, path, null, caller);

    private async Task<int> WeighingsAsync(string parcel) => (await one.EventsOfAsync(parcel)).Count(e => e.Data is ParcelWeighed);

    private async Task ReportAsync(long applied)
    {
        var report = new LeaseReport(new Dictionary<string, long> { ["parcels"] = applied }, null, Listed: true);
        Assert.Equal(200, (await one.Client.SendAsync(HttpMethod.Put, "/internal/nodes/mail1", report, bearer: one.Keys.NodeBearer("mail1"))).Status);
    }

    private async Task<object?> ScalarAsync(string sql)
    {
#pragma warning disable CA2100 // the tests' own statements
        await using var command = one.Service.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand(sql);
#pragma warning restore CA2100
        return await command.ExecuteScalarAsync();
    }

    private static JsonElement Body(Reply reply) => JsonDocument.Parse(reply.Body).RootElement;
}
