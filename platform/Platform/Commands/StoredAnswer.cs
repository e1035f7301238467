using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Hikyaku.Platform;

/// <summary>An answer as bytes, so that it can be given again to the letter. One of a release before 2026-11-30 has no <c>More</c>.</summary>
internal sealed record StoredAnswer(
    int Status, string? ContentType, string? ETag, string? Location, string? Language, byte[] Body, IReadOnlyDictionary<string, string>? More = null) : IResult
{
    public static StoredAnswer Open(IdempotencyRecord record, SecretBox box)
        => JsonSerializer.Deserialize<StoredAnswer>(box.Open(record.Sealed))!;

    public static async Task<StoredAnswer> RenderAsync(IResult result, HttpContext asked)
    {
        using var body = new MemoryStream();
        var scratch = new DefaultHttpContext { RequestServices = asked.RequestServices };
        scratch.Request.Headers.AcceptLanguage = asked.Request.Headers.AcceptLanguage;
        scratch.Response.Body = body;
        await result.ExecuteAsync(scratch);
        var response = scratch.Response;
        return new(response.StatusCode, response.ContentType, Header(response.Headers.ETag), Header(response.Headers.Location),
            Header(response.Headers.ContentLanguage), body.ToArray(), (result as Answer)?.Headers);
    }

    public byte[] Seal(SecretBox box) => box.Seal(JsonSerializer.SerializeToUtf8Bytes(this));

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = Status;
        response.ContentType = ContentType;
        if (ETag is not null) response.Headers.ETag = ETag;
        if (Location is not null) response.Headers.Location = Location;
        if (Language is not null) response.Headers.ContentLanguage = Language;
        foreach (var (name, value) in More ?? new Dictionary<string, string>()) response.Headers[name] = value;
        if (Body.Length > 0) await response.Body.WriteAsync(Body, httpContext.RequestAborted);
    }

    [return: NotNullIfNotNull(nameof(value))]
    private static string? Header(string? value) => string.IsNullOrEmpty(value) ? null : value;
}
