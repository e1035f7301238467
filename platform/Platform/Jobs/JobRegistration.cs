using JasperFx.Events.Projections;
using Marten;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;

namespace Hikyaku.Platform;

/// <summary>Gives a service jobs.</summary>
public static class JobRegistration
{
    /// <summary>Keeps the jobs: the stream's snapshot, the read model, and the tables. The service names the events itself, among all of its own.</summary>
    /// <param name="options">The options of the service's event store.</param>
    /// <param name="jobs">What the service says of its jobs.</param>
    /// <param name="lifecycle">When read models follow the events; in the service with the transaction that appends.</param>
    public static void AddJobs(this StoreOptions options, ServiceJobs jobs, ProjectionLifecycle lifecycle = ProjectionLifecycle.Inline)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(jobs);
        options.Projections.Add(new SnapshotOf<Job>(Job.Events), lifecycle);
        options.Projections.Add(new JobTable(jobs), lifecycle);
        options.Schema.For<Job>().DocumentAlias("job");
        var table = JobTable.Table();
        jobs.FormerColumns?.Invoke(table);
        options.Storage.ExtendedSchemaObjects.Add(table);
        options.Storage.ExtendedSchemaObjects.Add(JobProblems.Table());
        options.Storage.ExtendedSchemaObjects.Add(JobWork.Table(jobs));
    }

    /// <summary>Adds the workers and all that jobs need; each kind's <see cref="IJobWork"/> is the service's to add. Call after the event store.</summary>
    public static IServiceCollection AddJobs(this IServiceCollection services, ServiceJobs jobs)
        => services
            .AddSingleton(jobs).AddSingleton<JobSettings>().AddSingleton<JobWork>().AddSingleton<JobSteps>().AddSingleton<JobWithdrawal>()
            .AddSingleton<JobProblems>().AddSingleton<JobReader>().AddSingleton<JobNotices>().AddSingleton<ICancelsJobs, CancelJob>()
            .AddSingleton<JobWorker>().AddHostedService(provider => provider.GetRequiredService<JobWorker>())
            .AddHostedService<JobEnds>()
            .AddSingleton<StuckJobs>().AddHostedService(provider => provider.GetRequiredService<StuckJobs>());

    /// <summary>Wakes the workers by the queue <c>SERVICE-jobs</c>.</summary>
    public static void AddJobs(this IBusRegistrationConfigurator bus) => bus.AddConsumer<JobsConsumer>();
}
