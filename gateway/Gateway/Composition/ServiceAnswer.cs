using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Hikyaku.Gateway.Composition;

/// <summary>One service's answer to a question that the gateway asks for a caller, read whole.</summary>
/// <param name="Service">Whose it is.</param>
/// <param name="Status">The HTTP status; 503 where the service gave no answer in time.</param>
/// <param name="Body">The body.</param>
/// <param name="Headers">The headers that a caller gets, too.</param>
public sealed record ServiceAnswer(string Service, int Status, byte[] Body, IReadOnlyDictionary<string, StringValues> Headers) : IResult
{
    private static readonly string[] PassedOn = [HeaderNames.ETag, HeaderNames.ContentType, HeaderNames.ContentLanguage, HeaderNames.RetryAfter];

    /// <summary>Whether the service was able to answer, be it a refusal.</summary>
    public bool IsThere => Status < StatusCodes.Status500InternalServerError;

    /// <summary>Whether it has what was asked for.</summary>
    public bool IsOk => Status == StatusCodes.Status200OK;

    /// <summary>A service that gives no answer.</summary>
    public static ServiceAnswer None(string service) => new(service, StatusCodes.Status503ServiceUnavailable, [], new Dictionary<string, StringValues>());

    /// <summary>Reads an answer.</summary>
    public static async Task<ServiceAnswer> ReadAsync(string service, HttpResponseMessage response, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(response);
        var body = await response.Content.ReadAsByteArrayAsync(stop);
        var headers = new Dictionary<string, StringValues>();
        foreach (var name in PassedOn)
        {
            if (response.Headers.NonValidated.TryGetValues(name, out var values) || response.Content.Headers.NonValidated.TryGetValues(name, out values))
                headers[name] = values.ToString();
        }

        return new(service, (int)response.StatusCode, body, headers);
    }

    Task IResult.ExecuteAsync(HttpContext httpContext) => PassOnAsync(httpContext);

    /// <summary>Gives the answer to the caller as it is.</summary>
    public async Task PassOnAsync(HttpContext http)
    {
        ArgumentNullException.ThrowIfNull(http);
        http.Response.StatusCode = Status;
        foreach (var (name, value) in Headers) http.Response.Headers[name] = value;
        http.Response.ContentLength = Body.Length;
        await http.Response.Body.WriteAsync(Body, http.RequestAborted);
    }
}
