using System.Runtime.CompilerServices;
using System.Text.Json;
using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.Accounts.Jobs;

/// <summary>
/// <c>GET /api/v1/jobs/{id}/events</c>: the job each time that it has moved, as server-sent events (WHATWG HTML §9.2), until
/// it has ended. Each is the whole job, so that whoever comes again, with or without Last-Event-ID, misses nothing.
/// </summary>
public static class FollowJob
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan SignOfLife = TimeSpan.FromSeconds(10); // below every proxy's patience
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1); // then the browser comes again by itself

    /// <summary>The endpoint.</summary>
    public static async Task<IResult> Handle(string id, HttpContext http, NpgsqlDataSource database, TimeProvider time, CancellationToken stop)
    {
        if (await ReadJobs.FindAsync(id, http, database, stop) is null) return Problems.Of(PlatformProblems.NotFound);
        http.Response.ContentType = "text/event-stream";
        http.Response.Headers.CacheControl = "no-store";
        var number = 0;
        await foreach (var line in LinesAsync(id, http, database, time, stop))
        {
            await http.Response.WriteAsync(line is null ? ":\n\n" : $"id: {++number}\nevent: job\ndata: {line}\n\n", stop);
            await http.Response.Body.FlushAsync(stop);
        }

        return Results.Empty;
    }

    // Null is a sign of life.
    private static async IAsyncEnumerable<string?> LinesAsync(
        string id, HttpContext http, NpgsqlDataSource database, TimeProvider time, [EnumeratorCancellation] CancellationToken stop)
    {
        var (begun, spoken, last) = (time.GetUtcNow(), time.GetUtcNow(), "");
        using var timer = new PeriodicTimer(Look, time);
        do
        {
            if (await ReadJobs.FindAsync(id, http, database, stop) is not { } job) yield break;
            var line = JsonSerializer.Serialize(job, Answer.Json);
            if (line != last || time.GetUtcNow() - spoken > SignOfLife)
            {
                yield return line == last ? null : line;
                (spoken, last) = (time.GetUtcNow(), line);
            }

            if (job.FinishedAt is not null || time.GetUtcNow() - begun > Longest) yield break;
        }
        while (await timer.WaitForNextTickAsync(stop));
    }
}
