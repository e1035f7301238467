using Marten;
using MassTransit;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Hikyaku.Platform;

/// <summary>The course of a Program of a service with event streams, a part of the mail nodes' state, and a publisher of both.</summary>
public static class EventSourcedService
{
    /// <summary>
    /// Registers host, bus, node bus, event store, publisher and leases. The order counts: the bus comes before the event store, because the
    /// publisher must stop before the bus does.
    /// </summary>
    /// <typeparam name="TPublisher">What tells others and nodes.</typeparam>
    /// <param name="builder">The program's.</param>
    /// <param name="name">The service's name.</param>
    /// <param name="bus">Adds what the service hears and erases.</param>
    /// <param name="store">Configures its streams, snapshots and tables.</param>
    public static void AddEventSourcedService<TPublisher>(
        this WebApplicationBuilder builder, string name, Action<IBusRegistrationConfigurator> bus, Action<StoreOptions> store) where TPublisher : Publisher
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.AddServiceHost(name);
        var services = builder.Services;
        services.AddBus(builder.Configuration, name, bus);
        services.AddNodeBus(builder.Configuration);
        services.AddEventStore(builder.Configuration, store);
        services.AddPublisher<TPublisher>();
        services.AddNodeLeases(name);
        services.AddApiDescription();
    }

    /// <summary>Makes it the event store's publisher.</summary>
    /// <typeparam name="TPublisher">What tells others and nodes.</typeparam>
    /// <param name="services">The program's.</param>
    public static void AddPublisher<TPublisher>(this IServiceCollection services) where TPublisher : Publisher
        => services.ConfigureMarten((provider, options) => options.Events.Subscribe(ActivatorUtilities.CreateInstance<TPublisher>(provider), subscription =>
        {
            subscription.Name = "publisher";
            // All that was appended while one page was published is the next page. Otherwise Marten makes a page of every append,
            // and a publisher that is behind a steady load publishes event by event and never catches up.
            subscription.Options.MaximumHopperSize = 1;
        }));

    /// <summary>Builds it, with the pipeline and its description.</summary>
    /// <param name="builder">The program's.</param>
    /// <param name="map">Maps its endpoints.</param>
    public static WebApplication BuildService(this WebApplicationBuilder builder, Action<WebApplication> map)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(map);
        var app = builder.Build();
        app.UseServiceHost();
        app.MapOpenApi("/internal/openapi.json").WithMetadata(new OwnCredential());
        map(app);
        return app;
    }
}
