using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Hikyaku.Platform;

/// <summary>
/// <c>GET /api/v1/jobs/{id}/events</c>: the job each time that it has moved, as server-sent events (WHATWG HTML §9.2), until
/// it has ended. Each is the whole job, so that whoever comes again misses nothing; its id is a digest of it, so that whoever
/// comes again with Last-Event-ID is not told what they know, by whichever instance of the service, and with 204, which ends
/// the following, when that was the job's end.
/// </summary>
public static class FollowJob
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan SignOfLife = TimeSpan.FromSeconds(10); // below every proxy's patience
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1); // then the browser comes again by itself

    /// <summary>The endpoint.</summary>
    public static async Task<IResult> Handle(string id, HttpContext http, JobReader reader, TimeProvider time, CancellationToken stop)
    {
        if (await reader.FindAsync(id, http, stop) is not { } job) return Problems.Of(PlatformProblems.NotFound);
        var known = http.Request.Headers["Last-Event-ID"].ToString();
        if (job.FinishedAt is not null && IdOf(LineOf(job)) == known) return Results.NoContent();
        http.Response.ContentType = "text/event-stream";
        http.Response.Headers.CacheControl = "no-store";
        await http.Response.Body.FlushAsync(stop); // it is admitted, though there may be nothing to tell yet
        await foreach (var line in LinesAsync(id, known, http, reader, time, stop))
        {
            await http.Response.WriteAsync(line is null ? ":\n\n" : $"id: {IdOf(line)}\nevent: job\ndata: {line}\n\n", stop);
            await http.Response.Body.FlushAsync(stop);
        }

        return Results.Empty;
    }

    // A null line is written as a comment, which keeps the connection alive.
    private static async IAsyncEnumerable<string?> LinesAsync(
        string id, string known, HttpContext http, JobReader reader, TimeProvider time, [EnumeratorCancellation] CancellationToken stop)
    {
        var (begun, spoken, last) = (time.GetUtcNow(), time.GetUtcNow(), known);
        using var timer = new PeriodicTimer(Look, time);
        do
        {
            if (await reader.FindAsync(id, http, stop) is not { } job) yield break;
            var line = LineOf(job);
            var isNews = IdOf(line) != last;
            if (isNews || time.GetUtcNow() - spoken > SignOfLife)
            {
                yield return isNews ? line : null;
                (spoken, last) = (time.GetUtcNow(), IdOf(line));
            }

            if (job.FinishedAt is not null || time.GetUtcNow() - begun > Longest) yield break;
        }
        while (await timer.WaitForNextTickAsync(stop));
    }

    private static string LineOf(JobView job) => JsonSerializer.Serialize(job, Answer.Json);

    private static string IdOf(string line) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(line)).AsSpan(0, 8));
}
