using Hikyaku.Copier;
using Hikyaku.DataCopy.Copies;
using Hikyaku.DataCopy.Journal;
using Hikyaku.DataCopy.Mails;
using Hikyaku.DataCopy.Nodes;
using Hikyaku.DataCopy.Notices;
using Hikyaku.DataCopy.Publishing;
using Hikyaku.DataCopy.Storage;
using Hikyaku.DataCopy.Work;
using Hikyaku.Platform;
using JasperFx.Events.Projections;

namespace Hikyaku.DataCopy;

/// <summary>The copy service: users bring their mail along from another server.</summary>
public static class Program
{
    /// <summary>The service's name.</summary>
    public const string Service = "datacopy";

    private static readonly ServiceVerbs Verbs = new(Service, DataCopyStore.Configure) { ReadModels = [CopyTable.ReadModel, JobTable.ReadModel] };

    /// <summary>Runs it, or one of its verbs: <c>verify</c>, <c>rebuild</c>.</summary>
    public static Task<int> Main(string[] args) => Verbs.RunAsync(args, Build);

    /// <summary>Puts it together; settings come from the environment or as arguments.</summary>
    public static WebApplication Build(string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.AddEventSourcedService<DataCopyPublisher>(Service, bus =>
        {
            bus.AddConsumer<WakeConsumer>();
            bus.AddConsumer<RoomConsumer>();
            bus.AddDeletionParticipant<ErasesCopies>(Service);
        }, options => DataCopyStore.Configure(options, ProjectionLifecycle.Inline));
        var services = builder.Services;
        var settings = new WorkerSettings(builder.Configuration);
        services.AddHostedService<JournalTables>();
        services.AddSingleton(settings);
        services.AddSingleton(new SourceConnector(new NetworkGuard(settings.Allow), settings.Copier));
        services.AddSingleton(provider => new SourceSurvey(provider.GetRequiredService<SourceConnector>(), settings.Copier));
        services.AddSingleton<SourceCheck>().AddSingleton<MailboxRoom>().AddSingleton<CopyReader>().AddSingleton<CopyGrants>().AddSingleton<CopyNotices>().AddSingleton<CopyQueue>().AddSingleton<CopyRun>();
        services.AddSingleton<CopyWorker>().AddHostedService(provider => provider.GetRequiredService<CopyWorker>());
        services.AddSingleton(DataCopyJobs.All).AddSingleton<JobProblems>().AddSingleton<JobReader>().AddSingleton<ICancelsJobs, CancelsCopies>();
        AddMail(services, MailSettings.Read(builder.Configuration));
        return builder.BuildService(Endpoints.Map);
    }

    // Without a submission mails wait until there is one.
    private static void AddMail(IServiceCollection services, MailSettings mail)
    {
        services.AddSingleton(mail);
        services.AddSingleton<MailQueue>();
        if (mail.Submission is not null) services.AddHostedService<EndMailer>();
    }
}
