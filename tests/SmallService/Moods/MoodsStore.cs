using Hikyaku.Platform;
using JasperFx.Events.Projections;
using Marten;

namespace Hikyaku.Moods;

/// <summary>What the service keeps, and how.</summary>
internal static class MoodsStore
{
    public static void Configure(StoreOptions options, ProjectionLifecycle lifecycle)
    {
        options.Events.MapEventType<MoodSet>("moods.mood-set.v1");
        options.Events.MapEventType<MoodForgotten>("moods.mood-forgotten.v1");
        foreach (var e in Job.Events) options.Events.MapEventType(e, $"moods.job-{e.Name["Job".Length..].ToLowerInvariant()}.v1");
        options.Projections.Add(new SnapshotOf<Mood>(Mood.Events), lifecycle);
        options.AddJobs(CalmDomain.Jobs, lifecycle);
        options.Schema.For<Mood>().DocumentAlias("mood");
    }
}
