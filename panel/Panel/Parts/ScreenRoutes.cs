using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Routing.Template;

namespace Hikyaku.Panel.Parts;

/// <summary>Which screens there are, so that menus and lists link to no page that does not exist.</summary>
public static class ScreenRoutes
{
    private static readonly TemplateMatcher[] Templates =
    [
        .. typeof(ScreenRoutes).Assembly.GetTypes().SelectMany(t => t.GetCustomAttributes(typeof(RouteAttribute), inherit: false)).Cast<RouteAttribute>()
            .Select(r => new TemplateMatcher(TemplateParser.Parse(r.Template.TrimStart('/')), [])),
    ];

    /// <summary>Whether there is a screen at an address of this panel.</summary>
    public static bool Have(string url)
    {
        ArgumentNullException.ThrowIfNull(url);
        var path = new PathString(Uri.UnescapeDataString(url.Split('?', '#')[0]));
        return Templates.Any(t => t.TryMatch(path, []));
    }
}
