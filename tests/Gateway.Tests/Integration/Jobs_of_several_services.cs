using System.Net;
using Hikyaku.Gateway.Routing.Routes;
using Hikyaku.Gateway.Tests.Specs;
using Microsoft.AspNetCore.Http;

namespace Hikyaku.Gateway.Tests.Integration;

[Trait("Rule", "GWY-5")]
public sealed class Jobs_of_several_services(Deployment deployment)
{
    private const string Patient = "--Hikyaku:ShareTimeoutSeconds=20";
    private static readonly DateTimeOffset Noon = new(2026, 11, 28, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task A_job_is_asked_of_the_service_that_its_id_names()
    {
        await using var accounts = await StandInService.StartAsync(http => http.Response.WriteAsJsonAsync(new { from = "accounts" }));
        await using var copy = await StandInService.StartAsync(http => http.Response.WriteAsJsonAsync(new { from = "mail-copy" }));
        using var client = await ClientAsync(accounts, ("mail", accounts.Address), ("mail-copy", copy.Address));
        var token = await client.SignInAsync("operator", "x");
        var id = Guid.NewGuid().ToString("N");

        foreach (var service in new[] { "accounts", "mail-copy" })
        {
            Assert.Equal(service, (await client.GetAsync($"/api/v1/jobs/{service}-{id}", token)).Body!["from"]!.GetValue<string>());
            Assert.Equal(service, (await client.SendAsync(HttpMethod.Delete, $"/api/v1/jobs/{service}-{id}", token)).Body!["from"]!.GetValue<string>());
            Assert.Equal(service, (await client.SendAsync(HttpMethod.Post, $"/api/v1/jobs/{service}-{id}/undo", token, new { })).Body!["from"]!.GetValue<string>());
            Assert.Equal(service, (await client.GetAsync($"/api/v1/jobs/{service}-{id}/events", token)).Body!["from"]!.GetValue<string>());
        }

        foreach (var nobodys in new[] { id, $"-{id}", $"copy-{id}", $"feed-{id}", $"mails-{id}", $"accounts{id}", $"ACCOUNTS-{id}" })
            Assert.Equal((HttpStatusCode.NotFound, "request.not-found"), await StatusAsync(client, $"/api/v1/jobs/{nobodys}", token));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(500)]
    public async Task Their_lists_are_merged_and_every_job_is_on_one_page_though_new_ones_come(int limit)
    {
        var lists = new[] { "accounts", "routing", "copy" }.ToDictionary(s => s, s => new StandInList(s, "createdAt"));
        for (var i = 0; i < 40; i++) lists[i % 7 == 0 ? "copy" : i < 20 ? "accounts" : "routing"].Add(Noon.AddSeconds(-i / 2));
        await using var accounts = await StandInService.StartAsync(lists["accounts"].AnswerAsync);
        await using var routing = await StandInService.StartAsync(lists["routing"].AnswerAsync);
        await using var copy = await StandInService.StartAsync(lists["copy"].AnswerAsync);
        using var client = await ClientAsync(accounts, ("routing", routing.Address), ("copy", copy.Address));
        var token = await client.SignInAsync("operator", "x");
        var before = lists.Values.SelectMany(l => l.Ids).ToHashSet();

        var (seen, path) = (new List<(DateTimeOffset At, string Id)>(), $"/api/v1/jobs?state=running&limit={limit}");
        for (string? next = path; next is not null;)
        {
            var page = await client.GetAsync(next, token);
            Assert.Equal(HttpStatusCode.OK, page.Status);
            Assert.Null(page.Body!["unavailable"]);
            seen.AddRange(page.Body["items"]!.AsArray().Select(i => (i!["createdAt"]!.GetValue<DateTimeOffset>(), i["id"]!.GetValue<string>())));
            next = page.Body["next"] is { } cursor ? $"{path}&cursor={cursor.GetValue<string>()}" : null;
            Assert.Equal(next is null ? null : $"<{next}>; rel=\"next\"", page["Link"]);
            foreach (var list in lists.Values) for (var i = 0; i < 3; i++) list.Add(Noon.AddSeconds(seen.Count + i));
        }

        Assert.Equal(before.Order(), seen.Select(s => s.Id).Where(before.Contains).Order());
        var old = seen.Where(s => before.Contains(s.Id)).ToList();
        Assert.Equal(old.Select(s => s.At).OrderDescending(), old.Select(s => s.At));
    }

    [Fact]
    public async Task A_job_that_is_gone_from_the_list_hides_no_other()
    {
        var (ours, theirs) = (new StandInList("accounts", "createdAt"), new StandInList("routing", "createdAt"));
        for (var i = 0; i < 6; i++) ours.Add(Noon.AddSeconds(-i));
        theirs.Add(Noon.AddHours(-1));
        await using var accounts = await StandInService.StartAsync(ours.AnswerAsync);
        await using var routing = await StandInService.StartAsync(theirs.AnswerAsync);
        using var client = await ClientAsync(accounts, ("routing", routing.Address));
        var token = await client.SignInAsync("operator", "x");
        var rest = ours.Ids.Skip(2).Concat(theirs.Ids).ToList();

        var first = await client.GetAsync("/api/v1/jobs?limit=2", token);
        ours.Remove(ours.Ids[1]);
        var second = await client.GetAsync($"/api/v1/jobs?limit=10&cursor={first.Body!["next"]!.GetValue<string>()}", token);

        Assert.Equal(rest, second.Body!["items"]!.AsArray().Select(i => i!["id"]!.GetValue<string>()));
    }

    [Fact, Trait("Rule", "REL-8")]
    public async Task A_service_that_does_not_answer_is_named_and_its_jobs_come_with_a_later_page()
    {
        var (ours, theirs, isAway) = (new StandInList("accounts", "createdAt"), new StandInList("routing", "createdAt"), true);
        for (var i = 0; i < 4; i++) ours.Add(Noon.AddSeconds(-i));
        theirs.Add(Noon);
        await using var accounts = await StandInService.StartAsync(ours.AnswerAsync);
        await using var routing = await StandInService.StartAsync(http =>
        {
            if (!isAway) return theirs.AnswerAsync(http);
            http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return Task.CompletedTask;
        });
        using var client = await ClientAsync(accounts, ("routing", routing.Address));
        var token = await client.SignInAsync("operator", "x");

        var all = await client.GetAsync("/api/v1/jobs", token);
        Assert.Equal((HttpStatusCode.OK, 4, """["routing"]"""), (all.Status, all.Body!["items"]!.AsArray().Count, all.Body["unavailable"]!.ToJsonString()));
        Assert.Null(all.Body["next"]); // what is missing is no reason to go on asking

        var first = await client.GetAsync("/api/v1/jobs?limit=3", token);
        isAway = false;
        var second = await client.GetAsync($"/api/v1/jobs?limit=3&cursor={first.Body!["next"]!.GetValue<string>()}", token);
        Assert.Equal(ours.Ids.Skip(3).Concat(theirs.Ids).Order(), second.Body!["items"]!.AsArray().Select(i => i!["id"]!.GetValue<string>()).Order());
        Assert.Null(second.Body["unavailable"]);
    }

    [Fact, Trait("Rule", "REL-8")]
    public async Task A_service_that_hangs_is_waited_for_a_second_and_without_any_it_is_503()
    {
        var (ours, over) = (new StandInList("accounts", "createdAt"), new TaskCompletionSource());
        ours.Add(Noon);
        var accounts = await StandInService.StartAsync(ours.AnswerAsync);
        await using var routing = await StandInService.StartAsync(_ => over.Task);
        var gateway = await deployment.NewGatewayAsync(accounts.Address, [(new OneService("routing", Shares.Jobs), routing.Address), (new OneService("datacopy", Shares.None), routing.Address)]);
        using var client = new Client(gateway.Urls.First());
        var token = await client.SignInAsync("operator", "x");

        var reply = await client.GetAsync("/api/v1/jobs", token);
        Assert.Contains("routing", reply.Body!["unavailable"]!.AsArray().Select(s => s!.GetValue<string>()));

        await accounts.DisposeAsync();
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "platform.unavailable"), await StatusAsync(client, "/api/v1/jobs", token));
        over.SetResult();
    }

    [Theory, Trait("Rule", "GWY-3")]
    [InlineData("limit=0", "limit")]
    [InlineData("cursor=x", "cursor")]
    [InlineData("cursor=eyJhY2NvdW50cyI6bnVsbH0", "cursor")]
    public async Task What_cannot_be_read_is_refused(string query, string field)
    {
        var list = new StandInList("accounts", "createdAt");
        await using var accounts = await StandInService.StartAsync(list.AnswerAsync);
        using var client = await ClientAsync(accounts, ("routing", accounts.Address));
        var reply = await client.GetAsync($"/api/v1/jobs?{query}", await client.SignInAsync("operator", "x"), ("Accept-Language", "ja"));

        Assert.Equal((HttpStatusCode.BadRequest, "request.bad-parameter", "ja"), (reply.Status, reply.Code, reply["Content-Language"]));
        Assert.Equal(field, reply.Body!["errors"]![0]!["field"]!.GetValue<string>());
    }

    private async Task<Client> ClientAsync(StandInService accounts, params (string Name, string Address)[] more)
    {
        var gateway = await deployment.NewGatewayAsync(accounts.Address, [.. more.Select(s => ((IServiceRoutes)new OneService(s.Name, Shares.Jobs), s.Address)), (new OneService("datacopy", Shares.None), accounts.Address)], Patient);
        return new Client(gateway.Urls.First());
    }

    private static async Task<(HttpStatusCode, string?)> StatusAsync(Client client, string path, string token)
    {
        var reply = await client.GetAsync(path, token);
        return (reply.Status, reply.Code);
    }
}
