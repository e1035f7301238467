using Hikyaku.Platform;
using MassTransit;

namespace Hikyaku.MailNode;

/// <summary>
/// The agent of a mail node: keeps the replica that Dovecot and Postfix read, tells the services what it has applied and how
/// much mailboxes take. The servers work without it.
/// </summary>
public partial class Program
{
    /// <summary>Runs it.</summary>
    public static void Main(string[] args) => Build(args).Run();

    /// <summary>Puts it together; settings are those of <see cref="NodeSettings"/>, <c>Hikyaku:Rabbit</c> and <c>Hikyaku:RabbitNodes</c>.</summary>
    /// <param name="args">The settings.</param>
    /// <param name="time">The clock; null: the machine's.</param>
    /// <param name="parts">Parts of the replica beside those that this program brings.</param>
    public static WebApplication Build(string[] args, TimeProvider? time = null, IEnumerable<IPart>? parts = null)
    {
        // Headers of mail come in any charset; without this .NET knows UTF-8, ASCII and Latin-1 alone.
        System.Text.Encoding.RegisterProvider(System.Text.CodePagesEncodingProvider.Instance);
        var builder = WebApplication.CreateBuilder(args);
        builder.AddTelemetry("mailnode");
        builder.WebHost.ConfigureKestrel(o => { o.AddServerHeader = false; o.Limits.MaxRequestBodySize = 1 << 16; });
        // The answer of /health/ready says what is wrong; the log does not repeat it for every question.
        builder.Logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None);
        var services = builder.Services;
        services.AddSingleton(time ?? TimeProvider.System);
        services.AddSingleton(NodeSettings.Read(builder.Configuration));
        var all = new Parts([.. Parts.OfThisProgram(), .. parts ?? []]);
        services.AddSingleton(all);
        services.AddSingleton<Schema>();
        services.AddSingleton<FormerSessions>();
        services.AddSingleton<ReplicaRows>();
        services.AddSingleton<OwningServices>();
        services.AddSingleton<Membership>();
        services.AddSingleton<Lists>();
        services.AddSingleton<Doveadm>();
        services.AddSingleton<MailServers>();
        services.AddSingleton<Replica>();
        services.AddSingleton<SigningKeys>();
        services.AddSingleton<MailChanges>();
        AddRunning<SpamLearning>(services);
        services.AddSingleton<Definitions>();
        services.AddSingleton<PostfixQueue>();
        services.AddSingleton<UnfinishedMessages>();
        services.AddSingleton<MailboxTurns>();
        services.AddHealthChecks().AddCheck<ReplicaHealth>("replica");
        AddPerService<Lease>(services, all);
        AddPerService<Listing>(services, all);
        AddRunning<SessionEnder>(services);
        AddRunning<Usage>(services);
        AddRunning<VerifiedPasswords>(services);
        AddRunning<FactSender>(services);
        AddPerService<DigestCheck>(services, all);
        AddRunning<Logins>(services);
        AddRunning<Submissions>(services);
        AddRunning<Deliveries>(services);
        AddRunning<Eraser>(services);
        AddRunning<MailDeleter>(services);
        AddRunning<MailHolder>(services);
        AddRunning<Tidier>(services);
        services.AddSingleton<SieveFilter>();
        AddRunning<RulePreviews>(services);
        services.AddSingleton<SieveTest>();
        services.AddSingleton<SampleJudge>();
        AddRunning<Traces>(services);
        services.AddSingleton<Applier>();
        services.AddHostedService<CapacityElsewhere>();
        services.AddHostedService<SubmissionPolicy>();
        services.AddBus(builder.Configuration, "mailnode");
        AddRunning<Watch>(services);
        services.Configure<MassTransitHostOptions>(o => o.StopTimeout = TimeSpan.FromSeconds(5));

        var app = builder.Build();
        _ = app.Services.GetRequiredService<OwningServices>(); // throws when the address of one is not set
        app.Services.GetRequiredService<Replica>().OpenExisting();
        app.MapHealth();
        app.MapPost("/mail-events", (System.Text.Json.JsonElement said, MailChanges changes) => changes.Receive(said));
        app.MapPost("/auth-policy", (Logins.Report report, Logins logins) => logins.Receive(report));
        app.MapPost("/check", DigestCheck.Handle);
        app.MapPost("/learn/{kind}", (string kind, HttpContext context, SpamLearning learning) => learning.Receive(kind, context, context.RequestAborted));
        return app;
    }

    // Adds a background service that other classes also call.
    private static void AddRunning<T>(IServiceCollection services) where T : class, IHostedService
    {
        services.AddSingleton<T>();
        services.AddHostedService(s => s.GetRequiredService<T>());
    }

    // Adds one background service for each service that owns a part.
    private static void AddPerService<T>(IServiceCollection services, Parts parts) where T : class, IHostedService
    {
        services.AddSingleton<PerService<T>>();
        foreach (var name in parts.Services) services.AddSingleton<IHostedService>(s => s.GetRequiredService<PerService<T>>()[name]);
    }
}
