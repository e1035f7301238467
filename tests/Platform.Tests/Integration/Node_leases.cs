using System.Text.Json;
using Hikyaku.Contracts;
using Xunit;

namespace Hikyaku.Platform.Tests.Integration;

/// <summary>What any service with node state knows of mail nodes, without code of its own.</summary>
public class Node_leases(OneService one) : IClassFixture<OneService>
{

    [Fact, Trait("Rule", "NOD-5")]
    public async Task A_change_is_in_force_when_every_node_with_a_lease_has_applied_it()
    {
        var parcel = OneService.NewParcel();
        await one.Client.PostAsync(parcel);
        var position = (await one.EventsOfAsync(parcel))[0].Sequence;

        await ReportAsync(position - 1);
        Assert.False(await InForceAsync(parcel));
        Assert.Equal(position, (await ReportAsync(position))!.Position);
        Assert.True(await InForceAsync(parcel));

        await one.Client.WeighAsync(parcel);
        Assert.False(await InForceAsync(parcel));
    }

    [Fact, Trait("Rule", "NOD-5")]
    public async Task A_node_that_was_retired_elsewhere_counts_no_longer()
    {
        var parcel = OneService.NewParcel();
        await one.Client.PostAsync(parcel);
        await ReportAsync(long.MaxValue);
        Assert.True(await InForceAsync(parcel));

        await ReportAsync(long.MaxValue, retired: true);
        Assert.False(await InForceAsync(parcel)); // what no node obeys is in force nowhere
    }

    [Fact, Trait("Rule", "ROLE-2")]
    public async Task Only_a_node_renews_its_lease_and_a_summary_is_of_the_callers_target()
    {
        Assert.Equal(401, (await one.Client.SendAsync(HttpMethod.Put, "/internal/nodes/mail1", new LeaseReport(null, null, true))).Status);
        Assert.Equal(401, (await one.Client.SendAsync(HttpMethod.Put, "/internal/nodes/mail2", new LeaseReport(null, null, true), bearer: one.Keys.NodeBearer("mail1"))).Status);
        Assert.Equal(404, (await one.Client.GetAsync("/internal/accounts/x/summary")).Status);
        Assert.Equal(404, (await SummaryAsync("x", of: "y")).Status);
    }

    [Fact, Trait("Rule", "OPS-3")]
    public async Task A_summary_of_an_earlier_time_has_the_fields_of_then_and_no_in_force()
    {
        var parcel = OneService.NewParcel();
        await one.Client.PostAsync(parcel);
        await one.Client.LabelAsync(parcel, "fragile");
        await ReportAsync(long.MaxValue);
        Assert.Equal("""{"label":"fragile","inForce":true}""", (await SummaryAsync(parcel, parcel)).Body);
        Assert.Equal("{}", (await SummaryAsync(parcel, parcel, "?at=2020-01-01T00:00:00Z")).Body);
        Assert.Equal("request.bad-parameter", (await SummaryAsync(parcel, parcel, "?at=yesterday")).Problem);
    }

    private async Task<LeaseAnswer?> ReportAsync(long applied, bool retired = false)
    {
        var report = new LeaseReport(new Dictionary<string, long> { ["parcels"] = applied }, null, Listed: true, Retired: retired);
        var reply = await one.Client.SendAsync(HttpMethod.Put, "/internal/nodes/mail1", report, bearer: one.Keys.NodeBearer("mail1"));
        Assert.Equal(200, reply.Status);
        return JsonSerializer.Deserialize<LeaseAnswer>(reply.Body, JsonSerializerOptions.Web);
    }

    private async Task<bool> InForceAsync(string parcel)
    {
        var reply = await SummaryAsync(parcel, of: parcel);
        Assert.Equal(200, reply.Status);
        return JsonDocument.Parse(reply.Body).RootElement.GetProperty("inForce").GetBoolean();
    }

    private Task<Reply> SummaryAsync(string parcel, string of, string query = "") => one.Client.SendAsync(
        HttpMethod.Get, $"/internal/accounts/{parcel}/summary{query}", null,
        bearer: one.Keys.Token(ParcelClient.Operator, new Target(of, "taro@example.jp", "example.jp", 1)));
}
