using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Hikyaku.Platform.Testing;

namespace Hikyaku.Feed.Tests.Integration;

/// <summary>An answer of the API.</summary>
public sealed record Reply(HttpStatusCode Status, JsonNode? Body, string? ETag, string? Link)
{
    public string Text(string field) => Body![field]!.GetValue<string>();

    public string[] Codes => [.. Body!["errors"]!.AsArray().Select(e => e!["code"]!.GetValue<string>())];
}

/// <summary>Asks the feed as the gateway does for an operator.</summary>
public sealed class WebhookClient(FeedService feed)
{
    /// <summary>Settings under which a receiver on loopback may be called and is tried again soon.</summary>
    public static readonly string[] ForTests =
    [
        "--Hikyaku:WebhookAllow=127.0.0.0/8", "--Hikyaku:Webhooks:FirstRetrySeconds=0.05", "--Hikyaku:Webhooks:LongestRetrySeconds=0.2", "--Hikyaku:Webhooks:TimeoutSeconds=1",
    ];

    public async Task<Reply> SendAsync(
        HttpMethod method, string path = "", object? body = null, string? token = null, string? key = null, string? ifMatch = null, string language = "en")
    {
        using var request = new HttpRequestMessage(method, "/api/v1/webhooks" + path);
        request.Headers.Authorization = new("Bearer", token ?? feed.OperatorToken);
        request.Headers.AcceptLanguage.ParseAdd(language);
        if (key is not null) request.Headers.Add("Idempotency-Key", key);
        if (ifMatch is not null) request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        if (body is not null) request.Content = JsonContent.Create(body);
        using var answer = await feed.Http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        return new(
            answer.StatusCode, text.Length == 0 ? null : JsonNode.Parse(text), answer.Headers.ETag?.Tag,
            answer.Headers.TryGetValues("Link", out var links) ? links.Single() : null);
    }

    public async Task<JsonNode> RegisterAsync(Uri url, string? domain = null, string? after = null, string[]? types = null)
    {
        var reply = await SendAsync(HttpMethod.Post, body: new { url, domain, after, types });
        Assert.Equal(HttpStatusCode.Created, reply.Status);
        return reply.Body!;
    }

    public async Task<JsonNode> ReadAsync(string id) => (await SendAsync(HttpMethod.Get, "/" + id)).Body!;

    public Task<JsonNode> StateAsync(string id, string state)
        => Eventually.Async(() => ReadAsync(id), h => h["state"]!.GetValue<string>() == state, TimeSpan.FromSeconds(30));

    public async Task<JsonArray> DeliveriesAsync(string id) => (await SendAsync(HttpMethod.Get, $"/{id}/deliveries?limit=500")).Body!["items"]!.AsArray();
}
