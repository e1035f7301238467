using Microsoft.Playwright;

namespace Hikyaku.Journeys.Webmail;

/// <summary>Chromium, in which people use webmail.</summary>
public sealed class WebmailBrowser(PlatformUnderTest platform) : IAsyncLifetime
{
    private IPlaywright _playwright = null!;
    private IBrowser _browser = null!;

    public async ValueTask InitializeAsync()
    {
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = "/usr/bin/chromium", Args = ["--no-sandbox"] });
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }

    /// <summary>A new window whose reader prefers a language, in front of the login page.</summary>
    public async Task<WebmailWindow> OpenAsync(string locale = "ja-JP")
    {
        var context = await _browser.NewContextAsync(new() { Locale = locale, ViewportSize = new() { Width = 1280, Height = 800 } });
        context.SetDefaultTimeout(30_000);
        var window = new WebmailWindow(context, await context.NewPageAsync(), platform.Endpoints["webmail"]!.GetValue<string>());
        await window.GoAsync("");
        return window;
    }

    /// <summary>A new window in which an account has logged in.</summary>
    public async Task<WebmailWindow> LogInAsync(string account, string locale = "ja-JP")
    {
        var window = await OpenAsync(locale);
        await window.LogInAsync(account, PlatformUnderTest.Password);
        await window.ShownAsync("_task=mail");
        await window.IdleAsync();
        return window;
    }
}
