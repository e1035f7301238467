using System.Net;
using Hikyaku.Platform.Testing;

namespace Hikyaku.Gateway.Tests.Integration;

[Trait("Rule", "OPS-5"), Trait("Rule", "REL-8")]
public sealed class Gateway_dependencies(Deployment deployment)
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Without_its_database_it_is_unready_and_answers_503_until_the_database_is_back()
    {
        await using var postgres = await PostgresServer.StartDedicatedAsync();
        var gateway = await deployment.NewGatewayAsync(deployment.AccountsAddress, $"--ConnectionStrings:Postgres={await postgres.AddDatabaseAsync()}");
        using var client = new Client(gateway.Urls.First());
        var token = await client.SignInAsync("operator", Deployment.OperatorPassword);

        await postgres.StopAsync();
        await Eventually.Async(() => client.GetAsync("/api/v1/me", token), r => r is { Status: HttpStatusCode.ServiceUnavailable, Code: "platform.unavailable" });
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await client.GetAsync("/health/ready")).Status);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/health/live")).Status);

        await postgres.StartAgainAsync();
        await Eventually.Async(async () => (await client.GetAsync("/api/v1/me", token)).Status == HttpStatusCode.OK, Long);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/health/ready")).Status);
    }

    [Fact]
    public async Task Without_the_broker_it_is_unready_but_answers()
    {
        await using var rabbit = await RabbitServer.StartDedicatedAsync();
        var gateway = await deployment.NewGatewayAsync(deployment.AccountsAddress, $"--Hikyaku:Rabbit={await rabbit.AddVirtualHostAsync()}");
        using var client = new Client(gateway.Urls.First());
        var token = await client.SignInAsync("operator", Deployment.OperatorPassword);
        await Eventually.Async(async () => (await client.GetAsync("/health/ready")).Status == HttpStatusCode.OK, Long);

        await rabbit.StopAsync();
        await Eventually.Async(async () => (await client.GetAsync("/health/ready")).Status == HttpStatusCode.ServiceUnavailable, Long);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/api/v1/domains", token)).Status);
    }
}
