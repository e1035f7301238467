using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Hikyaku.Platform.Testing;

/// <summary>The little of RabbitMQ's management API that tests need.</summary>
internal sealed class RabbitManagement : IDisposable
{
    private readonly HttpClient _http;

    public RabbitManagement(int port, string user, string password)
    {
        _http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/api/"), Timeout = TimeSpan.FromSeconds(10) };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")));
    }

    public void Dispose() => _http.Dispose();

    public async Task<bool> AnswersAsync()
    {
        using var answer = await _http.GetAsync(new Uri("whoami", UriKind.Relative));
        return answer.IsSuccessStatusCode;
    }

    /// <summary>Makes a virtual host; its maker may do everything in it.</summary>
    public async Task AddVirtualHostAsync(string name, bool traced)
    {
        using var answer = await _http.PutAsync(new Uri($"vhosts/{name}", UriKind.Relative), JsonContent.Create(new { tracing = traced }));
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>Makes a user whose rights in a virtual host are the same for configuring, writing and reading.</summary>
    public async Task AddUserAsync(string virtualHost, string name, string password, string rights)
    {
        using var user = await _http.PutAsync(new Uri($"users/{name}", UriKind.Relative), JsonContent.Create(new { password, tags = "" }));
        user.EnsureSuccessStatusCode();
        using var permission = await _http.PutAsync(
            new Uri($"permissions/{virtualHost}/{name}", UriKind.Relative), JsonContent.Create(new { configure = rights, write = rights, read = rights }));
        permission.EnsureSuccessStatusCode();
    }

    public async Task DeleteQueueAsync(string virtualHost, string queue)
    {
        using var answer = await _http.DeleteAsync(new Uri($"queues/{virtualHost}/{queue}", UriKind.Relative));
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>A number of each queue (<c>messages</c>, <c>consumers</c>); the numbers are up to five seconds old.</summary>
    public async Task<IReadOnlyDictionary<string, long>> QueuesAsync(string virtualHost, string number)
    {
        var queues = await _http.GetFromJsonAsync<JsonElement>(new Uri($"queues/{virtualHost}", UriKind.Relative));
        return queues.EnumerateArray().ToDictionary(
            q => q.GetProperty("name").GetString()!,
            q => q.TryGetProperty(number, out var n) ? n.GetInt64() : 0);
    }
}
