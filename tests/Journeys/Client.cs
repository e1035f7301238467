using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text.Json.Nodes;

namespace Hikyaku.Journeys;

/// <summary>A program that uses the gateway's API with a bearer token, as one outside of this repository would.</summary>
public sealed class Client(string gateway, string? token = null) : IDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = new Uri(gateway), Timeout = TimeSpan.FromSeconds(60) };

    public string? Token { get; private set; } = token;

    public async Task<Reply> SignInAsync(string login, string password)
    {
        var reply = await SendAsync(HttpMethod.Post, "/api/v1/sessions", new { login, password });
        Assert.True(reply.Status == 201, $"{login} cannot sign in: {reply.Status} {reply.Text}");
        Token = reply.Body!["token"]!.GetValue<string>();
        return reply;
    }

    public async Task<Reply> SendAsync(HttpMethod method, string path, object? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        if (Token is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        if (body is not null) request.Content = body as HttpContent ?? JsonContent.Create(body);
        using var response = await _http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        var isJson = response.Content.Headers.ContentType?.MediaType?.EndsWith("json", StringComparison.Ordinal) == true;
        return new((int)response.StatusCode, isJson ? JsonNode.Parse(text) : null, response.Headers.ETag?.Tag, text);
    }

    public Task<Reply> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    /// <summary>Reads server-sent events until there are as many as asked for, or for as long as is waited.</summary>
    public async Task<List<SseItem<string>>> FollowAsync(string path, int count, string? lastEventId = null, TimeSpan? within = null)
    {
        using var limit = new CancellationTokenSource(within ?? TimeSpan.FromSeconds(30));
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        if (lastEventId is not null) request.Headers.TryAddWithoutValidation("Last-Event-ID", lastEventId);
        var events = new List<SseItem<string>>();
        try
        {
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            Assert.True(response.IsSuccessStatusCode, $"{path}: {response.StatusCode}");
            await foreach (var e in SseParser.Create(await response.Content.ReadAsStreamAsync(limit.Token)).EnumerateAsync(limit.Token))
            {
                events.Add(e);
                if (events.Count == count) break;
            }
        }
        catch (Exception e) when (limit.IsCancellationRequested && e is OperationCanceledException or IOException)
        {
            // what came until then is told
        }

        return events;
    }

    public void Dispose() => _http.Dispose();
}

/// <summary>An answer, read.</summary>
public sealed record Reply(int Status, JsonNode? Body, string? ETag, string Text)
{
    /// <summary>The problem's code.</summary>
    public string? Code => Body?["type"]?.GetValue<string>()["urn:hikyaku:problem:".Length..];
}
