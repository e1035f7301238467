using System.Net.ServerSentEvents;
using System.Text.Json.Nodes;

namespace Hikyaku.Journeys;

public sealed class Following_a_job(PlatformUnderTest platform)
{
    private const int Rows = 20;

    [Fact, Trait("Rule", "GWY-5"), Trait("Rule", "ACC-9"), Trait("Rule", "NOD-5")]
    public async Task A_running_job_is_followed_through_the_gateway_also_after_a_reconnection()
    {
        var domain = await platform.DomainAsync();
        await platform.ControlAsync("stop", "mailnode"); // so that it stays a running one: no node obeys yet
        List<SseItem<string>> seen;
        string job;
        try
        {
            var file = "mail_account,password\n" + string.Join('\n', Enumerable.Range(0, Rows).Select(i => $"user{i:00},{PlatformUnderTest.Password}"));
            var begun = await platform.UploadAsync(domain, "imports", file);
            job = $"/api/v1/jobs/{begun.Body!["id"]!.GetValue<string>()}/events";

            seen = [.. await platform.Operator.FollowAsync(job, 1)];
            while (!IsStoredAndNotObeyed(seen[^1]))
            {
                var next = await platform.Operator.FollowAsync(job, 1, seen[^1].EventId);
                Assert.True(next.Count == 1, "Nothing more is told after " + seen[^1].Data);
                seen.AddRange(next);
            }

            Assert.Equal("running", Read(seen[^1])["state"]!.GetValue<string>());
            Assert.Equal(Rows, Read(seen[^1])["progress"]!["done"]!.GetValue<int>());
            Assert.Empty(await platform.Operator.FollowAsync(job, 1, seen[^1].EventId, TimeSpan.FromSeconds(2))); // nothing is told twice
        }
        finally
        {
            await platform.ControlAsync("start", "mailnode");
        }

        seen.AddRange(await platform.Operator.FollowAsync(job, 100, seen[^1].EventId));
        Assert.Equal("succeeded", Read(seen[^1])["state"]!.GetValue<string>());
        Assert.Equal(seen.Count, seen.DistinctBy(e => e.EventId).Count());
        Assert.Equal(Rows, Read(seen[^1])["result"]!["registered"]!.GetValue<int>());
        Assert.Equal(204, (await platform.Operator.SendAsync(HttpMethod.Get, job, null, ("Last-Event-ID", seen[^1].EventId!))).Status);
        using var user = await platform.SignInAsync($"user00@{domain}", PlatformUnderTest.Password);
        Assert.Equal(404, (await user.GetAsync(job)).Status);
    }

    private static bool IsStoredAndNotObeyed(SseItem<string> e)
        => Read(e)["stages"]!.AsArray().Single(s => s!["name"]!.GetValue<string>() == "in-force")!["state"]!.GetValue<string>() == "running";

    private static JsonNode Read(SseItem<string> e) => JsonNode.Parse(e.Data)!;
}
