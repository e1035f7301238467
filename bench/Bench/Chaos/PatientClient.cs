using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Hikyaku.Bench.Chaos;

/// <summary>
/// A well-behaved client of the gateway: a request that is not answered, or answered with "later", it sends again, the same each
/// time, until there is an answer.
/// </summary>
internal sealed class PatientClient(RunningPlatform platform) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3), Pause = TimeSpan.FromMilliseconds(300);

    private readonly HttpClient _http = new() { BaseAddress = platform.Gateway.BaseAddress, Timeout = TimeSpan.FromSeconds(15) };
    private int _again;

    /// <summary>How many requests had to be sent again.</summary>
    public int SentAgain => _again;

    /// <param name="method">How.</param>
    /// <param name="path">What.</param>
    /// <param name="body">With what.</param>
    /// <param name="key">The Idempotency-Key of a POST.</param>
    /// <returns>The first answer other than "later", and whether it was the answer to a repetition.</returns>
    public async Task<(HttpStatusCode Status, JsonNode? Body, bool Repeated)> SendAsync(HttpMethod method, string path, object? body = null, string? key = null)
    {
        var until = DateTime.UtcNow + Patience;
        for (var repeated = false; ; repeated = true)
        {
            try
            {
                _http.DefaultRequestHeaders.Authorization ??= new AuthenticationHeaderValue("Bearer", await platform.TokenAsync());
                using var request = new HttpRequestMessage(method, path);
                if (key is not null) request.Headers.Add("Idempotency-Key", key);
                if (body is not null) request.Content = JsonContent.Create(body);
                using var answer = await _http.SendAsync(request);
                if (!IsLater(answer.StatusCode, key)) return (answer.StatusCode, await ReadAsync(answer), repeated);
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException or IOException)
            {
                // there was no answer, so the request may or may not have been carried out
            }

            if (DateTime.UtcNow > until) throw new TimeoutException($"{method} {path} is not answered");
            Interlocked.Increment(ref _again);
            await Task.Delay(Pause);
        }
    }

    public void Dispose() => _http.Dispose();

    // 409 to a key: the first one is still under way.
    private static bool IsLater(HttpStatusCode status, string? key)
        => (int)status >= 500 || status is HttpStatusCode.TooManyRequests || (status == HttpStatusCode.Conflict && key is not null);

    private static async Task<JsonNode?> ReadAsync(HttpResponseMessage answer)
    {
        var text = await answer.Content.ReadAsStringAsync();
        return answer.Content.Headers.ContentType?.MediaType?.EndsWith("json", StringComparison.Ordinal) == true ? JsonNode.Parse(text) : null;
    }
}
