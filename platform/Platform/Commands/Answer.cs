using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;

namespace Hikyaku.Platform;

/// <summary>An answer with a JSON body, the resource's version as ETag, and a Location where something was made.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Body">Null for none.</param>
/// <param name="Version">The stream's version, for If-Match.</param>
/// <param name="Location">Where the new resource is.</param>
public sealed record Answer(int Status, object? Body = null, long? Version = null, string? Location = null) : IResult, IStatusCodeHttpResult
{
    /// <summary>How every answer is written: web casing, nothing for null, readable Japanese.</summary>
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Other headers of the answer, by name; null for none.</summary>
    public IReadOnlyDictionary<string, string>? Headers { get; init; }

    int? IStatusCodeHttpResult.StatusCode => Status;

    /// <inheritdoc/>
    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = Status;
        if (Version is { } version) response.Headers.ETag = string.Create(CultureInfo.InvariantCulture, $"\"{version}\"");
        if (Location is not null) response.Headers.Location = Location;
        foreach (var (name, value) in Headers ?? new Dictionary<string, string>()) response.Headers[name] = value;
        return Body is null ? Task.CompletedTask : response.WriteAsJsonAsync(Body, Body.GetType(), Json, "application/json", httpContext.RequestAborted);
    }
}
