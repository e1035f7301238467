using System.Globalization;

namespace Hikyaku.Panel.Parts;

/// <summary>Addresses of pages and of calls.</summary>
public static class Urls
{
    /// <summary>A call below <c>/api/v1/</c>; values that are filled in are escaped.</summary>
    public static string Api(FormattableString path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return string.Format(CultureInfo.InvariantCulture, path.Format, [.. path.GetArguments().Select(a => Uri.EscapeDataString(Convert.ToString(a, CultureInfo.InvariantCulture) ?? ""))]);
    }

    /// <summary>A query of those parts that have a value.</summary>
    public static string Query(params ReadOnlySpan<(string Name, string? Value)> parts)
    {
        var set = new List<string>();
        foreach (var (name, value) in parts)
            if (!string.IsNullOrEmpty(value)) set.Add($"{name}={Uri.EscapeDataString(value)}");
        return set.Count == 0 ? "" : "?" + string.Join('&', set);
    }

    /// <summary>The settings page of an account; below it are its other pages.</summary>
    /// <param name="address">The account's address; null in the users' shell, whose addresses name no account.</param>
    public static string Settings(string? address) => address is null ? "/mail" : $"/accounts/{Uri.EscapeDataString(address).Replace("%40", "@", StringComparison.Ordinal)}";

    /// <summary>Whether an address is a page of this panel: nobody is sent to another site after signing in.</summary>
    public static bool IsLocal(string? url)
        => url is { Length: > 0 and <= 2000 } && url[0] == '/' && (url.Length == 1 || url[1] is not ('/' or '\\')) && !url.Any(char.IsControl);
}
