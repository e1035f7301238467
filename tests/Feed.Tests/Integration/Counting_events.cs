using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Hikyaku.Contracts;
using Hikyaku.Platform;
using Hikyaku.Restrictions.Contracts;

namespace Hikyaku.Feed.Tests.Integration;

/// <summary>Numbers over time, counted from what was recorded.</summary>
[Trait("Rule", "OPS-1")]
public sealed class Counting_events(FeedFixture fixture)
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);
    private readonly FeedService _feed = fixture.Feed;

    [Fact]
    public async Task An_event_counts_in_the_step_in_which_it_was_decided_and_in_its_domain_only()
    {
        var (here, there) = (new Published_contracts(Published_contracts.NewDomain()), new Published_contracts(Published_contracts.NewDomain()));
        await _feed.RecordAsync(
            here.Created() with { At = Noon.AddMilliseconds(-1) }, here.Created() with { At = Noon }, here.Created() with { At = Noon.AddSeconds(59) }, here.Created() with { At = Noon.AddMinutes(2) },
            here.Created() with { At = Noon.AddMinutes(3) }, there.Created() with { At = Noon });

        var stats = await ReadAsync($"series=accounts&from={Text(Noon)}&to={Text(Noon.AddMinutes(3))}&step=60&domain={here.Domain}");
        Assert.Equal([2, 0, 1], ValuesOf(stats, "created"));
        Assert.Equal((3, "accounts.mail-account-created"), ((int)Part(stats, "created")["sum"]!, (string)Part(stats, "created")["types"]![0]!));
        Assert.Equal([0, 0, 0], ValuesOf(stats, "deleted"));
        var all = await ReadAsync($"series=accounts&from={Text(Noon)}&to={Text(Noon.AddMinutes(3))}&step=60");
        Assert.True(ValuesOf(all, "created")[0] >= 3);
    }

    [Fact]
    public async Task Restrictions_count_by_kind_and_accounts_of_files_apart_from_others()
    {
        var account = new Published_contracts(Published_contracts.NewDomain());
        var system = new CausedBy("system", "system", "", "policy", "");
        await _feed.RecordAsync(
            account.Created() with { At = Noon, By = Published_contracts.Operator with { Via = "csv" } }, account.Created() with { At = Noon },
            Restricted("sending-locked"), Restricted("sending-locked"), Restricted("account-locked"),
            new RestrictionLifted(Guid.NewGuid(), 1, 4, Noon, system, account.AccountId, "sending-locked", ["r1"], "time", account.Domain));

        var span = $"from={Text(Noon)}&to={Text(Noon.AddHours(1))}&step=3600&domain={account.Domain}";
        var restrictions = await ReadAsync($"series=restrictions&{span}");
        Assert.Equal(
            ["compromise-suspected 0", "account-locked 1", "sending-locked 2", "lifted 1", "networks-stopped 0"],
            restrictions["parts"]!.AsArray().Select(p => $"{p!["name"]} {p["sum"]}"));
        Assert.Equal([1], ValuesOf(await ReadAsync($"series=bulk&{span}"), "registered"));
        Assert.Equal([2], ValuesOf(await ReadAsync($"series=accounts&{span}"), "created"));

        AccountRestricted Restricted(string kind) => new(Guid.NewGuid(), 1, 1, Noon, system, account.AccountId, kind, Guid.NewGuid().ToString("N"), null, account.Domain);
    }

    [Fact]
    public async Task Without_a_span_it_is_the_last_day_and_steps_are_never_too_many()
    {
        var day = await ReadAsync("series=jobs");
        Assert.Equal((1440, 60), ((int)day["stepSeconds"]!, ValuesOf(day, "copies-failed").Count));
        Assert.Equal(TimeSpan.FromDays(1), day["to"]!.GetValue<DateTimeOffset>() - day["from"]!.GetValue<DateTimeOffset>());
        Assert.Equal(1440, ValuesOf(await ReadAsync("series=jobs&step=60"), "copies-failed").Count);
    }

    [Theory, Trait("Rule", "GWY-3")]
    [InlineData("series=weather", "request.bad-parameter", "series")]
    [InlineData("", "request.bad-parameter", "series")]
    [InlineData("series=logins", "request.bad-parameter", "series")]
    [InlineData("series=jobs&from=yesterday", "request.bad-parameter", "from")]
    [InlineData("series=jobs&to=0001-01-01T00:00:00Z", "request.bad-parameter", "to")]
    [InlineData("series=jobs&to=9999-12-31T00:00:00Z", "request.bad-parameter", "to")]
    [InlineData("series=jobs&step=59", "request.bad-parameter", "step")]
    [InlineData("series=jobs&step=86401", "request.bad-parameter", "step")]
    [InlineData("series=jobs&step=1m", "request.bad-parameter", "step")]
    [InlineData("series=jobs&domain=no%20domain", "request.bad-parameter", "domain")]
    [InlineData("series=jobs&from=2026-11-24T00:00:00Z&to=2026-11-24T00:00:00Z", "stats.span-invalid", "step")]
    [InlineData("series=jobs&from=2026-11-24T00:00:00Z&to=2026-11-25T00:00:01Z&step=60", "stats.span-invalid", "step")]
    public async Task What_cannot_be_counted_is_refused_with_its_parameter(string query, string code, string field)
    {
        var (status, body) = await SendAsync(query, _feed.OperatorToken);
        Assert.Equal(code == "request.bad-parameter" ? HttpStatusCode.BadRequest : HttpStatusCode.UnprocessableEntity, status);
        Assert.Equal((code, field), ((string)body["errors"]![0]!["code"]!, (string)body["errors"]![0]!["field"]!));
    }

    [Fact, Trait("Rule", "ROLE-1")]
    public async Task Administrators_are_not_told()
        => Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync("series=accounts", _feed.Token(Roles.Admin, "admin1", "example.jp"))).Status);

    private async Task<JsonNode> ReadAsync(string query)
    {
        var (status, body) = await SendAsync(query, _feed.OperatorToken);
        Assert.True(status == HttpStatusCode.OK, body.ToJsonString());
        return body;
    }

    private async Task<(HttpStatusCode Status, JsonNode Body)> SendAsync(string query, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/stats?{query}");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var answer = await _feed.Http.SendAsync(request);
        return (answer.StatusCode, JsonNode.Parse(await answer.Content.ReadAsStringAsync())!);
    }

    private static JsonNode Part(JsonNode stats, string name) => stats["parts"]!.AsArray().Single(p => (string)p!["name"]! == name)!;

    private static List<int> ValuesOf(JsonNode stats, string part) => [.. Part(stats, part)["values"]!.AsArray().Select(v => (int)v!)];

    private static string Text(DateTimeOffset at) => at.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
