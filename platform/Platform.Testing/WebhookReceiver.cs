using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Hikyaku.Platform.Testing;

/// <summary>One request that a receiver got.</summary>
public sealed record Delivered(string Id, string Timestamp, string Signature, string ContentType, byte[] Body, DateTimeOffset At)
{
    /// <summary>The CloudEvent in it.</summary>
    public JsonNode Event => JsonNode.Parse(Body)!;

    /// <summary>Whether one of the signatures is this secret's, by the specification's own words.</summary>
    public bool IsSignedWith(string secret)
    {
        using var hmac = new HMACSHA256(Convert.FromBase64String(secret["whsec_".Length..]));
        var wanted = "v1," + Convert.ToBase64String(hmac.ComputeHash(Encoding.UTF8.GetBytes($"{Id}.{Timestamp}.{Encoding.UTF8.GetString(Body)}")));
        return Signature.Split(' ').Contains(wanted);
    }
}

/// <summary>A customer's receiver: a real HTTP server on loopback that answers as it is told.</summary>
public sealed class WebhookReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly CancellationTokenSource _end = new();

    private WebhookReceiver(WebApplication app) => _app = app;

    /// <summary>What it answers; unless set, 204.</summary>
    public Func<HttpContext, CancellationToken, Task> Answer { get; set; } = (http, _) =>
    {
        http.Response.StatusCode = 204;
        return Task.CompletedTask;
    };

    /// <summary>What has come, in order.</summary>
    public ConcurrentQueue<Delivered> Got { get; } = new();

    /// <summary>Where it listens.</summary>
    public Uri Url => new(new Uri(_app.Urls.First()), "/hook?for=us");

    /// <summary>Starts one on any free port.</summary>
    public static async Task<WebhookReceiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var receiver = new WebhookReceiver(builder.Build());
        receiver._app.Run(receiver.TakeAsync);
        await receiver._app.StartAsync();
        return receiver;
    }

    /// <summary>Answers with a status from now on.</summary>
    public void AnswerStatus(int status) => Answer = (http, _) =>
    {
        http.Response.StatusCode = status;
        return Task.CompletedTask;
    };

    /// <summary>Takes requests and never answers them.</summary>
    public void Hang() => Answer = (_, stop) => new TaskCompletionSource().Task.WaitAsync(stop);

    /// <summary>Waits for a number of requests.</summary>
    public async Task<List<Delivered>> TakeAsync(int count)
    {
        await Eventually.Async(() => Got.Count >= count, TimeSpan.FromSeconds(30));
        return [.. Got];
    }

    /// <summary>Ends it, and whatever still hangs.</summary>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _app.DisposeAsync();
        _end.Dispose();
    }

    private async Task TakeAsync(HttpContext http)
    {
        using var copy = new MemoryStream();
        await http.Request.Body.CopyToAsync(copy);
        var headers = http.Request.Headers;
        Got.Enqueue(new(
            headers["webhook-id"].ToString(), headers["webhook-timestamp"].ToString(), headers["webhook-signature"].ToString(),
            http.Request.ContentType ?? "", copy.ToArray(), DateTimeOffset.UtcNow));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(_end.Token, http.RequestAborted);
        try
        {
            await Answer(http, stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // the sender went, or the test ends
        }
    }
}
