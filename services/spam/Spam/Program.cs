using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform;
using Hikyaku.Routing.Contracts;
using Hikyaku.Spam.Accounts;
using Hikyaku.Spam.Deliveries;
using Hikyaku.Spam.Dns;
using Hikyaku.Spam.Domains;
using Hikyaku.Spam.Nodes;
using Hikyaku.Spam.Notices;
using Hikyaku.Spam.Publishing;
using Hikyaku.Spam.Storage;
using Hikyaku.Spam.Tracing;
using JasperFx.Events.Projections;

namespace Hikyaku.Spam;

/// <summary>The spam service: what is done with mail judged spam, and for which domains.</summary>
public static class Program
{
    /// <summary>The service's name.</summary>
    public const string Service = "spam";

    private static readonly ServiceVerbs Verbs = new(Service, SpamStore.Configure);

    /// <summary>Runs it, or one of its verbs: <c>verify</c>, <c>rebuild</c>.</summary>
    public static Task<int> Main(string[] args) => Verbs.RunAsync(args, Build);

    /// <summary>Puts it together; settings come from the environment or as arguments.</summary>
    public static WebApplication Build(string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.AddEventSourcedService<SpamPublisher>(Service, bus =>
        {
            bus.AddConsumer<PopLoginConsumer>();
            bus.AddConsumer<DomainConsumer>();
            bus.AddDeletionParticipant<ErasesSpam>(Service);
            bus.AddDeliveries(Service);
            bus.AddNodeAnswers<MessageTraced>(Service, a => a.RequestId);
            bus.AddNodeAnswers<RoutingTold>(Service, a => a.RequestId);
        }, options => SpamStore.Configure(options, ProjectionLifecycle.Inline));
        var services = builder.Services;
        services.AddSingleton(DnsSettings.Read(builder.Configuration));
        services.AddDeliveries();
        services.AddSingleton<SpamStates>();
        services.AddSingleton<StandingNotices>();
        services.AddSingleton<PopLogins>();
        services.AddSingleton<SettingsAt>();
        services.AddSingleton<DnsLookup>();
        services.AddSingleton<DnsCheck>();
        services.AddSingleton<DomainDnsReader>();
        services.AddHostedService<DnsChecks>();
        return builder.BuildService(Endpoints.Map);
    }
}
