using System.Text.Encodings.Web;
using System.Text.Unicode;
using Hikyaku.Panel.Api;
using Hikyaku.Panel.Hosting;
using Hikyaku.Panel.Screens.Account;
using Hikyaku.Panel.Screens.Accounts;
using Hikyaku.Panel.Screens.Bulk;
using Hikyaku.Panel.Screens.Clients;
using Hikyaku.Panel.Screens.Jobs;
using Hikyaku.Panel.Screens.Notices;
using Hikyaku.Panel.Screens.Operations.Dashboard;
using Hikyaku.Panel.Screens.Preferences;
using Hikyaku.Panel.Screens.SignIn;
using Hikyaku.Platform;

namespace Hikyaku.Panel;

/// <summary>
/// The control panel: pages that are drawn on the server for each request, for people. It knows the gateway's HTTP API and nothing
/// else (GWY-1), keeps nothing itself, and any number of copies may serve one browser.
/// </summary>
public static class Program
{
    // The names of 1,000 chosen accounts stand in the address of the page that deletes them.
    private const int MaxAddressBytes = 64 * 1024;

    /// <summary>Runs it.</summary>
    public static Task Main(string[] args) => Build(args).RunToEndAsync();

    /// <summary>Puts it together; settings come from the environment or as arguments.</summary>
    public static WebApplication Build(string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.AddTelemetry("panel");
        builder.WebHost.ConfigureKestrel(o =>
        {
            o.AddServerHeader = false;
            o.Limits.MaxRequestLineSize = MaxAddressBytes;
        });
        var services = builder.Services;
        services.AddHealthChecks();
        services.AddHttpContextAccessor();
        services.AddSingleton(TimeProvider.System);
        // Japanese stands in pages as it is, not as numeric references.
        services.AddSingleton(HtmlEncoder.Create(UnicodeRanges.All));
        services.AddRazorComponents();
        services.AddResponseCompression(o => o.EnableForHttps = true);
        services.AddForms(builder.Configuration);
        services.AddGateway(builder.Configuration);
        services.AddScoped<Reader>();
        services.AddScoped<SealedFields>();
        services.AddLanguages();

        var app = builder.Build();
        app.UseTrustedProxies();
        app.UseResponseCompression();
        app.UseSecurityHeaders();
        app.UseRequestLocalization();
        app.UseExceptionHandler("/status/500", createScopeForErrors: true);
        app.UseStatusCodePagesWithReExecute("/status/{0}", createScopeForStatusCodePages: true);
        app.UseRefusals();
        app.UseRouting();
        app.UseReaders();
        app.UseAntiforgery();
        app.MapHealth();
        app.MapFiles();
        app.MapSignOut();
        app.MapPreferences();
        app.MapInForce();
        app.MapOpenAccounts();
        app.MapMobileProfile();
        app.MapJobEvents();
        app.MapBulkFiles();
        app.MapUnreadNotices();
        app.MapDashboardEvents();
        app.MapRazorComponents<App>();
        return app;
    }
}
