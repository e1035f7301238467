using Hikyaku.Platform;
using Hikyaku.Restrictions.Accounts;
using Hikyaku.Restrictions.Ends;
using Hikyaku.Restrictions.Facts;
using Hikyaku.Restrictions.Judging;
using Hikyaku.Restrictions.Nodes;
using Hikyaku.Restrictions.Policy;
using Hikyaku.Restrictions.Publishing;
using Hikyaku.Restrictions.Sources;
using Hikyaku.Restrictions.Space;
using Hikyaku.Restrictions.Storage;
using JasperFx.Events.Projections;

namespace Hikyaku.Restrictions;

/// <summary>The restrictions service: abuse is found, stopped, explained and lifted.</summary>
public static class Program
{
    /// <summary>The service's name.</summary>
    public const string Service = "restrictions";

    private static readonly ServiceVerbs Verbs = new(Service, RestrictionsStore.Configure) { ReadModels = [RestrictionTable.ReadModel] };

    /// <summary>Runs it, or one of its verbs: <c>verify</c>, <c>rebuild</c>.</summary>
    public static Task<int> Main(string[] args) => Verbs.RunAsync(args, Build);

    /// <summary>Puts it together; settings come from the environment or as arguments.</summary>
    public static WebApplication Build(string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.AddEventSourcedService<RestrictionsPublisher>(Service, bus =>
        {
            bus.AddConsumer<PasswordConsumer>();
            bus.AddConsumer<AddressConsumer>();
            bus.AddConsumer<SpaceConsumer>();
            bus.AddConsumer<LoginConsumer>();
            bus.AddConsumer<SubmissionConsumer>();
            bus.AddConsumer<SignConsumer>();
            bus.AddConsumer<HeldMail>();
            bus.AddConsumer<KnownDomains>();
            bus.AddDeletionParticipant<ErasesRestrictions>(Service);
        }, options => RestrictionsStore.Configure(options, ProjectionLifecycle.Inline));
        var services = builder.Services;
        services.AddSingleton<RestrictionStates>();
        services.AddSingleton<KnownNetworks>();
        services.AddSingleton<MailboxSpace>();
        services.AddSingleton<AddressKeys>();
        services.AddFacts(ObservedFacts.Logins);
        services.AddFacts(ObservedFacts.Submissions);
        services.AddFacts(ObservedFacts.Signs);
        services.AddStats(LoginSeries.All);
        services.AddSingleton<Counts>();
        services.AddSingleton<AbuseJudge>();
        services.AddHostedService<RestrictionEnds>();
        services.AddHostedService<RestrictionMetrics>();
        services.AddSingleton<ForceTimes>();
        services.AddHostedService(s => s.GetRequiredService<ForceTimes>());
        return builder.BuildService(Endpoints.Map);
    }
}
