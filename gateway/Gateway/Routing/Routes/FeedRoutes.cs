using Hikyaku.Platform;
using static Hikyaku.Gateway.Routing.Routes.Callers;
using static Hikyaku.Gateway.Routing.TokenScopes;

namespace Hikyaku.Gateway.Routing.Routes;

/// <summary>The feed: events as a stream, webhooks, and the message board.</summary>
internal sealed class FeedRoutes : IServiceRoutes
{
    private const string Feed = "feed";

    public string Service => Feed;

    public Shares Shares => Shares.Stats;

    public IReadOnlyList<string> Series { get; } = ["accounts", "bulk", "restrictions", "jobs"];

    public IReadOnlyList<GatewayRoute> Routes { get; } =
    [
        // Administrators see what happens in their domains.
        new("followEvents", "GET", "/api/v1/events", Scope.None, Staff, Feed, EventsRead) { Streams = true },
        new("listWebhooks", "GET", "/api/v1/webhooks", Scope.None, Operator, Feed, WebhooksRead),
        new("createWebhook", "POST", "/api/v1/webhooks", Scope.None, Operator, Feed, WebhooksWrite),
        new("getWebhook", "GET", "/api/v1/webhooks/{id}", Scope.None, Operator, Feed, WebhooksRead),
        new("deleteWebhook", "DELETE", "/api/v1/webhooks/{id}", Scope.None, Operator, Feed, WebhooksWrite),
        new("listWebhookDeliveries", "GET", "/api/v1/webhooks/{id}/deliveries", Scope.None, Operator, Feed, WebhooksRead),
        new("replayWebhook", "POST", "/api/v1/webhooks/{id}/replay", Scope.None, Operator, Feed, WebhooksWrite),
        new("testWebhook", "POST", "/api/v1/webhooks/{id}/test", Scope.None, Operator, Feed, WebhooksWrite),
        new("rotateWebhookSecret", "POST", "/api/v1/webhooks/{id}/rotate-secret", Scope.None, Operator, Feed, WebhooksWrite),

        new("listNotices", "GET", "/api/v1/notices", Scope.None, All, Feed, NoticesRead),
        new("markNotice", "PATCH", "/api/v1/notices/{id}", Scope.None, All, Feed, NoticesWrite),
        new("markAllNotices", "POST", "/api/v1/notices/read-all", Scope.None, All, Feed, NoticesWrite),
        new("getNoticesByMail", "GET", "/api/v1/me/notices-by-mail", Scope.None, All, Feed, NoticesRead),
        new("setNoticesByMail", "PUT", "/api/v1/me/notices-by-mail", Scope.None, All, Feed, PeopleOnly),
    ];
}
