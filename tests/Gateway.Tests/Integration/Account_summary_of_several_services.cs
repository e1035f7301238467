using System.Net;
using Hikyaku.Gateway.Routing.Routes;
using Hikyaku.Gateway.Tests.Specs;
using Hikyaku.Platform;
using Microsoft.AspNetCore.Http;
using Microsoft.IdentityModel.JsonWebTokens;

namespace Hikyaku.Gateway.Tests.Integration;

[Trait("Rule", "NOD-5")]
public sealed class Account_summary_of_several_services(Deployment deployment)
{
    private const string Path = "/api/v1/accounts/taro@example.jp";

    [Theory]
    [InlineData(true, true, true, true)]
    [InlineData(false, true, true, false)]
    [InlineData(true, false, true, false)]
    [InlineData(true, true, false, false)]
    public async Task Each_service_adds_its_fields_and_all_of_them_say_whether_it_is_in_force(bool core, bool routing, bool spam, bool expected)
    {
        await using var accounts = await StandInService.StartAsync(CoreWith(core));
        await using var first = await StandInService.StartAsync(http => http.Response.WriteAsJsonAsync(new { forwarding = true, inForce = routing }));
        await using var second = await StandInService.StartAsync(http => http.Response.WriteAsJsonAsync(new { spam = new { tagSubject = true }, inForce = spam }));
        using var client = await ClientAsync(accounts, first, second);
        var reply = await client.GetAsync(Path, await client.SignInAsync("operator", "x"));

        Assert.Equal(HttpStatusCode.OK, reply.Status);
        Assert.Equal("\"7\"", reply["ETag"]);
        Assert.Equal(
            $$$"""{"address":"taro@example.jp","comment":"営業","inForce":{{{(expected ? "true" : "false")}}},"forwarding":true,"spam":{"tagSubject":true}}""",
            reply.Text);
    }

    [Fact]
    public async Task Services_are_asked_by_the_accounts_id_with_the_callers_token()
    {
        await using var accounts = await StandInService.StartAsync(CoreWith(true));
        await using var routing = await StandInService.StartAsync(http => http.Response.WriteAsJsonAsync(new { inForce = true }));
        using var client = await ClientAsync(accounts, routing, routing);
        var token = await client.SignInAsync("operator", "x");
        await client.GetAsync(Path, token, ("Accept-Language", "ja"), ("X-Forwarded-For", "203.0.113.9"));

        Assert.Equal("/internal/accounts/0123/summary", routing.Target);
        Assert.Equal("ja", routing.Headers["Accept-Language"]);
        Assert.DoesNotContain("X-Forwarded-For", routing.Headers.Keys);
        var told = new JsonWebToken(routing.Headers["Authorization"]["Bearer ".Length..]);
        Assert.Contains("\"operator\"", told.GetClaim("caller").Value, StringComparison.Ordinal);
        Assert.Contains("\"0123\"", told.GetClaim("target").Value, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Settings_of_an_earlier_time_are_asked_of_every_service_and_have_no_in_force()
    {
        await using var accounts = await StandInService.StartAsync(http => http.Response.WriteAsJsonAsync(new { address = "taro@example.jp" }));
        await using var routing = await StandInService.StartAsync(http => http.Response.WriteAsJsonAsync(new { forwarding = false }));
        await using var away = await StandInService.StartAsync(Failing);
        using var client = await ClientAsync(accounts, routing, away);
        var reply = await client.GetAsync($"{Path}?at=2026-11-24T00:00:00Z", await client.SignInAsync("operator", "x"));

        Assert.Equal("/api/v1/accounts/taro%40example.jp?at=2026-11-24T00:00:00Z", accounts.Target);
        Assert.Equal("/internal/accounts/0123/summary?at=2026-11-24T00:00:00Z", routing.Target);
        Assert.Equal("""{"address":"taro@example.jp","forwarding":false,"unavailable":["spam"]}""", reply.Text);
    }

    [Fact, Trait("Rule", "REL-8")]
    public async Task A_service_that_is_down_or_hangs_leaves_its_fields_out_and_nothing_is_in_force()
    {
        var over = new TaskCompletionSource();
        await using var accounts = await StandInService.StartAsync(CoreWith(true));
        var down = await StandInService.StartAsync(Failing);
        await using var hanging = await StandInService.StartAsync(_ => over.Task);
        var gateway = await deployment.NewGatewayAsync(accounts.Address, Services(down, hanging), "--Hikyaku:ShareTimeoutSeconds=0.5");
        using var client = new Client(gateway.Urls.First());
        var token = await client.SignInAsync("operator", "x");

        await down.DisposeAsync();
        var reply = await client.GetAsync(Path, token);
        over.SetResult();

        Assert.Equal((HttpStatusCode.OK, "\"7\""), (reply.Status, reply["ETag"]));
        Assert.Equal("""{"address":"taro@example.jp","comment":"営業","inForce":false,"unavailable":["routing","spam"]}""", reply.Text);
    }

    [Fact, Trait("Rule", "GWY-3")]
    public async Task Without_the_accounts_service_there_is_no_summary_and_its_refusal_is_the_answer()
    {
        var isAway = false;
        await using var routing = await StandInService.StartAsync(http => http.Response.WriteAsJsonAsync(new { inForce = true }));
        await using var accounts = await StandInService.StartAsync(http => isAway ? Failing(http) : Problems.Of(PlatformProblems.NotFound).ExecuteAsync(http));
        using var client = await ClientAsync(accounts, routing, routing);
        var token = await client.SignInAsync("operator", "x");

        var gone = await client.GetAsync(Path, token, ("Accept-Language", "ja"));
        Assert.Equal((HttpStatusCode.NotFound, "request.not-found", "ja"), (gone.Status, gone.Code, gone["Content-Language"]));
        isAway = true;
        var away = await client.GetAsync(Path, token);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "platform.unavailable", "5"), (away.Status, away.Code, away["Retry-After"]));
    }

    private static RequestDelegate CoreWith(bool inForce) => http =>
    {
        http.Response.Headers.ETag = "\"7\"";
        return http.Response.WriteAsJsonAsync(new { address = "taro@example.jp", comment = "営業", inForce });
    };

    private static Task Failing(HttpContext http)
    {
        http.Response.StatusCode = StatusCodes.Status500InternalServerError;
        return Task.CompletedTask;
    }

    private async Task<Client> ClientAsync(StandInService accounts, StandInService routing, StandInService spam)
    {
        var gateway = await deployment.NewGatewayAsync(accounts.Address, Services(routing, spam), "--Hikyaku:ShareTimeoutSeconds=20");
        return new Client(gateway.Urls.First());
    }

    private static IReadOnlyList<(IServiceRoutes Routes, string Address)> Services(StandInService routing, StandInService spam)
        =>
        [
            (new OneService("routing", Shares.AccountSummary), routing.Address), (new OneService("spam", Shares.AccountSummary), spam.Address),
            (new OneService("restrictions", Shares.None), spam.Address), (new OneService("datacopy", Shares.None), spam.Address),
        ];
}
