using Hikyaku.Accounts.BulkChange;
using Hikyaku.Accounts.BulkRegistration;
using Hikyaku.Accounts.Consumers;
using Hikyaku.Accounts.Credentials;
using Hikyaku.Accounts.Deletion;
using Hikyaku.Accounts.Domains;
using Hikyaku.Accounts.Jobs;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Accounts.Nodes;
using Hikyaku.Accounts.Notices;
using Hikyaku.Accounts.Publishing;
using Hikyaku.Accounts.SecondFactors;
using Hikyaku.Accounts.Staff;
using Hikyaku.Accounts.Storage;
using Hikyaku.Accounts.Undo;
using Hikyaku.Accounts.Verifying;
using Hikyaku.Platform;

namespace Hikyaku.Accounts;

/// <summary>The accounts service: domains with limits, administrators, mail accounts, and the passwords of all of them.</summary>
public static class Program
{
    /// <summary>The service's name.</summary>
    public const string Service = "accounts";

    /// <summary>Runs it, or one of its verbs: <c>verify</c>, <c>rebuild</c>.</summary>
    public static Task<int> Main(string[] args) => AccountsVerbs.All.RunAsync(args, Build);

    /// <summary>Puts it together; settings come from the environment or as arguments.</summary>
    public static WebApplication Build(string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.Services.AddSingleton<INodeRegistry, NodeRegistry>();
        builder.AddEventSourcedService<AccountsPublisher>(Service, bus =>
        {
            bus.AddConsumer<MailboxUsageConsumer>();
            bus.AddConsumer<RoutingConsumer>();
            bus.AddConsumer<SpamConsumer>();
            bus.AddConsumer<RestrictionsConsumer>();
            bus.AddConsumer<DomainRecordsConsumer>();
            bus.AddConsumer<ErasureConsumer>();
            bus.AddConsumer<MailDataDeletionConsumer>();
            bus.AddJobs();
        }, AccountsStore.Configure);
        var services = builder.Services;
        services.AddFormerQueues(("erasure", "accounts-erasure"), ("mailbox-usage", "accounts-mailbox-usage"), ("mail-data-deletion", "accounts-mail-data-deletion"), ("bulk-jobs", "accounts-jobs"));
        services.AddSingleton<Passwords>();
        services.AddSingleton<SecondFactorCodes>();
        services.AddSingleton<DkimKeys>();
        services.AddSingleton<NodePlacement>();
        services.AddSingleton<NodeStates>();
        services.AddSingleton<MailAccountReader>();
        services.AddSingleton<DeletionProcess>();
        services.AddHostedService(provider => provider.GetRequiredService<DeletionProcess>());
        services.AddSingleton<BackgroundThreads>();
        services.AddSingleton<NodeQuestions>();
        services.AddSingleton<MailboxEmptiness>();
        services.AddSingleton<BulkFiles>();
        services.AddHostedService<FormerJobs>();
        services.AddSingleton<AccountsNotices>();
        services.AddHostedService<FormerNotices>(); // after the jobs, of whose results they tell
        services.AddSingleton<IJobWork, RegisterAccounts>();
        services.AddSingleton<IJobWork, ChangeAccounts>();
        services.AddSingleton<IJobWork, UndoJobs>();
        services.AddSingleton<IJobDetails, LeftAccounts>();
        services.AddJobs(AccountsJobs.All);
        services.AddHostedService<FirstOperator>();
        services.AddHostedService<ResetAtStart>();
        services.AddHostedService<DkimKeysAtStart>();
        services.AddHostedService<StaleDefinitions>();
        return builder.BuildService(Endpoints.Map);
    }
}
