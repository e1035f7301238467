using Hikyaku.Gateway.MailPrograms;
using Hikyaku.Platform;
using static Hikyaku.Gateway.Routing.Routes.Callers;
using static Hikyaku.Gateway.Routing.TokenScopes;

namespace Hikyaku.Gateway.Routing.Routes;

/// <summary>What the gateway answers itself.</summary>
internal sealed class OwnRoutes : IServiceRoutes
{
    private const string Own = RouteTable.Own;

    public string Service => Own;

    public Shares Shares => Shares.None;

    public IReadOnlyList<GatewayRoute> Routes { get; } =
    [
        new("signIn", "POST", "/api/v1/sessions", Scope.None, Anybody, Own),
        new("signOut", "DELETE", "/api/v1/sessions/current", Scope.None, All, Own, PeopleOnly) { BeforeEnrolment = true },
        new("getProfile", "GET", "/api/v1/me", Scope.None, All, Own, AnyToken) { BeforeEnrolment = true },
        new("updateProfile", "PATCH", "/api/v1/me", Scope.None, All, Own, PeopleOnly),
        new("listSessions", "GET", "/api/v1/me/sessions", Scope.None, All, Own, PeopleOnly),
        new("endOtherSessions", "DELETE", "/api/v1/me/sessions", Scope.None, All, Own, PeopleOnly),
        new("endSession", "DELETE", "/api/v1/me/sessions/{id}", Scope.None, All, Own, PeopleOnly),
        new("listTokens", "GET", "/api/v1/tokens", Scope.None, All, Own, PeopleOnly),
        new("createToken", "POST", "/api/v1/tokens", Scope.None, All, Own, PeopleOnly),
        new("getToken", "GET", "/api/v1/tokens/{id}", Scope.None, All, Own, PeopleOnly),
        new("revokeToken", "DELETE", "/api/v1/tokens/{id}", Scope.None, All, Own, PeopleOnly),
        new("getRewind", "GET", "/api/v1/accounts/{address}/restrictions/{kind}/rewind", Scope.Account, Operator, Own, RestrictionsRead),
        new("rewindAccount", "POST", "/api/v1/accounts/{address}/restrictions/{kind}/rewind", Scope.Account, Operator, Own, RestrictionsWrite),
        new("getApiDocument", "GET", "/api/v1/openapi.json", Scope.None, Anybody, Own),
        new("getEventDocument", "GET", "/api/v1/asyncapi.json", Scope.None, Anybody, Own),

        // Where mail programs look, by paths that others have laid down; routing takes them in any case.
        new("getAutoconfig", "GET", "/mail/config-v1.1.xml", Scope.None, Anybody, Own),
        new("getWellKnownAutoconfig", "GET", "/.well-known/autoconfig/mail/config-v1.1.xml", Scope.None, Anybody, Own),
        new("getAutodiscoverSettings", "POST", "/autodiscover/autodiscover.xml", Scope.None, Anybody, Own) { MaxBodyBytes = Autodiscover.MaxBytes },
        new("findAutodiscover", "GET", "/autodiscover/autodiscover.json", Scope.None, Anybody, Own),
        new("findAutodiscoverOf", "GET", "/autodiscover/autodiscover.json/v1.0/{email}", Scope.None, Anybody, Own),
        new("getMtaStsPolicy", "GET", "/.well-known/mta-sts.txt", Scope.None, Anybody, Own),
        new("getMobileProfile", "GET", "/api/v1/mobileconfig", Scope.None, Anybody, Own),
    ];
}
