using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http.Features;

namespace Hikyaku.Panel.Hosting;

/// <summary>
/// Forms of other sites are refused by a token in each form and a cookie. The keys of both lie in a folder, so that a page that was
/// drawn before a restart, or by another copy, can be sent.
/// </summary>
public static class Forms
{
    /// <summary>The setting: the folder, shared by all copies.</summary>
    public const string KeysSetting = "Hikyaku:KeysFolder";

    /// <summary>The field with the token.</summary>
    public const string TokenField = "_token";

    /// <summary>The field with the key under which the gateway does a change once only.</summary>
    public const string KeyField = "_key";

    /// <summary>The field with the login that the form was drawn for.</summary>
    public const string LoginField = "_login";

    // Whoever pastes far more addresses than can be set is told so, and keeps them.
    private const int MostFields = 4096;

    /// <summary>Adds them.</summary>
    public static void AddForms(this IServiceCollection services, IConfiguration configuration)
    {
        var path = configuration[KeysSetting] ?? throw new InvalidOperationException($"{KeysSetting} is not set");
        var folder = Directory.CreateDirectory(path);
        // Whoever reads the keys can make tokens.
        if (!OperatingSystem.IsWindows()) folder.UnixFileMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        services.AddDataProtection().SetApplicationName("hikyaku-panel").PersistKeysToFileSystem(folder);
        services.Configure<FormOptions>(o => o.ValueCountLimit = MostFields);
        services.AddAntiforgery(o =>
        {
            o.FormFieldName = TokenField;
            o.Cookie.Name = "panel-form";
            o.Cookie.SameSite = SameSiteMode.Lax;
            o.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        });
    }
}
