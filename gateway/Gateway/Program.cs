using Hikyaku.Gateway.Composition;
using Hikyaku.Gateway.Documents;
using Hikyaku.Gateway.MailPrograms;
using Hikyaku.Gateway.Preferences;
using Hikyaku.Gateway.Routing;
using Hikyaku.Gateway.Routing.Routes;
using Hikyaku.Gateway.Sessions;
using Hikyaku.Gateway.SigningIn;
using Hikyaku.Gateway.Tokens;
using Hikyaku.Platform;
using MassTransit;
using Npgsql;

namespace Hikyaku.Gateway;

/// <summary>The gateway: the only way in from outside. It knows who asks, judges what they may, and forwards.</summary>
public static class Program
{
    /// <summary>Runs it.</summary>
    public static Task Main(string[] args) => Build(args).RunToEndAsync();

    /// <summary>Puts it together; settings come from the environment or as arguments.</summary>
    /// <param name="args">The arguments.</param>
    /// <param name="moreServices">Services beside those whose routes are in this assembly.</param>
    public static WebApplication Build(string[] args, params IEnumerable<IServiceRoutes> moreServices)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.AddServiceHost("gateway");
        builder.WebHost.ConfigureKestrel(o => o.Limits.MaxRequestBodySize = BodyLimit.DrainedBytes);
        builder.Logging.AddFilter("Yarp", LogLevel.Error); // what fails is told by Forwarding
        var services = builder.Services;
        var connection = builder.Configuration.GetConnectionString("Postgres") ?? throw new InvalidOperationException("ConnectionStrings:Postgres is not set");
        services.AddSingleton(_ => new NpgsqlDataSourceBuilder(connection).Build());
        services.AddHostedService<SessionSchema>(); // before the bus, whose messages need the tables
        services.AddHostedService<TokenSchema>();
        services.AddHostedService<PreferenceSchema>();
        services.AddBus(builder.Configuration, "gateway", bus =>
        {
            bus.AddConsumer<SessionEnds, SessionEndsDefinition>();
            bus.AddDeletionParticipant<ErasesSessions>("gateway", SessionEndsDefinition.Queue);
            bus.AddDeletionParticipant<ErasesPreferences>("gateway", SessionEndsDefinition.Queue);
            bus.AddConsumer<TargetEnds>().Endpoint(e => (e.Name, e.Temporary) = (Platform.Bus.QueueOfOneProcess("gateway"), true));
        });
        AddRouting(services, RouteTable.With(moreServices));
        AddSessions(services, builder.Configuration);
        services.AddSingleton<NewNetworks>();
        services.AddHostedService(s => s.GetRequiredService<NewNetworks>());
        services.AddSingleton<SignInLocks>();
        services.AddSingleton<SignInFacts>();
        services.AddHostedService(s => s.GetRequiredService<SignInFacts>());
        services.AddSingleton<ApiDocument>();
        services.AddApiDescription();
        services.AddHealthChecks().AddCheck<DatabaseHealth>("database");

        var app = builder.Build();
        app.Services.GetRequiredService<InternalTokens>(); // a key that cannot be read must be told at the start
        app.Services.GetRequiredService<ProfileSigner>(); // the same
        app.Services.GetRequiredService<PolicyOfServers>();
        Use(app);
        MapOwn(app);
        MapForwarded(app);
        DocumentationPage.Map(app);
        return app;
    }

    private static void AddRouting(IServiceCollection services, RouteTable table)
    {
        services.AddSingleton(table);
        services.AddHttpForwarder();
        services.AddSingleton<InternalTokenIssuer>();
        services.AddSingleton<InternalTokens>();
        services.AddSingleton<Routing.Services>();
        services.AddSingleton<AccountsClient>();
        services.AddSingleton<SessionRate>();
        services.AddSingleton<Gate>();
        services.AddSingleton<Forwarding>();
        services.AddSingleton<ServiceQuestions>();
        services.AddSingleton<MergedList>();
        services.AddSingleton<Jobs>();
        services.AddSingleton<AccountHistory>();
        services.AddSingleton<Rewind>();
        services.AddSingleton<AccountSummary>();
        services.AddSingleton<DomainDns>();
        services.AddSingleton<SeriesOfNumbers>();
        services.AddSingleton<MailServers>();
        services.AddSingleton<NetworkRate>();
        services.AddSingleton<ProfileSigner>();
        services.AddSingleton<PolicyOfServers>();
    }

    private static void AddSessions(IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton(SignInLimits.From(configuration));
        services.AddSingleton<SignInThrottle>();
        services.AddSingleton<OwnPassword>();
        services.AddSingleton<SessionStore>();
        services.AddSingleton<TokenStore>();
        services.AddSingleton<PreferenceStore>();
        services.AddSingleton<SessionReader>();
        services.AddSingleton<SessionWatch>();
        services.AddHostedService<SessionCleaner>();
    }

    private static void Use(WebApplication app)
    {
        app.UseTrustedProxies();
        app.UseSecurityHeaders();
        app.UseExceptionHandler();
        app.UseStatusCodePages(context => StatusProblem(context.HttpContext)?.ExecuteAsync(context.HttpContext) ?? Task.CompletedTask);
        app.UseHead();
        app.UseRouting();
        app.UseBodyLimit();
        var gate = app.Services.GetRequiredService<Gate>();
        app.Use((http, next) => gate.InvokeAsync(http, next));
        // Readiness is about the gateway itself: sessions (database) and hearing that they ended (bus). With a service down the
        // gateway still signs out, serves the others, and says 503 in the reader's language; taking it away would help nobody.
        app.MapHealth();
    }

    private static void MapOwn(WebApplication app)
    {
        var table = app.Services.GetRequiredService<RouteTable>();
        Map("POST", "/api/v1/sessions", SignIn.Handle).Produces<SignedIn>(201).WithSummary("Sign in");
        Map("DELETE", "/api/v1/sessions/current", OwnSessions.SignOut).Produces(204).WithSummary("Sign out");
        Map("GET", "/api/v1/me", OwnProfile.Read).Produces<Me>().WithSummary("Who is signed in");
        Map("PATCH", "/api/v1/me", OwnProfile.Change).Produces<Me>().WithSummary("Change one's own preferences");
        Map("GET", "/api/v1/me/sessions", OwnSessions.List).Produces<SessionList>().WithSummary("List one's own sessions");
        Map("DELETE", "/api/v1/me/sessions", OwnSessions.EndOthers).Produces(204).WithSummary("End all one's other sessions");
        Map("DELETE", "/api/v1/me/sessions/{id}", OwnSessions.End).Produces(204).WithSummary("End one of one's own sessions");
        Map("POST", "/api/v1/tokens", OwnTokens.Make).Produces<TokenView>(201).WithSummary("Make an API token");
        Map("GET", "/api/v1/tokens", OwnTokens.List).Produces<TokenList>().WithSummary("List one's own API tokens");
        Map("GET", "/api/v1/tokens/{id}", OwnTokens.One).Produces<TokenView>().WithSummary("Read one of one's own API tokens");
        Map("DELETE", "/api/v1/tokens/{id}", OwnTokens.Revoke).Produces(204).WithSummary("Revoke one of one's own API tokens");
        const string rewind = "/api/v1/accounts/{address}/restrictions/{kind}/rewind";
        Map("GET", rewind, Rewind.Show).Produces<RewindView>().WithSummary("What an intruder did to an account");
        Map("POST", rewind, Rewind.Undo).Produces<Rewound>().WithSummary("Undo what an intruder changed");
        Map("GET", "/api/v1/openapi.json", ApiDocument.Handle).ExcludeFromDescription();
        Map("GET", "/api/v1/asyncapi.json", EventDocument.Handle).ExcludeFromDescription();
        var rate = app.Services.GetRequiredService<NetworkRate>();
        Map("GET", "/mail/config-v1.1.xml", Autoconfig.Handle).AddEndpointFilter(rate).ExcludeFromDescription();
        Map("GET", "/.well-known/autoconfig/mail/config-v1.1.xml", Autoconfig.Handle).AddEndpointFilter(rate).ExcludeFromDescription();
        Map("POST", "/autodiscover/autodiscover.xml", Autodiscover.Handle).AddEndpointFilter(rate).ExcludeFromDescription();
        Map("GET", "/autodiscover/autodiscover.json", AutodiscoverJson.Handle).AddEndpointFilter(rate).ExcludeFromDescription();
        Map("GET", "/autodiscover/autodiscover.json/v1.0/{email}", AutodiscoverJson.Handle).AddEndpointFilter(rate).ExcludeFromDescription();
        Map("GET", "/.well-known/mta-sts.txt", PolicyOfServers.Handle).AddEndpointFilter(rate).ExcludeFromDescription();
        Map("GET", "/api/v1/mobileconfig", MobileConfig.Handle).AddEndpointFilter(rate).Produces<byte[]>(200, "application/x-apple-aspen-config").WithSummary("A profile for iPhone, iPad and Mac");

        RouteHandlerBuilder Map(string method, string pattern, Delegate handler) => app.MapMethods(pattern, [method], handler)
            .WithMetadata(table.Find(method, pattern) ?? throw new InvalidOperationException($"{method} {pattern} is not in the route table"));
    }

    private static void MapForwarded(WebApplication app)
    {
        foreach (var route in app.Services.GetRequiredService<RouteTable>().Routes.Where(r => r.Service != RouteTable.Own))
            app.MapMethods(route.Pattern, [route.Method], AnswerOf(route, app.Services)).WithMetadata(route);
    }

    private static RequestDelegate AnswerOf(GatewayRoute route, IServiceProvider services) => (route.Share, route.Method) switch
    {
        (Shares.None, _) => services.GetRequiredService<Forwarding>().SendAsync,
        (Shares.Jobs, _) when route.Pattern == Jobs.ListPath => services.GetRequiredService<Jobs>().ListAsync,
        (Shares.Jobs, _) => services.GetRequiredService<Jobs>().SendAsync,
        (Shares.AccountHistory, "GET") => services.GetRequiredService<AccountHistory>().ListAsync,
        (Shares.AccountHistory, "POST") => services.GetRequiredService<AccountHistory>().UndoAsync,
        (Shares.DomainHistory, "GET") => http => services.GetRequiredService<MergedList>().SendAsync(http, services.GetRequiredService<RouteTable>().Sharing(Shares.DomainHistory), "at"),
        (Shares.DomainDns, "GET") => services.GetRequiredService<DomainDns>().SendAsync,
        (Shares.Stats, _) => services.GetRequiredService<SeriesOfNumbers>().SendAsync,
        (Shares.AccountSummary, "GET") => services.GetRequiredService<AccountSummary>().SendAsync,
        _ => throw new InvalidOperationException($"Nobody answers {route.Method} {route.Pattern}"),
    };

    private static IResult? StatusProblem(HttpContext http) => http.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => Problems.Of(PlatformProblems.NotFound),
        StatusCodes.Status405MethodNotAllowed => Problems.Of(PlatformProblems.MethodNotAllowed),
        StatusCodes.Status413PayloadTooLarge => BodyLimit.Refusal(http),
        StatusCodes.Status415UnsupportedMediaType => Problems.Of(PlatformProblems.UnsupportedMediaType),
        _ => null,
    };
}
