using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform;
using Hikyaku.Routing.Nodes;
using Hikyaku.Routing.Notices;
using Hikyaku.Routing.Publishing;
using Hikyaku.Routing.Storage;
using JasperFx.Events.Projections;

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
        builder.AddEventSourcedService<RoutingPublisher>(Service, bus =>
        {
            bus.AddConsumer<ServedDomains>();
            bus.AddConsumer<AnswersRouting>();
            bus.AddNodeAnswers<RulePreviewed>(Service, a => a.RequestId);
            bus.AddDeletionParticipant<ErasesRouting>(Service);
        }, options => RoutingStore.Configure(options, ProjectionLifecycle.Inline));
        var services = builder.Services;
        services.AddSingleton(RoutingSettings.Read(builder.Configuration));
        services.AddSingleton<RoutingStates>();
        services.AddSingleton<OutsideDestinations>();
        return builder.BuildService(Endpoints.Map);
    }
}
