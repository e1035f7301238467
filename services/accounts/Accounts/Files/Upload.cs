using Hikyaku.Platform;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;
using Microsoft.OpenApi;

namespace Hikyaku.Accounts.Files;

/// <summary>
/// The file of a request: the body itself (<c>text/csv</c>), or the field <c>file</c> of a form (<c>multipart/form-data</c>). It
/// holds passwords, so it is kept in memory and never in a temporary file. A charset that the body or the form's part declares counts.
/// </summary>
public static class Upload
{
    /// <summary>The largest file, in bytes: 35 MB.</summary>
    public const int MaxBytes = CsvFile.MaxBytes;

    /// <summary>The largest body, in bytes: a form has some more around its file.</summary>
    public const int MaxBodyBytes = MaxBytes + (64 << 10);

    private static readonly object Read = new();

    /// <summary>Says of an endpoint that it takes a file: how large its body may be, and what the API's document says of it.</summary>
    public static RouteHandlerBuilder TakesFile(this RouteHandlerBuilder endpoint) => endpoint
        .WithMetadata(new RequestSizeLimitAttribute(MaxBodyBytes))
        .AddOpenApiOperationTransformer((operation, _, _) =>
        {
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = true,
                Content = new Dictionary<string, OpenApiMediaType>
                {
                    ["text/csv"] = new() { Schema = new OpenApiSchema { Type = JsonSchemaType.String } },
                    ["multipart/form-data"] = new()
                    {
                        Schema = new OpenApiSchema
                        {
                            Type = JsonSchemaType.Object,
                            Properties = new Dictionary<string, IOpenApiSchema> { ["file"] = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" } },
                        },
                    },
                },
            };
            return Task.CompletedTask;
        });

    /// <summary>Reads the file, once a request; null and the refusal when there is none.</summary>
    public static async Task<(byte[]? File, IResult? Refusal)> ReadAsync(HttpContext http, CancellationToken stop)
    {
        if (http.Items[Read] is byte[] before) return (before, null); // the command begins again
        var (file, charset, refusal) = await ReadBodyAsync(http.Request, stop);
        if (file is null) return (null, refusal);
        if (file.Length > MaxBytes) return (null, Problems.Of(PlatformProblems.TooLarge, "file", ("max", MaxBytes)));
        if (charset is { Length: > 0 })
        {
            if (!CsvText.Charsets.TryGetValue(charset, out var known))
                return (null, Problems.Of(AccountsProblems.UploadCharset, "file", ("x", charset), ("known", string.Join(", ", CsvText.Charsets.Keys))));
            if (CsvText.FirstBeyond(file, known) is var (line, place, hex))
                return (null, Problems.Of(AccountsProblems.UploadNotInCharset, "file", ("x", charset), ("line", line), ("byte", place), ("hex", hex)));
            file = CsvText.Declared(file, known);
        }

        http.Items[Read] = file;
        return (file, null);
    }

    private static async Task<(byte[]? File, string? Charset, IResult? Refusal)> ReadBodyAsync(HttpRequest request, CancellationToken stop)
    {
        if (request.Body.CanSeek) request.Body.Position = 0; // a keyed request was read for its hash
        _ = MediaTypeHeaderValue.TryParse(request.ContentType, out var type);
        if (type?.MediaType.Equals("text/csv", StringComparison.OrdinalIgnoreCase) == true) return (await WholeAsync(request.Body, request.ContentLength, stop), CharsetOf(type), null);
        if (type?.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase) != true) return (null, null, Problems.Of(AccountsProblems.UploadMediaType));
        try
        {
            return await FieldAsync(HeaderUtilities.RemoveQuotes(type.Boundary).ToString(), request.Body, stop) is var (file, charset)
                ? (file, charset, null)
                : (null, null, Problems.Of(AccountsProblems.UploadMissing, "file"));
        }
        catch (Exception e) when (e is InvalidDataException or ArgumentException || (e is IOException and not BadHttpRequestException))
        {
            return (null, null, Problems.Of(PlatformProblems.Malformed, null, ("reason", "multipart/form-data"))); // no form, whatever it says of itself
        }
    }

    private static async Task<(byte[] File, string? Charset)?> FieldAsync(string boundary, Stream body, CancellationToken stop)
    {
        var reader = new MultipartReader(boundary, body);
        while (await reader.ReadNextSectionAsync(stop) is { } section)
        {
            if (!ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var disposition)) continue;
            if (HeaderUtilities.RemoveQuotes(disposition.Name) != "file") continue;
            _ = MediaTypeHeaderValue.TryParse(section.ContentType, out var type);
            return (await WholeAsync(section.Body, null, stop), CharsetOf(type));
        }

        return null;
    }

    private static string? CharsetOf(MediaTypeHeaderValue? type) => type is null ? null : HeaderUtilities.RemoveQuotes(type.Charset).ToString();

    private static async Task<byte[]> WholeAsync(Stream stream, long? length, CancellationToken stop)
    {
        using var memory = new MemoryStream((int)Math.Min(length ?? 0, MaxBodyBytes));
        await stream.CopyToAsync(memory, stop);
        return memory.Length == memory.Capacity ? memory.GetBuffer() : memory.ToArray();
    }
}
