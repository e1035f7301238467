using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Hikyaku.Platform.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Hikyaku.Journeys;

/// <summary>The platform exports its traces to a collector; this one listens on the port that <c>./dev test</c> names to it.</summary>
public sealed class One_trace(PlatformUnderTest platform)
{
    [Fact, Trait("Rule", "OPS-5")]
    public async Task One_trace_runs_from_the_HTTP_call_through_store_and_broker_to_the_node()
    {
        var exports = new ConcurrentQueue<byte[]>();
        await using var collector = await CollectAsync(exports);
        var domain = await platform.DomainAsync();
        await platform.AccountAsync(domain);

        var trace = Guid.NewGuid().ToString("N");
        var changed = await platform.Operator.SendAsync(
            HttpMethod.Patch, $"/api/v1/accounts/taro@{domain}", new { capacityMb = 123 }, ("traceparent", $"00-{trace}-00f067aa0ba902b7-01"));
        Assert.Equal(200, changed.Status);

        var id = Convert.FromHexString(trace);
        string[] services = ["gateway", "accounts", "mailnode"];
        string[] spans = ["publish", "MailboxState", "apply"];
        await Eventually.Async(
            () => services.Where(s => !exports.Any(e => Mentions(e, id, s, e.Length)))
                .Concat(spans.Where(s => !exports.Any(e => Mentions(e, id, s, SpanHead)))).ToList(),
            missing => missing.Count == 0, TimeSpan.FromSeconds(30));
    }

    // OTLP is protocol buffers, which keep ids and names as they are. A span begins with its trace's id, and its name follows
    // its own and its parent's id; the service's name is elsewhere in the same export.
    private const int SpanHead = 120;

    private static bool Mentions(byte[] export, byte[] trace, string word, int within)
    {
        for (var at = export.AsSpan().IndexOf(trace); at >= 0;)
        {
            var (from, to) = within == SpanHead ? (at, Math.Min(export.Length, at + within)) : (0, export.Length);
            if (export.AsSpan(from, to - from).IndexOf(Encoding.UTF8.GetBytes(word)) >= 0) return true;
            var next = export.AsSpan(at + 1).IndexOf(trace);
            at = next < 0 ? -1 : at + 1 + next;
        }

        return false;
    }

    private static async Task<WebApplication> CollectAsync(ConcurrentQueue<byte[]> exports)
    {
        var port = int.Parse(Environment.GetEnvironmentVariable("HIKYAKU_PORT_BASE")!, CultureInfo.InvariantCulture) + 30;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        var app = builder.Build();
        app.MapPost("/v1/{signal}", async (HttpRequest request) =>
        {
            using var body = new MemoryStream();
            await request.Body.CopyToAsync(body);
            exports.Enqueue(body.ToArray());
            return Results.Ok();
        });
        await app.StartAsync();
        return app;
    }
}
