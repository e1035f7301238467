using System.Globalization;
using Hikyaku.Panel.Api;
using Microsoft.AspNetCore.Components.Endpoints;

namespace Hikyaku.Panel.Hosting;

/// <summary>On a page that can be read without signing in.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class AnybodyAttribute : Attribute;

/// <summary>On a page that exists for operators only; for everybody else it is not there (ROLE-2).</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class OperatorsOnlyAttribute : Attribute;

/// <summary>Asks the gateway who reads a page before the page is drawn, and sends whoever is not signed in to the sign-in page.</summary>
public static class Access
{
    /// <summary>Where a first password is changed; no other page opens until that is done (GWY-2).</summary>
    public const string FirstPasswordPath = "/password/first";

    /// <summary>Where a second factor is set up; no other page opens while a domain requires one and there is none.</summary>
    public const string SecondFactorPath = "/me/second-factor";

    /// <summary>Adds it, behind routing.</summary>
    public static IApplicationBuilder UseReaders(this IApplicationBuilder app) => app.Use(async (http, next) =>
    {
        if (http.GetEndpoint()?.Metadata.GetMetadata<ComponentTypeMetadata>()?.Type is { } page && !await MayReadAsync(http, page)) return;
        // Here and not in a method that is awaited: a culture is known to what is called, not to the caller.
        if (http.RequestServices.GetRequiredService<Reader>().Me?.Language is { } chosen && Languages.Has(chosen)) CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = CultureInfo.GetCultureInfo(chosen);
        await next(http);
    });

    private static async Task<bool> MayReadAsync(HttpContext http, Type page)
    {
        var reader = http.RequestServices.GetRequiredService<Reader>();
        var gateway = http.RequestServices.GetRequiredService<GatewayClient>();
        if (page.IsDefined(typeof(AnybodyAttribute), inherit: true))
        {
            await KnowAsync(http, reader, gateway);
            return true;
        }

        if (reader.Token is null) throw new GatewayRefusalException(StatusCodes.Status401Unauthorized);
        reader.Me ??= await gateway.GetAsync<Me>("me");
        if (page.IsDefined(typeof(OperatorsOnlyAttribute), inherit: true) && !reader.IsOperator) throw new GatewayRefusalException(StatusCodes.Status404NotFound);
        if (!reader.InUserShell && TaskBeforeOthers(reader.Me) is { } only && http.Request.Path != only)
        {
            http.Response.Redirect(only);
            return false;
        }

        await RequireSameLoginAsync(http, reader);
        return true;
    }

    // Until there is a second factor where one is required, the gateway refuses a new password, too.
    private static string? TaskBeforeOthers(Me me) => me.SecondFactorEnrolmentRequired ? SecondFactorPath : me.PasswordChangeRequired ? FirstPasswordPath : null;

    // A page for anybody has the reader's menu if it can be known; it is also the page that says that the gateway is away.
    // What has just said that it is away, or that the session has ended, is not asked again.
    private static async Task KnowAsync(HttpContext http, Reader reader, GatewayClient gateway)
    {
        if (reader.Me is not null || reader.Token is null || Refusals.Of(http)?.Status is StatusCodes.Status503ServiceUnavailable or StatusCodes.Status401Unauthorized) return;
        try
        {
            reader.Me = await gateway.GetAsync<Me>("me");
        }
        catch (GatewayRefusalException)
        {
            // The page is drawn for nobody.
        }
    }

    // Another tab may have signed in as somebody else since the form was drawn.
    private static async Task RequireSameLoginAsync(HttpContext http, Reader reader)
    {
        if (!http.Request.HasFormContentType) return;
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        if (form[Forms.LoginField].ToString() is { Length: > 0 } drawnFor && drawnFor != reader.Me!.Login) throw new GatewayRefusalException(StatusCodes.Status409Conflict);
    }
}
