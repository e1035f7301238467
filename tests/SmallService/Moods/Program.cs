using Hikyaku.Platform;
using JasperFx.Events.Projections;

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
        builder.AddEventSourcedService<MoodsPublisher>(Service, bus =>
        {
            bus.AddJobs();
            bus.AddDeletionParticipant<ForgetsMoods>(Service);
        }, options => MoodsStore.Configure(options, ProjectionLifecycle.Inline));
        var services = builder.Services;
        services.AddSingleton<IJobWork, CalmDomain>();
        services.AddJobs(CalmDomain.Jobs);
        return builder.BuildService(MoodEndpoints.Map);
    }
}
