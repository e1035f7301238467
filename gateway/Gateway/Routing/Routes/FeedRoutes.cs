using Hikyaku.Platform;
using static Hikyaku.Gateway.Routing.Routes.Callers;
using static Hikyaku.Gateway.Routing.TokenScopes;

namespace Hikyaku.Gateway.Routing.Routes;

/// <summary>The feed: events as a stream, webhooks, and the message board.</summary>
internal sealed class FeedRoutes : IServiceRoutes
{
    private const string Feed = "feed";

    public string Service => Feed;

    public Shares Shares => Shares.None;

    public IReadOnlyList<GatewayRoute> Routes { get; } =
    [
        // Administrators see what happens in their domains.
        new("GET", "/api/v1/events", Scope.None, Staff, Feed, EventsRead) { Streams = true },
        new("GET", "/api/v1/webhooks", Scope.None, Operator, Feed, WebhooksRead),
        new("POST", "/api/v1/webhooks", Scope.None, Operator, Feed, WebhooksWrite),
        new("GET", "/api/v1/webhooks/{id}", Scope.None, Operator, Feed, WebhooksRead),
        new("DELETE", "/api/v1/webhooks/{id}", Scope.None, Operator, Feed, WebhooksWrite),
        new("GET", "/api/v1/webhooks/{id}/deliveries", Scope.None, Operator, Feed, WebhooksRead),
        new("POST", "/api/v1/webhooks/{id}/replay", Scope.None, Operator, Feed, WebhooksWrite),
        new("POST", "/api/v1/webhooks/{id}/test", Scope.None, Operator, Feed, WebhooksWrite),
        new("POST", "/api/v1/webhooks/{id}/rotate-secret", Scope.None, Operator, Feed, WebhooksWrite),

        new("GET", "/api/v1/notices", Scope.None, All, Feed, NoticesRead),
        new("PATCH", "/api/v1/notices/{id}", Scope.None, All, Feed, NoticesWrite),
        new("POST", "/api/v1/notices/read-all", Scope.None, All, Feed, NoticesWrite),
        new("GET", "/api/v1/me/notices-by-mail", Scope.None, All, Feed, NoticesRead),
        new("PUT", "/api/v1/me/notices-by-mail", Scope.None, All, Feed, PeopleOnly),
    ];
}
