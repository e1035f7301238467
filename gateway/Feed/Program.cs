using Hikyaku.Feed.Notices;
using Hikyaku.Feed.Webhooks;
using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.Feed;

/// <summary>The feed: records every published event once, in an order that is the same for everybody, and lets it be followed. The message board stands beside it.</summary>
public static class Program
{
    /// <summary>Runs it.</summary>
    public static Task Main(string[] args) => Build(args).RunToEndAsync();

    /// <summary>Puts it together; settings come from the environment or as arguments.</summary>
    public static WebApplication Build(string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.AddServiceHost("feed");
        var services = builder.Services;
        var connection = builder.Configuration.GetConnectionString("Postgres") ?? throw new InvalidOperationException("ConnectionStrings:Postgres is not set");
        services.AddSingleton(_ => new NpgsqlDataSourceBuilder(connection).Build());
        services.AddSingleton<FeedLog>();
        services.AddSingleton<Followers>();
        services.AddSingleton<RecordingQueue>();
        services.AddSingleton<FeedTail>();
        services.AddHostedService<FeedSchema>(); // before all that reads and writes the tables
        services.AddNotices(builder.Configuration);
        services.AddHostedService(provider => provider.GetRequiredService<RecordingQueue>());
        services.AddHostedService(provider => provider.GetRequiredService<FeedTail>());
        services.AddWebhooks();
        services.AddStats(EventSeries.All);
        services.AddBus(builder.Configuration, "feed", bus =>
        {
            bus.AddNotices();
            Recorders.Add(bus);
        });
        services.AddApiDescription();
        services.AddHealthChecks().AddCheck<FeedHealth>("feed");

        var app = builder.Build();
        app.UseServiceHost();
        app.MapOpenApi("/internal/openapi.json").WithMetadata(new OwnCredential());
        app.MapGet("/api/v1/events", FollowEvents.Handle).Allow(Scope.None, Roles.Operator, Roles.Admin)
            .Produces<string>(200, "text/event-stream").WithSummary("Follow what happens, as server-sent events").WithDescription(FollowEvents.Description);
        app.MapStats();
        app.MapWebhooks();
        app.MapNotices();
        return app;
    }
}
