using Hikyaku.Platform;

namespace Hikyaku.Gateway.Routing;

/// <summary>
/// Everything that can be reached from outside, and nothing else: what is not here is 404, a known path with another method
/// 405. The table decides matching, scope and function (ROLE-1), what is forwarded where, and what the published API document
/// says; each service checks the same again from the internal token.
/// </summary>
public static class RouteTable
{
    /// <summary>The service name of what the gateway answers itself.</summary>
    public const string Own = "gateway";

    private const string Accounts = "accounts";
    private const string Feed = "feed";

    private static readonly string[] Open = [];
    private static readonly string[] Operator = [Roles.Operator];
    private static readonly string[] User = [Roles.User];
    private static readonly string[] Staff = [Roles.Operator, Roles.Admin];
    private static readonly string[] All = [Roles.Operator, Roles.Admin, Roles.User];

    /// <summary>The table.</summary>
    public static readonly IReadOnlyList<GatewayRoute> Routes =
    [
        new("POST", "/api/v1/sessions", Scope.None, Open, Own),
        new("DELETE", "/api/v1/sessions/current", Scope.None, All, Own),
        new("GET", "/api/v1/me", Scope.None, All, Own),
        new("GET", "/api/v1/me/sessions", Scope.None, All, Own),
        new("DELETE", "/api/v1/me/sessions", Scope.None, All, Own),
        new("DELETE", "/api/v1/me/sessions/{id}", Scope.None, All, Own),
        new("PUT", "/api/v1/me/password", Scope.None, All, Accounts) { ProvePassword = All },
        new("GET", "/api/v1/openapi.json", Scope.None, Open, Own),

        new("POST", "/api/v1/domains", Scope.None, Operator, Accounts),
        new("GET", "/api/v1/domains", Scope.None, Staff, Accounts),
        new("GET", "/api/v1/domains/{name}", Scope.Domain, Staff, Accounts),
        new("PATCH", "/api/v1/domains/{name}", Scope.Domain, Operator, Accounts),
        new("GET", "/api/v1/domains/{name}/history", Scope.Domain, Staff, Accounts),
        new("POST", "/api/v1/domains/{name}/history/{eventId}/undo", Scope.Domain, Operator, Accounts),
        new("GET", "/api/v1/domains/{name}/administrators", Scope.Domain, Staff, Accounts),
        new("POST", "/api/v1/domains/{name}/administrators", Scope.Domain, Operator, Accounts),
        new("GET", "/api/v1/domains/{name}/administrators/{login}", Scope.Domain, Staff, Accounts),
        new("GET", "/api/v1/domains/{name}/administrators/{login}/history", Scope.Domain, Staff, Accounts),
        new("DELETE", "/api/v1/domains/{name}/administrators/{login}", Scope.Domain, Operator, Accounts),
        new("PUT", "/api/v1/domains/{name}/administrators/{login}/password", Scope.Domain, Operator, Accounts),

        new("POST", "/api/v1/domains/{name}/accounts", Scope.Domain, Staff, Accounts),
        new("GET", "/api/v1/domains/{name}/accounts", Scope.Domain, Staff, Accounts),
        new("POST", "/api/v1/domains/{name}/imports", Scope.Domain, Staff, Accounts) { MaxBodyBytes = BodyLimit.MaxFileBytes },
        new("POST", "/api/v1/domains/{name}/bulk-changes", Scope.Domain, Staff, Accounts) { MaxBodyBytes = BodyLimit.MaxFileBytes },
        new("GET", "/api/v1/accounts/{address}", Scope.Account, All, Accounts),
        new("PATCH", "/api/v1/accounts/{address}", Scope.Account, Staff, Accounts),
        new("PUT", "/api/v1/accounts/{address}/password", Scope.Account, All, Accounts) { ProvePassword = User },
        new("DELETE", "/api/v1/accounts/{address}", Scope.Account, Staff, Accounts),
        new("POST", "/api/v1/domains/{name}/accounts/delete", Scope.Domain, Staff, Accounts),
        new("DELETE", "/api/v1/accounts/{address}/mail", Scope.Account, All, Accounts),
        new("POST", "/api/v1/accounts/{address}/force-password-change", Scope.Account, Operator, Accounts),
        new("GET", "/api/v1/accounts/{address}/history", Scope.Account, All, Accounts),
        new("POST", "/api/v1/accounts/{address}/history/{eventId}/undo", Scope.Account, Staff, Accounts),

        new("GET", "/api/v1/domains/{name}/accounts.csv", Scope.Domain, Staff, Accounts),
        new("GET", "/api/v1/samples/mail-accounts-sample.csv", Scope.None, Staff, Accounts),
        new("GET", "/api/v1/samples/mail-password-sample.csv", Scope.None, Staff, Accounts),

        new("GET", "/api/v1/notices", Scope.None, All, Accounts),
        new("PATCH", "/api/v1/notices/{id}", Scope.None, All, Accounts),
        new("POST", "/api/v1/notices/read-all", Scope.None, All, Accounts),

        // A job's id begins with the name of the service that has it; so far there is one.
        new("GET", "/api/v1/jobs", Scope.None, All, Accounts),
        new("GET", "/api/v1/jobs/{id}", Scope.None, All, Accounts),
        new("DELETE", "/api/v1/jobs/{id}", Scope.None, All, Accounts),
        new("POST", "/api/v1/jobs/{id}/undo", Scope.None, All, Accounts), // which job is whose, its service knows
        new("GET", "/api/v1/jobs/{id}/events", Scope.None, All, Accounts) { Streams = true },

        // Administrators see what happens in their domains.
        new("GET", "/api/v1/events", Scope.None, Staff, Feed) { Streams = true },
        new("GET", "/api/v1/webhooks", Scope.None, Operator, Feed),
        new("POST", "/api/v1/webhooks", Scope.None, Operator, Feed),
        new("GET", "/api/v1/webhooks/{id}", Scope.None, Operator, Feed),
        new("DELETE", "/api/v1/webhooks/{id}", Scope.None, Operator, Feed),
        new("GET", "/api/v1/webhooks/{id}/deliveries", Scope.None, Operator, Feed),
        new("POST", "/api/v1/webhooks/{id}/replay", Scope.None, Operator, Feed),
        new("POST", "/api/v1/webhooks/{id}/test", Scope.None, Operator, Feed),
        new("POST", "/api/v1/webhooks/{id}/rotate-secret", Scope.None, Operator, Feed),
        new("GET", "/api/v1/asyncapi.json", Scope.None, Open, Own),

        new("GET", "/api/v1/server", Scope.None, All, Accounts),
        new("GET", "/api/v1/nodes", Scope.None, Operator, Accounts),
        new("POST", "/api/v1/nodes/{id}/retire", Scope.None, Operator, Accounts),
    ];

    /// <summary>Finds one line; null when there is none.</summary>
    public static GatewayRoute? Find(string method, string pattern)
        => Routes.FirstOrDefault(r => r.Method == method && r.Pattern == pattern);
}
