using System.Net;

namespace Hikyaku.Gateway.Tests.Integration;

/// <summary>What tests do with second factors.</summary>
internal static class SecondFactors
{
    public const string Own = "/api/v1/me/second-factor";

    /// <summary>Signs in with a code.</summary>
    public static Task<Reply> TrySignInAsync(this Client client, string login, string password, string? secondFactor, params (string Name, string Value)[] headers)
        => client.SendAsync(HttpMethod.Post, "/api/v1/sessions", null, new { login, password, secondFactor }, headers);

    /// <summary>Turns on a second factor.</summary>
    public static async Task<(Authenticator Phone, string[] Recovery)> EnrolAsync(this Client client, string token)
    {
        var offer = await client.MustAsync(HttpStatusCode.OK, HttpMethod.Post, Own, token, new { });
        var phone = new Authenticator(offer.Body!["secret"]!.GetValue<string>());
        var confirmed = await client.MustAsync(HttpStatusCode.OK, HttpMethod.Post, Own, token, new { code = phone.Now });
        return (phone, [.. confirmed.Body!["recoveryCodes"]!.AsArray().Select(c => c!.GetValue<string>())]);
    }

    /// <summary>A domain whose administrator has a second factor, with a session of theirs.</summary>
    public static async Task<(Tenant Tenant, string Token, Authenticator Phone, string[] Recovery)> EnrolledAsync(this Deployment deployment)
    {
        var tenant = await deployment.TenantAsync();
        var token = await deployment.Client.SignInAsync(tenant.Admin, Deployment.Password);
        var (phone, recovery) = await deployment.Client.EnrolAsync(token);
        return (tenant, token, phone, recovery);
    }
}
