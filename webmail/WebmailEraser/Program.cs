using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.WebmailEraser;

/// <summary>Webmail's part in the deletion of accounts, as Roundcube hears of none. It works on Roundcube's own tables and has no call of its own.</summary>
public static class Program
{
    /// <summary>The program's name.</summary>
    public const string Service = "webmaileraser";

    /// <summary>Runs it.</summary>
    public static Task Main(string[] args) => Build(args).RunToEndAsync();

    /// <summary>Puts it together; settings come from the environment or as arguments.</summary>
    public static WebApplication Build(string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.AddServiceHost(Service);
        var services = builder.Services;
        var connection = builder.Configuration.GetConnectionString("Postgres") ?? throw new InvalidOperationException("ConnectionStrings:Postgres is not set");
        services.AddSingleton(_ => new NpgsqlDataSourceBuilder(connection).Build());
        services.AddSingleton<LoginNames>();
        services.AddHostedService<LoginNamesSchema>(); // before the bus, whose messages need the table
        services.AddBus(builder.Configuration, Service, bus =>
        {
            bus.AddConsumer<LoginNameConsumer>().Endpoint(e => e.Name = $"{Service}-logins");
            bus.AddDeletionParticipant<ErasesWebmail>(Service);
        });
        services.AddHealthChecks().AddCheck<DatabaseHealth>("database");

        var app = builder.Build();
        app.MapHealth();
        return app;
    }
}
