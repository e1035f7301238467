using System.Net.Http.Headers;
using System.Runtime.CompilerServices;

namespace Hikyaku.MailNode;

/// <summary>What a node asks and tells the accounts service, with the node's own credential.</summary>
public sealed class AccountsClient : IDisposable
{
    // Between two lines of a list, and for a lease.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly HttpClient _http;
    private readonly string _node;

    /// <summary>Makes one for the service that the settings name.</summary>
    public AccountsClient(NodeSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        _node = settings.Node;
        var handler = new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(2), ConnectTimeout = Patience };
        _http = new HttpClient(handler) { BaseAddress = settings.Accounts, Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", $"{settings.Node}.{settings.Credential}");
    }

    /// <summary><c>GET /internal/node-state</c>: the lines of the list as they come.</summary>
    public async IAsyncEnumerable<string> NodeStateAsync([EnumeratorCancellation] CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(Patience * 3); // its beginning may wait for a snapshot
        using var answer = await _http.GetAsync(new Uri("/internal/node-state", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, limit.Token);
        answer.EnsureSuccessStatusCode();
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(limit.Token));
        while (await reader.ReadLineAsync(limit.Token) is { } line)
        {
            limit.CancelAfter(Patience);
            yield return line;
        }
    }

    /// <summary><c>PUT /internal/nodes/{node}</c>: registers, renews the lease, and tells what was applied. False: the node was retired.</summary>
    public async Task<bool> RenewLeaseAsync(LeaseReport report, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(Patience);
        using var answer = await _http.PutAsJsonAsync(new Uri($"/internal/nodes/{Uri.EscapeDataString(_node)}", UriKind.Relative), report, limit.Token);
        if (answer.StatusCode == System.Net.HttpStatusCode.Conflict) return false;
        answer.EnsureSuccessStatusCode();
        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();
}

/// <summary>What a node tells of itself.</summary>
/// <param name="Applied">Up to which position of each service everything is applied.</param>
/// <param name="Servers">Versions of the mail servers.</param>
/// <param name="Listed">Whether the replica is complete; else the node does not serve.</param>
/// <param name="Host">Where the other nodes reach it; null: they do not.</param>
/// <param name="ImapPort">IMAP for the other nodes.</param>
/// <param name="Pop3Port">POP3 for the other nodes.</param>
/// <param name="LmtpPort">LMTP for the other nodes.</param>
/// <param name="QuotaPort">Dovecot's quota-status for the other nodes.</param>
public sealed record LeaseReport(
    IReadOnlyDictionary<string, long> Applied, IReadOnlyDictionary<string, string> Servers, bool Listed,
    string? Host = null, int? ImapPort = null, int? Pop3Port = null, int? LmtpPort = null, int? QuotaPort = null);
