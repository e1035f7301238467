using Hikyaku.Platform;
using Marten;
using Npgsql;

namespace Hikyaku.Feed.Webhooks;

/// <summary>Webhooks: their services and their endpoints.</summary>
public static class WebhookEndpoints
{
    /// <summary>Registers it; after the tail, which it follows.</summary>
    public static void AddWebhooks(this IServiceCollection services)
    {
        // Marten stores only the answers to Idempotency-Keys; the log has tables of its own.
        services.AddMarten(provider =>
        {
            var options = new StoreOptions();
            options.Connection(provider.GetRequiredService<NpgsqlDataSource>());
            EventStore.Configure(options);
            return options;
        }).ApplyAllDatabaseChangesOnStartup();
        services.AddHostedService<IdempotencyCleaner>();
        services.AddHostedService<WebhookTables>();
        services.AddSingleton<WebhookStore>();
        services.AddSingleton<AddressGuard>();
        services.AddSingleton<WebhookSender>();
        services.AddHostedService<WebhookDispatcher>();
    }

    /// <summary>Maps it.</summary>
    public static void MapWebhooks(this WebApplication app)
    {
        app.MapGet("/api/v1/webhooks", ReadWebhooks.List).Allow(Scope.None, Roles.Operator).Produces<Page<WebhookView>>().WithSummary("List webhooks");
        app.MapGet("/api/v1/webhooks/{id}", ReadWebhooks.One).Allow(Scope.None, Roles.Operator).Produces<WebhookView>().WithSummary("Read a webhook");
        app.MapGet("/api/v1/webhooks/{id}/deliveries", ReadWebhooks.Deliveries).Allow(Scope.None, Roles.Operator)
            .Produces<Page<DeliveryView>>().WithSummary("What was delivered to a webhook, newest first");
        var commands = app.MapCommands("/api/v1/webhooks");
        commands.MapPost("", RegisterWebhook.Handle).Allow(Scope.None, Roles.Operator).Produces<WebhookView>(201).WithSummary("Register a webhook")
            .WithDescription("Events are sent as CloudEvents in JSON, in the feed's order, at least once, signed by the Standard Webhooks specification. `secret` is shown this once.");
        commands.MapDelete("/{id}", ChangeWebhook.Remove).Allow(Scope.None, Roles.Operator).Produces(204).WithSummary("Remove a webhook");
        commands.MapPost("/{id}/replay", ChangeWebhook.Replay).Allow(Scope.None, Roles.Operator).Produces<WebhookView>()
            .WithSummary("Deliver again from a position, or go on where a paused webhook stands");
        commands.MapPost("/{id}/test", ChangeWebhook.Test).Allow(Scope.None, Roles.Operator).Produces<DeliveryView>().WithSummary("Send a test event");
        commands.MapPost("/{id}/rotate-secret", ChangeWebhook.RotateSecret).Allow(Scope.None, Roles.Operator).Produces<WebhookView>()
            .WithSummary("Give a webhook a new secret").WithDescription("`secret` is shown this once. For 24 hours the former one signs, too.");
    }
}
