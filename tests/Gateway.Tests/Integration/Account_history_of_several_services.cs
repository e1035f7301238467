using System.Net;
using Hikyaku.Gateway.Routing.Routes;
using Hikyaku.Gateway.Tests.Specs;
using Hikyaku.Platform;
using Microsoft.AspNetCore.Http;

namespace Hikyaku.Gateway.Tests.Integration;

[Trait("Rule", "OPS-3")]
public sealed class Account_history_of_several_services(Deployment deployment)
{
    private const string Path = "/api/v1/accounts/taro@example.jp/history";
    private static readonly DateTimeOffset Noon = new(2026, 11, 28, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Histories_are_merged_by_time_and_a_service_without_one_has_an_empty_history()
    {
        var (ours, theirs) = (new StandInList("accounts", "at"), new StandInList("routing", "at"));
        for (var i = 0; i < 6; i++) (i % 3 == 0 ? theirs : ours).Add(Noon.AddMinutes(-i));
        await using var accounts = await StandInService.StartAsync(ours.AnswerAsync);
        await using var routing = await StandInService.StartAsync(theirs.AnswerAsync);
        await using var spam = await StandInService.StartAsync(NotThere);
        using var client = await ClientAsync(accounts, routing, spam);
        var token = await client.SignInAsync("operator", "x");

        var first = await client.GetAsync($"{Path}?limit=4", token);
        var second = await client.GetAsync($"{Path}?limit=4&cursor={first.Body!["next"]!.GetValue<string>()}", token);

        var services = first.Body["items"]!.AsArray().Concat(second.Body!["items"]!.AsArray()).Select(i => i!["id"]!.GetValue<string>().Split('-')[0]);
        Assert.Equal(["routing", "accounts", "accounts", "routing", "accounts", "accounts"], services);
        Assert.Null(second.Body["next"]);
        Assert.Null(second.Body["unavailable"]);
    }

    [Fact, Trait("Rule", "ROLE-2")]
    public async Task An_account_that_no_service_has_is_404()
    {
        await using var none = await StandInService.StartAsync(NotThere);
        using var client = await ClientAsync(none, none, none);
        var reply = await client.GetAsync(Path, await client.SignInAsync("operator", "x"));

        Assert.Equal((HttpStatusCode.NotFound, "request.not-found"), (reply.Status, reply.Code));
    }

    [Fact]
    public async Task An_undo_goes_to_the_service_that_has_the_event_with_the_whole_request()
    {
        var arrived = "";
        await using var none = await StandInService.StartAsync(NotThere);
        await using var routing = await StandInService.StartAsync(async http =>
        {
            using var reader = new StreamReader(http.Request.Body);
            arrived = $"{http.Request.Path.Value} {http.Request.Headers.IfMatch} {http.Request.Headers["Idempotency-Key"]} {await reader.ReadToEndAsync()}";
            http.Response.Headers.ETag = "\"8\"";
            await http.Response.WriteAsJsonAsync(new { undone = true });
        });
        using var client = await ClientAsync(none, none, routing);
        var reply = await client.SendAsync(
            HttpMethod.Post, $"{Path}/e1/undo", await client.SignInAsync("operator", "x"), new { note = "a" }, ("If-Match", "\"7\""), ("Idempotency-Key", "k"));

        Assert.Equal((HttpStatusCode.OK, "\"8\"", true), (reply.Status, reply["ETag"], reply.Body!["undone"]!.GetValue<bool>()));
        Assert.Equal("/api/v1/accounts/taro@example.jp/history/e1/undo \"7\" k {\"note\":\"a\"}", arrived);
    }

    [Fact]
    public async Task A_refusal_of_the_service_that_has_the_event_is_the_answer()
    {
        await using var accounts = await StandInService.StartAsync(http => Problems.Of(PlatformProblems.Forbidden).ExecuteAsync(http));
        await using var routing = await StandInService.StartAsync(http => http.Response.WriteAsJsonAsync(new { undone = true }));
        using var client = await ClientAsync(accounts, routing, routing);
        var reply = await client.SendAsync(HttpMethod.Post, $"{Path}/e1/undo", await client.SignInAsync("operator", "x"));

        Assert.Equal((HttpStatusCode.Forbidden, "request.forbidden"), (reply.Status, reply.Code));
    }

    [Fact, Trait("Rule", "REL-8")]
    public async Task An_event_that_nobody_has_is_404_and_503_while_a_service_is_away()
    {
        await using var none = await StandInService.StartAsync(NotThere);
        var away = await StandInService.StartAsync(NotThere);
        using var client = await ClientAsync(none, away, none);
        var token = await client.SignInAsync("operator", "x");

        var nobodys = await client.SendAsync(HttpMethod.Post, $"{Path}/e1/undo", token, new { });
        Assert.Equal((HttpStatusCode.NotFound, "request.not-found"), (nobodys.Status, nobodys.Code));
        await away.DisposeAsync();
        var unknown = await client.SendAsync(HttpMethod.Post, $"{Path}/e1/undo", token, new { });
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "platform.unavailable"), (unknown.Status, unknown.Code));
    }

    private static Task NotThere(HttpContext http) => Problems.Of(PlatformProblems.NotFound).ExecuteAsync(http);

    private async Task<Client> ClientAsync(StandInService accounts, StandInService routing, StandInService spam)
    {
        var gateway = await deployment.NewGatewayAsync(
            accounts.Address,
            [
                (new OneService("routing", Shares.AccountHistory), routing.Address), (new OneService("spam", Shares.AccountHistory), spam.Address),
                (new OneService("restrictions", Shares.None), spam.Address), (new OneService("datacopy", Shares.None), spam.Address),
            ],
            "--Hikyaku:ShareTimeoutSeconds=20");
        return new Client(gateway.Urls.First());
    }
}
