using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Hikyaku.Platform.Testing;

namespace Hikyaku.Platform.Tests.Integration;

/// <summary>An answer in full, so that two can be compared to the letter.</summary>
public sealed record Reply(int Status, string? ETag, string? Location, string? ContentType, string Body)
{
    public string? Problem => JsonDocument.Parse(Body).RootElement.TryGetProperty("type", out var type) ? type.GetString()!["urn:hikyaku:problem:".Length..] : null;
}

/// <summary>Asks a <see cref="ParcelService"/> as the gateway does.</summary>
public sealed class ParcelClient(ParcelService service, InternalKeys keys) : IDisposable
{
    public static readonly Caller Operator = new(Roles.Operator, "operator", "s1", [], "192.0.2.7", "api");

    // No trace of the test's own: the one that a test writes counts.
    private readonly HttpClient _http = new(new SocketsHttpHandler { ActivityHeadersPropagator = null }) { BaseAddress = service.Address, Timeout = TimeSpan.FromSeconds(30) };

    public Task<Reply> PostAsync(string id, string? key = null, string to = "Edo", Caller? caller = null)
        => SendAsync(HttpMethod.Post, "/parcels", new ParcelBody(id, to), caller: caller, headers: [("Idempotency-Key", key)]);

    public Task<Reply> LabelAsync(string id, string label, string? ifMatch = null)
        => SendAsync(HttpMethod.Put, $"/parcels/{id}/label", new LabelBody(label), headers: [("If-Match", ifMatch)]);

    public Task<Reply> WeighAsync(string id, int grams = 1, string? key = null, string? traceParent = null)
        => SendAsync(HttpMethod.Post, $"/parcels/{id}/weighings", new WeighingBody(grams), headers: [("Idempotency-Key", key), ("traceparent", traceParent)]);

    /// <summary>Labels the parcel of an account, which has its id, for the account's own user.</summary>
    public Task<Reply> LabelAsUserAsync(string account, string label, string? key = null)
        => SendAsync(HttpMethod.Put, $"/accounts/{AddressOf(account)}/label", new LabelBody(label), bearer: UserToken(account), headers: [("Idempotency-Key", key)]);

    /// <summary>Reads the parcel of an account.</summary>
    public Task<Reply> ReadAsUserAsync(string account) => SendAsync(HttpMethod.Get, $"/accounts/{AddressOf(account)}", null, bearer: UserToken(account));

    public Task<Reply> GetAsync(string path) => SendAsync(HttpMethod.Get, path, null);

    /// <summary>An account's address.</summary>
    public static string AddressOf(string account) => $"{account}@example.jp";

    public async Task<Reply> SendAsync(HttpMethod method, string path, object? body, Caller? caller = null, string? bearer = null, params (string Name, string? Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearer ?? keys.Token(caller ?? Operator));
        foreach (var (name, value) in headers) if (value is not null) request.Headers.TryAddWithoutValidation(name, value);
        using var answer = await _http.SendAsync(request);
        return new((int)answer.StatusCode, Header(answer, "ETag"), Header(answer, "Location"), answer.Content.Headers.ContentType?.ToString(), await answer.Content.ReadAsStringAsync());
    }

    public void Dispose() => _http.Dispose();

    /// <summary>Reads the history of an account's parcel, for an operator or for its user.</summary>
    public Task<Reply> HistoryAsync(string account, string query = "", bool asUser = false)
        => SendAsync(HttpMethod.Get, $"/api/v1/accounts/{AddressOf(account)}/history{query}", null, bearer: asUser ? UserToken(account) : OperatorToken(account));

    /// <summary>Undoes a change of an account's parcel.</summary>
    public Task<Reply> UndoAsync(string account, string eventId, bool asUser = false)
        => SendAsync(HttpMethod.Post, $"/api/v1/accounts/{AddressOf(account)}/history/{eventId}/undo", new UndoBody(null), bearer: asUser ? UserToken(account) : OperatorToken(account));

    private string OperatorToken(string account) => keys.Token(Operator, new(account, AddressOf(account), "example.jp", 1));

    private string UserToken(string account)
        => keys.Token(new(Roles.User, AddressOf(account), "s2", [], "192.0.2.99", "api", account), new(account, AddressOf(account), "example.jp", 1));

    private static string? Header(HttpResponseMessage answer, string name) => answer.Headers.TryGetValues(name, out var values) ? values.Single() : null;
}
