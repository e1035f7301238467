using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace Hikyaku.Gateway.Tests.Integration;

/// <summary>A program that speaks to the gateway; it keeps no cookies by itself.</summary>
/// <param name="address">The gateway's.</param>
/// <param name="from">The program's own, one of this machine's; null: the usual one.</param>
public sealed class Client(string address, IPAddress? from = null) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        UseCookies = false,
        AllowAutoRedirect = false,
        ResponseDrainTimeout = TimeSpan.Zero,
        ConnectCallback = from is null ? null : async (context, stop) => await ConnectAsync(from, context.DnsEndPoint, stop),
    })
    { BaseAddress = new Uri(address) };

    public Uri Address => _http.BaseAddress!;

    public HttpClient Http => _http;

    public async Task<Reply> SendAsync(HttpMethod method, string path, string? token = null, object? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, new Uri(_http.BaseAddress!, path));
        if (token is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        request.Content = body switch
        {
            null => null,
            HttpContent content => content,
            _ => JsonContent.Create(body),
        };
        return await Reply.ReadAsync(await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead));
    }

    public Task<Reply> GetAsync(string path, string? token = null, params (string Name, string Value)[] headers)
        => SendAsync(HttpMethod.Get, path, token, null, headers);

    public Task<Reply> TrySignInAsync(string login, string password, params (string Name, string Value)[] headers)
        => SendAsync(HttpMethod.Post, "/api/v1/sessions", null, new { login, password }, headers);

    public async Task<string> SignInAsync(string login, string password)
    {
        var reply = await TrySignInAsync(login, password);
        Assert.Equal(HttpStatusCode.Created, reply.Status);
        return reply.Body!["token"]!.GetValue<string>();
    }

    public async Task<Reply> MustAsync(HttpStatusCode status, HttpMethod method, string path, string? token, object? body = null)
    {
        var reply = await SendAsync(method, path, token, body);
        Assert.True(status == reply.Status, $"{method} {path}: {(int)reply.Status} {reply.Text}");
        return reply;
    }

    public void Dispose() => _http.Dispose();

    private static async Task<Stream> ConnectAsync(IPAddress from, EndPoint to, CancellationToken stop)
    {
        var socket = new Socket(from.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Bind(new IPEndPoint(from, 0));
        await socket.ConnectAsync(to, stop);
        return new NetworkStream(socket, ownsSocket: true);
    }
}

/// <summary>An answer, read.</summary>
public sealed record Reply(HttpStatusCode Status, JsonNode? Body, string Text, IReadOnlyDictionary<string, string> Headers)
{
    static Reply() => System.Text.Encoding.RegisterProvider(System.Text.CodePagesEncodingProvider.Instance); // files in CP932

    /// <summary>The code of a problem.</summary>
    public string? Code => Body?["type"]?.GetValue<string>().Replace("urn:hikyaku:problem:", "", StringComparison.Ordinal);

    public string? this[string header] => Headers.GetValueOrDefault(header);

    public static async Task<Reply> ReadAsync(HttpResponseMessage response)
    {
        using (response)
        {
            // A stream of events ends some day.
            var endless = response.Content.Headers.ContentType?.MediaType == "text/event-stream";
            var text = endless ? "" : await response.Content.ReadAsStringAsync();
            var isJson = text.Length > 0 && response.Content.Headers.ContentType?.MediaType?.EndsWith("json", StringComparison.Ordinal) == true;
            var headers = response.Headers.Concat(response.Content.Headers)
                .ToDictionary(h => h.Key, h => string.Join("\n", h.Value), StringComparer.OrdinalIgnoreCase);
            return new(response.StatusCode, isJson ? JsonNode.Parse(text) : null, text, headers);
        }
    }
}
