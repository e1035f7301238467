using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hikyaku.CommandLine.Output;

namespace Hikyaku.CommandLine.Api;

/// <summary>A part of a list, and whether there is more.</summary>
internal sealed record Listing(IReadOnlyList<JsonNode> Items, bool HasMore, IReadOnlyList<string> Unavailable);

/// <summary>
/// The HTTP API, asked by an API token. Nothing is asked twice and no redirection is followed: the token goes to the address that was given,
/// and nowhere else.
/// </summary>
internal sealed class ApiClient : IDisposable
{
    private const int MostOfAPage = 500;
    private static readonly TimeSpan AnswersWithin = TimeSpan.FromSeconds(30);
    private readonly HttpClient _http;

    /// <summary>Opens nothing yet.</summary>
    /// <param name="address">Ends with <c>/api/v1/</c>.</param>
    /// <param name="token">The API token.</param>
    public ApiClient(Uri address, string token)
    {
        // A proxy of the environment would read what is not encrypted.
        _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = address.Scheme == "https" }) { BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        _http.DefaultRequestHeaders.Add("Accept-Language", CultureInfo.CurrentUICulture.Name);
        _http.DefaultRequestHeaders.UserAgent.ParseAdd("hikyaku");
    }

    /// <summary>Reads something.</summary>
    public async Task<JsonNode> GetAsync(string path, CancellationToken stop) => await SendAsync(HttpMethod.Get, path, null, stop) ?? throw NotTheApi();

    /// <summary>Does something.</summary>
    /// <returns>The answer; null when it has no body.</returns>
    public async Task<JsonNode?> SendAsync(HttpMethod method, string path, HttpContent? content, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(AnswersWithin);
        try
        {
            using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative)) { Content = content };
            using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            if (!answer.IsSuccessStatusCode) throw await ApiRefusalException.ReadAsync(answer, limit.Token);
            if (answer.StatusCode == HttpStatusCode.NoContent) return null;
            if (answer.Content.Headers.ContentType?.MediaType?.EndsWith("json", StringComparison.Ordinal) != true) throw NotTheApi();
            return await JsonNode.ParseAsync(await answer.Content.ReadAsStreamAsync(limit.Token), cancellationToken: limit.Token);
        }
        catch (Exception e) when (IsLost(e, stop))
        {
            throw Lost(e);
        }
        catch (JsonException)
        {
            throw NotTheApi();
        }
    }

    /// <summary>Reads a list, page by page.</summary>
    public async Task<Listing> ListAsync(string path, int most, CancellationToken stop, params IReadOnlyList<(string Name, string? Value)> query)
    {
        var (items, unavailable, next) = (new List<JsonNode>(), new HashSet<string>(), (string?)null);
        do
        {
            var limit = Math.Min(most - items.Count, MostOfAPage).ToString(CultureInfo.InvariantCulture);
            var page = await GetAsync(path.With([.. query, ("limit", limit), ("cursor", next)]), stop);
            items.AddRange(page.Items("items"));
            unavailable.UnionWith(page.Items("unavailable").Select(s => s.ToString()));
            next = page.Text("next");
        }
        while (next is not null && items.Count < most);
        return new(items, next is not null, [.. unavailable]);
    }

    /// <summary>Opens a stream of events.</summary>
    /// <returns>The answer; null when the server says that nothing more will come.</returns>
    public async Task<HttpResponseMessage?> OpenAsync(string path, string? lastId, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(AnswersWithin);
        HttpResponseMessage? answer = null;
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
            if (lastId is not null) request.Headers.TryAddWithoutValidation("Last-Event-ID", lastId);
            answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            if (!answer.IsSuccessStatusCode) throw await ApiRefusalException.ReadAsync(answer, limit.Token);
            if (answer.StatusCode != HttpStatusCode.NoContent && answer.Content.Headers.ContentType?.MediaType != "text/event-stream") throw NotTheApi();
            var stream = answer.StatusCode == HttpStatusCode.NoContent ? null : answer;
            if (stream is not null) answer = null; // the caller's from now on
            return stream;
        }
        catch (Exception e) when (IsLost(e, stop))
        {
            throw Lost(e);
        }
        finally
        {
            answer?.Dispose();
        }
    }

    /// <summary>Whether something failed on the way, and not because somebody ended it.</summary>
    public static bool IsLost(Exception e, CancellationToken stop) => e is HttpRequestException or IOException || (e is OperationCanceledException && !stop.IsCancellationRequested);

    /// <summary>What is told of that.</summary>
    public ApiUnreachableException Lost(Exception e) => new(Texts.Fill(CommandTexts.Unreachable, Host, e is OperationCanceledException ? CommandTexts.NoAnswer : e.GetBaseException().Message));

    /// <summary>What is told when something else answers.</summary>
    public ApiUnreachableException NotTheApi() => new(Texts.Fill(CommandTexts.NotTheApi, Host));

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private string Host => _http.BaseAddress!.GetLeftPart(UriPartial.Authority);
}
