using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using Hikyaku.Panel.Hosting;

namespace Hikyaku.Panel.Api;

/// <summary>
/// The gateway's API, asked with the reader's own session and language. Reads throw <see cref="GatewayRefusalException"/>; a change that is
/// refused for what was typed is an <see cref="Outcome{T}"/> that the screen shows.
/// </summary>
public sealed class GatewayClient(HttpClient http, Reader reader, IHttpContextAccessor accessor)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    // What a form can be corrected for.
    internal static readonly int[] Correctable = [400, 409, 412, 413, 415, 422, 428];

    private int _changes;

    private HttpContext Context => accessor.HttpContext ?? throw new InvalidOperationException("The gateway is asked within requests");

    /// <summary>Reads.</summary>
    /// <param name="path">Below <c>/api/v1/</c>, see <see cref="Parts.Urls.Api"/>.</param>
    public async Task<T> GetAsync<T>(string path) => (await ReadAsync<T>(path)).Value;

    /// <summary>Reads a resource with its version.</summary>
    public async Task<Versioned<T>> ReadAsync<T>(string path)
    {
        using var response = await SendAsync(HttpMethod.Get, path, null, null);
        if (!response.IsSuccessStatusCode) throw RefusalOf(response);
        return new((await response.Content.ReadFromJsonAsync<T>(Json, Context.RequestAborted))!, response.Headers.ETag?.ToString());
    }

    /// <summary>Reads what must not take the page down with it: null when there is none, or when its service does not answer.</summary>
    public async Task<T?> TryGetAsync<T>(string path) where T : class
    {
        try
        {
            return await GetAsync<T>(path);
        }
        catch (GatewayRefusalException refusal) when (refusal.Status is StatusCodes.Status404NotFound or >= 500)
        {
            return null; // the page says so in its place
        }
    }

    /// <summary>Creates or does something.</summary>
    /// <param name="path">Below <c>/api/v1/</c>.</param>
    /// <param name="body">As JSON; null for none.</param>
    public Task<Outcome<T>> PostAsync<T>(string path, object? body = null) => ChangeAsync<T>(HttpMethod.Post, path, body, null, Correctable);

    /// <summary>Replaces something.</summary>
    /// <param name="path">Below <c>/api/v1/</c>.</param>
    /// <param name="body">As JSON.</param>
    /// <param name="version">The version that the reader saw; null to overwrite any.</param>
    public Task<Outcome<T>> PutAsync<T>(string path, object body, string? version = null) => ChangeAsync<T>(HttpMethod.Put, path, body, version, Correctable);

    /// <summary>Changes a part of something.</summary>
    /// <param name="path">Below <c>/api/v1/</c>.</param>
    /// <param name="body">As JSON.</param>
    /// <param name="version">The version that the reader saw; null to overwrite any.</param>
    public Task<Outcome<T>> PatchAsync<T>(string path, object body, string? version = null) => ChangeAsync<T>(HttpMethod.Patch, path, body, version, Correctable);

    /// <summary>Deletes something.</summary>
    /// <param name="path">Below <c>/api/v1/</c>.</param>
    /// <param name="body">As JSON; null for none.</param>
    /// <param name="version">The version that the reader saw; null to delete any.</param>
    public Task<Outcome<T>> DeleteAsync<T>(string path, object? body = null, string? version = null) => ChangeAsync<T>(HttpMethod.Delete, path, body, version, Correctable);

    /// <summary>Signs in: who may not is told on the same page.</summary>
    public Task<Outcome<T>> SignInAsync<T>(object body) => ChangeAsync<T>(HttpMethod.Post, "sessions", body, null, [.. Correctable, 401, 423, 429]);

    private async Task<Outcome<T>> ChangeAsync<T>(HttpMethod method, string path, object? body, string? version, int[] shown)
    {
        using var response = await SendAsync(method, path, body, version);
        return await OutcomeAsync<T>(response, shown);
    }

    internal async Task<Outcome<T>> OutcomeAsync<T>(HttpResponseMessage response, int[] shown)
    {
        var stop = Context.RequestAborted;
        if (!response.IsSuccessStatusCode)
        {
            if (!shown.Contains((int)response.StatusCode)) throw RefusalOf(response);
            var problem = await response.Content.ReadFromJsonAsync<Problem>(Json, stop) ?? throw RefusalOf(response);
            // The page that shows a refusal is not the page of something done.
            Context.Response.StatusCode = problem.Status;
            return new(default, problem);
        }

        var text = await response.Content.ReadAsStringAsync(stop);
        return new(text.Length == 0 ? default : JsonSerializer.Deserialize<T>(text, Json), null);
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, object? body, string? version)
    {
        using var request = new HttpRequestMessage(method, AddressOf(path));
        if (body is not null) request.Content = body as HttpContent ?? JsonContent.Create(body, body.GetType(), options: Json);
        if (version is not null) request.Headers.TryAddWithoutValidation("If-Match", version);
        if (method == HttpMethod.Post && KeyOfForm() is { } key) request.Headers.Add("Idempotency-Key", key);
        AddReader(request.Headers);
        try
        {
            return await http.SendAsync(request, Context.RequestAborted);
        }
        catch (Exception e) when (e is HttpRequestException || (e is TaskCanceledException && !Context.RequestAborted.IsCancellationRequested))
        {
            throw new GatewayRefusalException(StatusCodes.Status503ServiceUnavailable); // nobody there, or too slow
        }
    }

    internal void AddReader(HttpRequestHeaders headers)
    {
        headers.Add("Accept-Language", CultureInfo.CurrentUICulture.Name);
        // The panel has checked its form's token; the gateway wants to know where a change by cookie comes from.
        headers.Add("Sec-Fetch-Site", "same-origin");
        headers.Add("X-Hikyaku-Session", reader.InUserShell ? "user" : "admin");
        if (reader.Token is { } token) headers.Add("Cookie", $"{(reader.InUserShell ? "hikyaku-user" : "hikyaku-admin")}={token}");
        // The reader's, for history and for counting sign-ins by network. The gateway believes them if it trusts this panel.
        if (Context.Connection.RemoteIpAddress is { } address) headers.Add("X-Forwarded-For", (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString());
        headers.TryAddWithoutValidation("User-Agent", Context.Request.Headers.UserAgent.ToString());
    }

    // One form can make several changes: each has a key of its own, the same when the form is sent again.
    private string? KeyOfForm()
    {
        if (!Context.Request.HasFormContentType || !Guid.TryParse(Context.Request.Form[Forms.KeyField], out var key)) return null;
        return $"{key:N}-{_changes++}";
    }

    internal static Uri AddressOf(string path) => new("api/v1/" + path, UriKind.Relative);

    internal static GatewayRefusalException RefusalOf(HttpResponseMessage response) => new(
        (int)response.StatusCode is >= 500 ? StatusCodes.Status503ServiceUnavailable : (int)response.StatusCode, response.Headers.RetryAfter?.Delta);
}
