using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform;
using Hikyaku.Routing.Nodes;
using Hikyaku.Routing.Notices;
using Hikyaku.Routing.Publishing;
using Hikyaku.Routing.Storage;
using JasperFx.Events.Projections;
using Marten;

namespace Hikyaku.Routing;

/// <summary>The routing service: what is done with the mail that comes in for an account (forwarding, autoreply, reception).</summary>
public static class Program
{
    /// <summary>The service's name.</summary>
    public const string Service = "routing";

    private static readonly ServiceVerbs Verbs = new(Service, RoutingStore.Configure);

    /// <summary>Runs it, or one of its verbs: <c>verify</c>, <c>rebuild</c>.</summary>
    public static Task<int> Main(string[] args) => Verbs.RunAsync(args, Build);

    /// <summary>Puts it together; settings come from the environment or as arguments.</summary>
    public static WebApplication Build(string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.AddServiceHost(Service);
        var services = builder.Services;
        services.AddBus(builder.Configuration, Service, bus =>
        {
            bus.AddConsumer<ServedDomains>();
            bus.AddConsumer<AnswersRouting>();
            bus.AddNodeAnswers<RulePreviewed>(Service, a => a.RequestId);
            bus.AddDeletionParticipant<ErasesRouting>(Service);
        });
        services.AddNodeBus(builder.Configuration);
        services.AddEventStore(builder.Configuration, options => RoutingStore.Configure(options, ProjectionLifecycle.Inline));
        services.ConfigureMarten((provider, options) => options.Events.Subscribe(
            ActivatorUtilities.CreateInstance<RoutingPublisher>(provider), subscription => subscription.Name = "publisher"));
        services.AddNodeLeases(Service);
        services.AddSingleton(RoutingSettings.Read(builder.Configuration));
        services.AddSingleton<RoutingStates>();
        services.AddSingleton<OutsideDestinations>();
        services.AddApiDescription();
        var app = builder.Build();
        app.UseServiceHost();
        app.MapOpenApi("/internal/openapi.json").WithMetadata(new OwnCredential());
        Endpoints.Map(app);
        return app;
    }
}
