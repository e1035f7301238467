using System.Globalization;
using System.Net;
using Hikyaku.Gateway.Tests.Integration;
using Microsoft.AspNetCore.Builder;
using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(Hikyaku.Panel.Tests.PanelUnderTest))]
// A browser takes all processors that a small machine has.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]

namespace Hikyaku.Panel.Tests;

/// <summary>The panel before the real gateway and services, and a real browser.</summary>
public sealed class PanelUnderTest : IAsyncLifetime
{
    public const int Desktop = 1280;
    public const int Phone = 360;

    private const int MostMilliseconds = 20_000;

    private readonly string _keys = Directory.CreateTempSubdirectory("hikyaku-test-panel-").FullName;
    private WebApplication? _panel;
    private IPlaywright? _playwright;
    private IBrowser? _browser;
    private readonly List<(IBrowserContext Window, string Test)> _windows = [];

    /// <summary>Gateway and services.</summary>
    public Deployment Platform { get; } = new();

    /// <summary>Where the panel is; the same after a restart.</summary>
    public Uri Address { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await Platform.InitializeAsync();
        await Platform.ReportNodeAsync();
        await ChooseOperatorPasswordAsync();
        await StartAsync();
        _playwright = await Microsoft.Playwright.Playwright.CreateAsync();
        Assertions.SetDefaultExpectTimeout(MostMilliseconds); // jobs and what mail nodes obey take a while on a small machine
        // Without a sandbox of its own, as tests run as root.
        _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = "/usr/bin/chromium", Args = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"] });
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null) await _browser.CloseAsync();
        _playwright?.Dispose();
        if (_panel is not null) await StopAsync();
        await Platform.DisposeAsync();
        Directory.Delete(_keys, recursive: true);
    }

    /// <summary>Starts the panel, again at the same address.</summary>
    public async Task StartAsync()
    {
        _panel = await StartPanelAsync(Platform.Client.Address, Address ?? new Uri("http://127.0.0.1:0"));
        Address = new Uri(_panel.Urls.First());
    }

    /// <summary>Ends the panel.</summary>
    public async Task StopAsync()
    {
        await _panel!.StopAsync(new CancellationToken(canceled: true));
        await _panel.DisposeAsync();
        _panel = null;
    }

    /// <summary>A further panel with the same keys, before another gateway.</summary>
    public async Task<WebApplication> StartPanelAsync(Uri gateway, Uri? at = null, params string[] more)
    {
        var panel = Program.Build(["--urls", (at ?? new Uri("http://127.0.0.1:0")).ToString(), $"--Hikyaku:Gateway={gateway}", $"--Hikyaku:KeysFolder={_keys}", "--Logging:LogLevel:Default=Warning", .. more]);
        await panel.StartAsync();
        return panel;
    }

    /// <summary>A window of a browser in which nobody is signed in.</summary>
    public async Task<IPage> PageAsync(string language = "ja", int width = Desktop, ColorScheme scheme = ColorScheme.Light, bool script = true, Uri? panel = null)
    {
        await CloseWindowsOfOtherTestsAsync();
        var context = await _browser!.NewContextAsync(new()
        {
            BaseURL = (panel ?? Address).ToString(),
            Locale = language == "ja" ? "ja-JP" : "en-US",
            TimezoneId = "Asia/Tokyo",
            ViewportSize = new() { Width = width, Height = width == Phone ? 740 : 860 },
            ColorScheme = scheme,
            JavaScriptEnabled = script,
        });
        _windows.Add((context, ThisTest));
        var page = await context.NewPageAsync();
        page.SetDefaultTimeout(MostMilliseconds);
        return page;
    }

    // One test runs at a time, so that the others have ended. Open windows would go on working.
    private async Task CloseWindowsOfOtherTestsAsync()
    {
        foreach (var (window, _) in _windows.Where(w => w.Test != ThisTest)) await window.CloseAsync();
        _windows.RemoveAll(w => w.Test != ThisTest);
    }

    private static string ThisTest => TestContext.Current.Test!.UniqueID;

    /// <summary>A window in which somebody is signed in, without having typed it.</summary>
    public async Task<IPage> SignedInAsync(string login, string password, string language = "ja", int width = Desktop, ColorScheme scheme = ColorScheme.Light, bool script = true)
    {
        var page = await PageAsync(language, width, scheme, script);
        var token = await Platform.Client.SignInAsync(login, password);
        await page.Context.AddCookiesAsync([new() { Name = login.Contains('@', StringComparison.Ordinal) ? "panel-user" : "panel-admin", Value = token, Url = Address.ToString() }]);
        return page;
    }

    /// <summary>A domain whose administrator has a password of their own.</summary>
    public async Task<Tenant> TenantAsync()
    {
        await Platform.ReportNodeAsync(); // its lease lasts ten minutes, all tests together may take longer
        var tenant = await Platform.TenantAsync();
        var token = await Platform.Client.SignInAsync(tenant.Admin, Deployment.Password);
        await Platform.Client.MustAsync(HttpStatusCode.NoContent, HttpMethod.Put, "/api/v1/me/password", token, new { current = Deployment.Password, @new = AdminPassword });
        return tenant;
    }

    // The first operator must choose a password; in the end it is the one that the other tests know.
    private async Task ChooseOperatorPasswordAsync()
    {
        const string between = "Meiji-4-nen-Tokyo";
        var token = await Platform.OperatorAsync();
        foreach (var (current, next) in new[] { (Deployment.OperatorPassword, between), (between, Deployment.OperatorPassword) })
            await Platform.Client.MustAsync(HttpStatusCode.NoContent, HttpMethod.Put, "/api/v1/me/password", token, new { current, @new = next });
    }

    /// <summary>The password of a tenant's administrator.</summary>
    public const string AdminPassword = "Asagao-no-82x";

    /// <summary>Keeps a picture for people to look at, when HIKYAKU_SCREENSHOTS names a folder.</summary>
    public static async Task ShootAsync(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("HIKYAKU_SCREENSHOTS") is not { Length: > 0 } folder) return;
        await page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"{name}-{page.ViewportSize!.Width.ToString(CultureInfo.InvariantCulture)}.png"), FullPage = true });
    }
}
