using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Hikyaku.Panel.Screens.Bulk;

/// <summary>
/// A form with a file, read only as far as where the file begins: its fields stand before it, and the file itself goes on to the gateway
/// while it comes.
/// </summary>
/// <param name="Fields">The fields before the file.</param>
/// <param name="File">The file; null when none was chosen.</param>
internal sealed record FilePart(IReadOnlyDictionary<string, string> Fields, Stream? File)
{
    /// <summary>The name of the file's field.</summary>
    public const string FieldName = "file";

    private const int LongestField = 4096;
    private const int MostFields = 16;

    /// <summary>Reads the beginning of a request; null when it is no such form.</summary>
    public static async Task<FilePart?> ReadAsync(HttpRequest request, CancellationToken stop)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || type.MediaType != "multipart/form-data") return null;
        if (HeaderUtilities.RemoveQuotes(type.Boundary).ToString() is not { Length: > 0 } boundary) return null;
        try
        {
            return await ReadAsync(new MultipartReader(boundary, request.Body), stop);
        }
        catch (Exception e) when (e is InvalidDataException || (e is IOException and not BadHttpRequestException))
        {
            return null; // whatever it says of itself
        }
    }

    private static async Task<FilePart?> ReadAsync(MultipartReader reader, CancellationToken stop)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        while (fields.Count < MostFields && await reader.ReadNextSectionAsync(stop) is { } section)
        {
            if (!ContentDispositionHeaderValue.TryParse(section.ContentDisposition, out var disposition)) return null;
            var name = HeaderUtilities.RemoveQuotes(disposition.Name).ToString();
            // A browser sends an empty part without a name where no file was chosen.
            if (name == FieldName) return new(fields, HeaderUtilities.RemoveQuotes(disposition.FileName).Length == 0 ? null : section.Body);
            if (await TextAsync(section.Body, stop) is not { } text) return null;
            fields[name] = text;
        }

        return new(fields, null);
    }

    private static async Task<string?> TextAsync(Stream body, CancellationToken stop)
    {
        using var reader = new StreamReader(body, leaveOpen: true);
        var text = new char[LongestField + 1];
        var length = await reader.ReadBlockAsync(text, stop);
        return length > LongestField ? null : new(text, 0, length);
    }
}
