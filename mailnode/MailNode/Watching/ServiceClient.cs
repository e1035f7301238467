using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using Hikyaku.Contracts;
using Hikyaku.Platform;

namespace Hikyaku.MailNode;

/// <summary>What a node asks and tells a service that owns a part of its replica, with the node's own credential.</summary>
public sealed class ServiceClient : IDisposable
{
    // How long to wait for the next line of a list, and for the answer to a lease.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly HttpClient _http;
    private readonly string _node;

    /// <summary>Makes one for a service; throws when the settings do not say where it answers.</summary>
    public ServiceClient(NodeSettings settings, string service)
    {
        ArgumentNullException.ThrowIfNull(settings);
        _node = settings.Node;
        var handler = new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(2), ConnectTimeout = Patience };
        var address = settings.Services.GetValueOrDefault(service) ?? throw new InvalidOperationException($"Hikyaku:Services:{service} is not set, and that service owns a part of the replica");
        _http = new HttpClient(handler) { BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", $"{settings.Node}.{settings.Credential}");
    }

    /// <summary><c>GET /internal/node-state</c>: the lines of the list as they come; of some shards or of all.</summary>
    public async IAsyncEnumerable<string> NodeStateAsync(IReadOnlySet<int>? shards, [EnumeratorCancellation] CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(Patience * 3); // its beginning may wait for a snapshot
        var path = shards is null ? "/internal/node-state" : $"/internal/node-state?shards={string.Join(',', shards)}";
        using var answer = await _http.GetAsync(new Uri(path, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, limit.Token);
        answer.EnsureSuccessStatusCode();
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(limit.Token));
        while (await reader.ReadLineAsync(limit.Token) is { } line)
        {
            limit.CancelAfter(Patience);
            yield return line;
        }
    }

    /// <summary><c>GET /internal/node-state/digests</c>.</summary>
    public async Task<NodeStateDigestsAnswer> DigestsAsync(CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(Patience * 3);
        return await _http.GetFromJsonAsync<NodeStateDigestsAnswer>(new Uri("/internal/node-state/digests", UriKind.Relative), limit.Token)
            ?? throw new InvalidDataException("The service's digests are null");
    }

    /// <summary><c>PUT /internal/nodes/{node}</c>: registers, renews the lease, and tells what was applied.</summary>
    /// <returns>The service's answer; null: the node was retired.</returns>
    public async Task<LeaseAnswer?> RenewLeaseAsync(LeaseReport report, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(Patience);
        using var answer = await _http.PutAsJsonAsync(new Uri($"/internal/nodes/{Uri.EscapeDataString(_node)}", UriKind.Relative), report, limit.Token);
        if (answer.StatusCode == System.Net.HttpStatusCode.Conflict) return null;
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadFromJsonAsync<LeaseAnswer>(limit.Token) ?? throw new InvalidDataException("The service's answer is null");
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();
}
