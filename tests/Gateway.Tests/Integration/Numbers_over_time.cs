using System.Net;
using Hikyaku.Gateway.Routing;
using Hikyaku.Platform;
using Microsoft.Extensions.DependencyInjection;

namespace Hikyaku.Gateway.Tests.Integration;

[Trait("Rule", "OPS-1")]
public sealed class Numbers_over_time(Deployment deployment)
{
    private static readonly RouteTable Table = RouteTable.With();

    [Fact, Trait("Rule", "GWY-1")]
    public void Each_service_counts_the_series_that_its_route_file_names_and_no_other()
        => Assert.Equal(
            Table.Series.Select(s => $"{Table.CounterOf(s)}: {s}").Order(),
            deployment.Programs.SelectMany(p => p.Value.Services.GetServices<StatSeries>().Select(s => $"{p.Key}: {s.Name}")).Order());

    [Fact]
    public async Task A_series_is_answered_by_the_service_that_counts_it_and_an_unknown_one_refused()
    {
        var boss = await deployment.OperatorAsync();
        foreach (var series in Table.Series)
        {
            var answer = (await deployment.Client.MustAsync(HttpStatusCode.OK, HttpMethod.Get, $"/api/v1/stats?series={series}", boss)).Body!;
            Assert.Equal(series, (string)answer["series"]!);
            Assert.All(answer["parts"]!.AsArray(), p => Assert.Equal(60, p!["values"]!.AsArray().Count));
        }

        foreach (var query in new[] { "?series=weather", "?series=", "" })
        {
            var refused = await deployment.Client.GetAsync($"/api/v1/stats{query}", boss);
            Assert.Equal((HttpStatusCode.BadRequest, "request.bad-parameter", "series"), (refused.Status, refused.Code, (string)refused.Body!["errors"]![0]!["field"]!));
        }
    }
}
