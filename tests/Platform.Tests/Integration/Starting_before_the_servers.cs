using System.Diagnostics;
using System.Net;
using Hikyaku.Platform.Testing;
using Marten;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using Xunit;

namespace Hikyaku.Platform.Tests.Integration;

[Trait("Rule", "REL-8")]
public sealed class Starting_before_the_servers : IDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(90);
    private readonly InternalKeys _keys = InternalKeys.Create();

    [Fact]
    public async Task A_program_waits_for_PostgreSQL_and_RabbitMQ_and_then_works()
    {
        await using var postgres = await PostgresServer.StartDedicatedAsync();
        await using var rabbit = await RabbitServer.StartDedicatedAsync();
        var (database, bus) = (await postgres.AddDatabaseAsync(), await rabbit.AddVirtualHostAsync());
        await Task.WhenAll(postgres.StopAsync(), rabbit.StopAsync());

        await using var app = Build(database, bus);
        using var log = new LogOf(app.Services.GetRequiredService<ILoggerFactory>());
        var starting = app.StartAsync();
        await Eventually.Async(() => log.ToString().Contains("the start waits for it", StringComparison.Ordinal));
        Assert.False(starting.IsCompleted);

        await postgres.StartAgainAsync();
        await starting.WaitAsync(Long);
        Assert.Contains("PostgreSQL answers after", log.ToString(), StringComparison.Ordinal);
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/health/live")).StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await http.GetAsync("/health/ready")).StatusCode);
        await StoreAsync(app);

        await rabbit.StartAgainAsync();
        await Eventually.Async(async () => (await http.GetAsync("/health/ready")).StatusCode == HttpStatusCode.OK, Long);
    }

    [Fact]
    public async Task A_program_that_waits_for_its_database_stops_at_once_when_told_to()
    {
        await using var app = Build("Host=127.0.0.1;Port=1;Database=x;Username=x;Password=x", await RabbitServer.NewVirtualHostAsync());
        using var log = new LogOf(app.Services.GetRequiredService<ILoggerFactory>());
        var running = app.RunToEndAsync();
        await Eventually.Async(() => log.ToString().Contains("the start waits for it", StringComparison.Ordinal));

        var since = Stopwatch.StartNew();
        app.Lifetime.StopApplication();
        await running.WaitAsync(Long);
        Assert.InRange(since.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_database_that_is_not_made_yet_is_waited_for_and_a_wrong_password_is_an_error()
    {
        var there = new NpgsqlConnectionStringBuilder(await PostgresServer.NewDatabaseAsync());
        var bus = await RabbitServer.NewVirtualHostAsync();
        await using var wrong = Build(new NpgsqlConnectionStringBuilder(there.ConnectionString) { Password = "wrong" }.ConnectionString, bus);
        await Assert.ThrowsAsync<PostgresException>(() => wrong.StartAsync());

        await using var early = Build(new NpgsqlConnectionStringBuilder(there.ConnectionString) { Database = "not_made_yet" }.ConnectionString, bus);
        using var log = new LogOf(early.Services.GetRequiredService<ILoggerFactory>());
        using var stop = new CancellationTokenSource();
        var starting = early.StartAsync(stop.Token);
        await Eventually.Async(() => log.ToString().Contains("the start waits for it", StringComparison.Ordinal));
        Assert.False(starting.IsCompleted);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starting);
    }

    public void Dispose() => _keys.Dispose();

    private WebApplication Build(string database, string bus)
    {
        var builder = WebApplication.CreateBuilder(
        [
            "--urls=http://127.0.0.1:0", $"--ConnectionStrings:Postgres={database}", $"--Hikyaku:Rabbit={bus}", .. _keys.ForService(),
        ]);
        builder.AddServiceHost("early");
        builder.Logging.ClearProviders();
        builder.Services.AddBus(builder.Configuration, "early");
        builder.Services.AddEventStore(builder.Configuration, options => options.Schema.For<Note>().DocumentAlias("note"));
        var app = builder.Build();
        app.UseServiceHost();
        return app;
    }

    private static async Task StoreAsync(WebApplication app)
    {
        await using var session = app.Services.GetRequiredService<IDocumentStore>().LightweightSession();
        session.Store(new Note("kept"));
        await session.SaveChangesAsync();
    }
}
