using System.Globalization;
using System.Text.Json.Nodes;
using Hikyaku.Gateway.Routing;
using Hikyaku.Platform;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Hikyaku.Gateway.Documents;

/// <summary>
/// <c>GET /api/v1/openapi.json</c>: one OpenAPI 3.1 document of all that can be called, made of the gateway's own and each
/// service's (<c>/internal/openapi.json</c>). It is made when first asked for and refreshed every minute; of a service that does
/// not answer the last known stands, and without one the answer is 503.
/// </summary>
public sealed partial class ApiDocument(IServiceProvider provider, RouteTable table, Routing.Services services, TimeProvider time, ILogger<ApiDocument> log) : IDisposable
{
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim _making = new(1, 1);
    private readonly Dictionary<string, JsonObject> _known = [];
    private byte[]? _document;
    private DateTimeOffset _madeAt;

    /// <summary>The endpoint.</summary>
    public static async Task<IResult> Handle(ApiDocument documents, CancellationToken stop)
        => await documents.GetAsync(stop) is { } document
            ? Results.Bytes(document, "application/json;charset=utf-8")
            : Problems.Of(PlatformProblems.Unavailable);

    /// <inheritdoc/>
    public void Dispose() => _making.Dispose();

    private async Task<byte[]?> GetAsync(CancellationToken stop)
    {
        await _making.WaitAsync(stop);
        try
        {
            if (_document is null || time.GetUtcNow() - _madeAt > Fresh) await MakeAsync(stop);
            return _document;
        }
        finally
        {
            _making.Release();
        }
    }

    private async Task MakeAsync(CancellationToken stop)
    {
        _known[RouteTable.Own] = await OwnAsync(stop);
        foreach (var service in services.Names) await AskAsync(service, stop);
        if (services.Names.Any(s => !_known.ContainsKey(s))) return;
        _document = DocumentMerge.Of(_known, table);
        _madeAt = time.GetUtcNow();
    }

    private async Task<JsonObject> OwnAsync(CancellationToken stop)
    {
        var document = await provider.GetRequiredKeyedService<IOpenApiDocumentProvider>("v1").GetOpenApiDocumentAsync(stop);
        using var text = new StringWriter(CultureInfo.InvariantCulture);
        document.SerializeAsV31(new OpenApiJsonWriter(text));
        return JsonNode.Parse(text.ToString())!.AsObject();
    }

    private async Task AskAsync(string service, CancellationToken stop)
    {
        try
        {
            var text = await services.Client.GetStringAsync(new Uri(services.AddressOf(service) + "/internal/openapi.json"), stop);
            _known[service] = JsonNode.Parse(text)!.AsObject();
        }
        catch (Exception e) when (ProblemExceptionHandler.IsAway(e))
        {
            LogAway(e, service); // what is known of it stands
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "Service {Service} did not tell its API document")]
    private partial void LogAway(Exception exception, string service);
}
