using System.Net;
using Hikyaku.Platform.Testing;

namespace Hikyaku.Gateway.Tests.Integration;

[Trait("Rule", "GWY-3")]
public sealed class A_service_that_fails(Deployment deployment)
{
    [Fact]
    public async Task A_service_that_is_down_is_a_503_with_Retry_After_and_the_gateway_stays_ready()
    {
        var service = await StandInService.StartAsync(_ => Task.CompletedTask);
        var gateway = await deployment.NewGatewayAsync(service.Address);
        using var client = new Client(gateway.Urls.First());
        var token = await client.SignInAsync("operator", "x");
        await service.DisposeAsync();

        foreach (var reply in new[]
        {
            await client.GetAsync("/api/v1/domains", token, ("Accept-Language", "ja")),
            await client.GetAsync("/api/v1/accounts/x@example.jp", token, ("Accept-Language", "ja")),
            await client.SendAsync(HttpMethod.Post, "/api/v1/domains", token, new { }, ("Accept-Language", "ja")),
            await client.TrySignInAsync("operator", "x", ("Accept-Language", "ja")),
            await client.GetAsync("/api/v1/openapi.json", null, ("Accept-Language", "ja")),
        })
        {
            Assert.Equal((HttpStatusCode.ServiceUnavailable, "platform.unavailable", "5", "ja"), (reply.Status, reply.Code, reply["Retry-After"], reply["Content-Language"]));
            Assert.Contains("メールの送受信は続いています", reply.Text, StringComparison.Ordinal);
            Assert.Equal("nosniff", reply["X-Content-Type-Options"]);
        }

        await Eventually.Async(async () => (await client.GetAsync("/health/ready")).Status == HttpStatusCode.OK);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/api/v1/me", token)).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await client.SendAsync(HttpMethod.Delete, "/api/v1/sessions/current", token)).Status);
    }

    [Fact]
    public async Task One_that_hangs_up_in_the_middle_is_503()
    {
        await using var service = await StandInService.StartAsync(http =>
        {
            http.Abort();
            return Task.CompletedTask;
        });
        var gateway = await deployment.NewGatewayAsync(service.Address);
        using var client = new Client(gateway.Urls.First());

        var reply = await client.GetAsync("/api/v1/domains", await client.SignInAsync("operator", "x"));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "platform.unavailable"), (reply.Status, reply.Code));
    }

    [Fact]
    public async Task One_that_answers_nothing_is_503_after_the_time_out()
    {
        var over = new TaskCompletionSource();
        await using var service = await StandInService.StartAsync(_ => over.Task);
        var gateway = await deployment.NewGatewayAsync(service.Address, "--Hikyaku:ServiceTimeoutSeconds=1");
        using var client = new Client(gateway.Urls.First());

        var reply = await client.GetAsync("/api/v1/domains", await client.SignInAsync("operator", "x"));
        over.SetResult();
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "platform.unavailable"), (reply.Status, reply.Code));
    }
}
