using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Hikyaku.Platform;

/// <summary>
/// Long work each time that it has moved, as server-sent events (WHATWG HTML §9.2), until it has ended. Each is the whole view, so that
/// whoever comes again misses nothing; its id is a digest of it, so that whoever comes again with Last-Event-ID is not told what they know,
/// by whichever instance of the service, and with 204, which ends the following, when that was the end.
/// </summary>
public static class Follow
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan SignOfLife = TimeSpan.FromSeconds(10); // below every proxy's patience
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1); // then the browser comes again by itself

    /// <summary>Answers 404 when there is nothing to read, else the views.</summary>
    /// <param name="name">The events' name.</param>
    /// <param name="read">Reads the view that the caller may see; null when there is none any more.</param>
    /// <param name="hasEnded">Whether nothing more will come.</param>
    /// <param name="http">The request.</param>
    /// <param name="time">The clock.</param>
    /// <param name="stop">The caller has gone.</param>
    public static async Task<IResult> AnswerAsync<T>(
        string name, Func<Task<T?>> read, Func<T, bool> hasEnded, HttpContext http, TimeProvider time, CancellationToken stop) where T : class
    {
        ArgumentNullException.ThrowIfNull(read);
        ArgumentNullException.ThrowIfNull(hasEnded);
        ArgumentNullException.ThrowIfNull(http);
        if (await read() is not { } first) return Problems.Of(PlatformProblems.NotFound);
        var known = http.Request.Headers["Last-Event-ID"].ToString();
        if (hasEnded(first) && IdOf(LineOf(first)) == known) return Results.NoContent();
        http.Response.ContentType = "text/event-stream";
        http.Response.Headers.CacheControl = "no-store";
        await http.Response.Body.FlushAsync(stop); // it is admitted, though there may be nothing to tell yet
        await foreach (var line in LinesAsync(known, read, hasEnded, time, stop))
        {
            await http.Response.WriteAsync(line is null ? ":\n\n" : $"id: {IdOf(line)}\nevent: {name}\ndata: {line}\n\n", stop);
            await http.Response.Body.FlushAsync(stop);
        }

        return Results.Empty;
    }

    // A null line is written as a comment, which keeps the connection alive.
    private static async IAsyncEnumerable<string?> LinesAsync<T>(
        string known, Func<Task<T?>> read, Func<T, bool> hasEnded, TimeProvider time, [EnumeratorCancellation] CancellationToken stop) where T : class
    {
        var (begun, spoken, last) = (time.GetUtcNow(), time.GetUtcNow(), known);
        using var timer = new PeriodicTimer(Look, time);
        do
        {
            if (await read() is not { } view) yield break;
            var line = LineOf(view);
            var isNews = IdOf(line) != last;
            if (isNews || time.GetUtcNow() - spoken > SignOfLife)
            {
                yield return isNews ? line : null;
                (spoken, last) = (time.GetUtcNow(), IdOf(line));
            }

            if (hasEnded(view) || time.GetUtcNow() - begun > Longest) yield break;
        }
        while (await timer.WaitForNextTickAsync(stop));
    }

    private static string LineOf<T>(T view) => JsonSerializer.Serialize(view, Answer.Json);

    private static string IdOf(string line) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(line)).AsSpan(0, 8));
}
