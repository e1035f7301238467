using Microsoft.AspNetCore.Localization;

namespace Hikyaku.Panel.Hosting;

/// <summary>Japanese and English: by the reader's choice, else by what the browser asks for, else Japanese.</summary>
public static class Languages
{
    private static readonly string[] Known = ["ja", "en"];

    /// <summary>Adds them.</summary>
    public static void AddLanguages(this IServiceCollection services) => services.Configure<RequestLocalizationOptions>(o =>
    {
        o.SetDefaultCulture("ja").AddSupportedCultures(Known).AddSupportedUICultures(Known);
        o.RequestCultureProviders =
        [
            new CustomRequestCultureProvider(http => Task.FromResult(
                http.Request.Cookies[PanelCookies.Language] is { } chosen && Known.Contains(chosen) ? new ProviderCultureResult(chosen) : null)),
            new AcceptLanguageHeaderRequestCultureProvider(),
        ];
    });

    /// <summary>Whether there is such a language.</summary>
    public static bool Has(string? language) => Known.Contains(language);
}
