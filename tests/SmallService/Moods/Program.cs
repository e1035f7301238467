using Hikyaku.Platform;
using JasperFx.Events.Projections;
using Marten;

namespace Hikyaku.Moods;

/// <summary>A small service: the moods of accounts. It has one of everything that the platform gives to services.</summary>
public static class Program
{
    /// <summary>The service's name.</summary>
    public const string Service = "moods";

    private static readonly ServiceVerbs Verbs = new(Service, MoodsStore.Configure);

    /// <summary>Runs it, or one of its verbs: <c>verify</c>, <c>rebuild</c>.</summary>
    public static Task<int> Main(string[] args) => Verbs.RunAsync(args, Build);

    private static WebApplication Build(string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.AddServiceHost(Service);
        var services = builder.Services;
        services.AddBus(builder.Configuration, Service, bus =>
        {
            bus.AddJobs();
            bus.AddDeletionParticipant<ForgetsMoods>(Service);
        });
        services.AddNodeBus(builder.Configuration);
        services.AddEventStore(builder.Configuration, options => MoodsStore.Configure(options, ProjectionLifecycle.Inline));
        services.ConfigureMarten((provider, options) => options.Events.Subscribe(
            ActivatorUtilities.CreateInstance<MoodsPublisher>(provider), subscription => subscription.Name = "publisher"));
        services.AddNodeLeases(Service);
        services.AddSingleton<IJobWork, CalmDomain>();
        services.AddJobs(CalmDomain.Jobs);
        services.AddApiDescription();
        var app = builder.Build();
        app.UseServiceHost();
        app.MapOpenApi("/internal/openapi.json").WithMetadata(new OwnCredential());
        MoodEndpoints.Map(app);
        return app;
    }
}
