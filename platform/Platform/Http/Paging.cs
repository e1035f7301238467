using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Hikyaku.Platform;

/// <summary>How lists are asked for page by page: <c>limit</c>, <c>cursor</c>, and the address of the next page.</summary>
public static class Paging
{
    /// <summary>Reads the parameter <c>limit</c>: 1 to <see cref="Cursor.MaxLimit"/>, <see cref="Cursor.DefaultLimit"/> when absent.</summary>
    public static bool TryReadLimit(string? text, out int limit)
    {
        limit = Cursor.DefaultLimit;
        return string.IsNullOrEmpty(text)
            || (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) && limit is >= 1 and <= Cursor.MaxLimit);
    }

    /// <summary>Names the next page in the answer's <c>Link</c>, with all else that was asked for.</summary>
    public static void LinkNext(HttpContext http, string next)
    {
        ArgumentNullException.ThrowIfNull(http);
        var query = QueryString.Create(http.Request.Query.Where(q => q.Key != "cursor").SelectMany(q => q.Value.Select(v => KeyValuePair.Create(q.Key, v))))
            .Add("cursor", next);
        http.Response.Headers.Link = $"<{http.Request.Path}{query}>; rel=\"next\"";
    }
}
