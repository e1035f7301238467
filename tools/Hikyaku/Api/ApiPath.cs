using System.Globalization;

namespace Hikyaku.CommandLine.Api;

/// <summary>Paths below <c>/api/v1/</c>.</summary>
internal static class ApiPath
{
    /// <summary>A path whose filled in values are escaped, so that none of them is more than one segment.</summary>
    public static string Of(FormattableString path)
        => string.Format(CultureInfo.InvariantCulture, path.Format, [.. path.GetArguments().Select(a => Uri.EscapeDataString(Convert.ToString(a, CultureInfo.InvariantCulture) ?? ""))]);

    /// <summary>A path with those parts of a query that have a value.</summary>
    public static string With(this string path, params IEnumerable<(string Name, string? Value)> query)
    {
        var set = query.Where(q => !string.IsNullOrEmpty(q.Value)).Select(q => $"{q.Name}={Uri.EscapeDataString(q.Value!)}").ToList();
        return set.Count == 0 ? path : $"{path}?{string.Join('&', set)}";
    }
}
