using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace Hikyaku.Panel.Tests;

/// <summary>What tests find on every page.</summary>
internal static class PageExtensions
{
    /// <summary>The screen of a name in the inventory.</summary>
    public static ILocator Screen(this IPage page, string id) => page.Locator($"main[data-screen={id}]");

    /// <summary>The message after a change: saved, in-force, slow or error.</summary>
    public static ILocator Flash(this IPage page, string kind) => page.Locator($"[data-flash={kind}]");

    /// <summary>A field by the name that it has in the API.</summary>
    public static ILocator Field(this IPage page, string name) => page.Locator($"[name='{name}']:not([type=hidden])");

    /// <summary>Types a sign-in.</summary>
    public static async Task SignInAsync(this IPage page, string login, string password)
    {
        await page.Field("login").FillAsync(login);
        await page.Field("password").FillAsync(password);
        await page.Locator("form.stack button.primary").ClickAsync();
    }

    /// <summary>Judges what the page shows now.</summary>
    public static async Task ExpectNoViolationsAsync(this IPage page)
    {
        var result = await page.RunAxe();
        Assert.True(result.Violations.Length == 0, $"{page.Url}: {string.Join("; ", result.Violations.Select(v => $"{v.Id} at {string.Join(", ", v.Nodes.Select(n => n.Html).Take(3))}"))}");
        // Nothing is read by scrolling sideways.
        var wide = await page.EvaluateAsync<string[]>("() => document.documentElement.scrollWidth <= innerWidth ? [] : ['the page', ...[...document.querySelectorAll('*')].filter(e => e.getBoundingClientRect().right > innerWidth).map(e => e.outerHTML.slice(0, 120))]");
        Assert.True(wide.Length == 0, $"{page.Url} is wider than the screen: {string.Join("; ", wide.Take(4))}");
    }
}
