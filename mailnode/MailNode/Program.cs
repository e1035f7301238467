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
    public static WebApplication Build(string[] args, TimeProvider? time = null)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.AddTelemetry("mailnode");
        builder.WebHost.ConfigureKestrel(o => { o.AddServerHeader = false; o.Limits.MaxRequestBodySize = 1 << 16; });
        // Who asks whether it is ready is answered with what is wrong; it need not stand in the log each time.
        builder.Logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None);
        var services = builder.Services;
        services.AddSingleton(time ?? TimeProvider.System);
        services.AddSingleton(NodeSettings.Read(builder.Configuration));
        services.AddSingleton<AccountsClient>();
        services.AddSingleton<Doveadm>();
        services.AddSingleton<MailServers>();
        services.AddSingleton<Replica>();
        services.AddSingleton<MailChanges>();
        services.AddSingleton<DriftSeen>();
        services.AddSingleton<ServiceClock>();
        services.AddSingleton<Deliveries>();
        services.AddSingleton<PostfixQueue>();
        services.AddSingleton<MailboxTurns>();
        services.AddSingleton<WatchState>();
        services.AddHealthChecks().AddCheck<ReplicaHealth>("replica");
        AddRunning<Lease>(services);
        AddRunning<Listing>(services);
        AddRunning<SessionEnder>(services);
        AddRunning<Usage>(services);
        AddRunning<VerifiedPasswords>(services);
        AddRunning<FactSender>(services);
        AddRunning<DigestCheck>(services);
        AddRunning<Logins>(services);
        AddRunning<Eraser>(services);
        AddRunning<MailDeleter>(services);
        AddRunning<Tidier>(services);
        AddRunning<Applier>(services);
        services.AddHostedService<CapacityElsewhere>();
        // Last, so that they stop first: messages in hand are still written.
        services.AddBus(builder.Configuration, "mailnode");
        services.AddNodeBus(builder.Configuration, bus => bus.AddConsumer<Watch>(), Watch.Configure);
        services.Configure<MassTransitHostOptions>(o => o.StopTimeout = TimeSpan.FromSeconds(5));

        var app = builder.Build();
        app.Services.GetRequiredService<Replica>().OpenExisting();
        var nodeBus = app.Services.GetRequiredService<INodeBus>();
        nodeBus.ConnectReceiveObserver(app.Services.GetRequiredService<Deliveries>());
        nodeBus.ConnectReceiveObserver(app.Services.GetRequiredService<WatchState>());
        app.MapHealth();
        app.MapPost("/mail-events", (System.Text.Json.JsonElement said, MailChanges changes) => changes.Receive(said));
        app.MapPost("/auth-policy", (Logins.Report report, Logins logins) => logins.Receive(report));
        app.MapPost("/check", (DigestCheck check, CancellationToken stop) => check.Handle(stop));
        return app;
    }

    // One that others ask things of.
    private static void AddRunning<T>(IServiceCollection services) where T : class, IHostedService
    {
        services.AddSingleton<T>();
        services.AddHostedService(s => s.GetRequiredService<T>());
    }
}
