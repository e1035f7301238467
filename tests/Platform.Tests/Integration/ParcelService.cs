using Hikyaku.Platform.Testing;
using JasperFx.Events;
using JasperFx.Events.Projections;
using Marten;
using MassTransit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Hikyaku.Platform.Tests.Integration;

/// <summary>Told about each event.</summary>
public sealed record ParcelTold(string Parcel, long Version, string What);

/// <summary>What nodes are told.</summary>
public sealed record ParcelState(string Parcel, int Weighings, long Position);

public sealed record ParcelBody(string Id, string To);

public sealed record LabelBody(string Label);

public sealed record WeighingBody(int Grams);

/// <summary>Something stored beside the stream before the decision is known.</summary>
public sealed record Note(string Id);

/// <summary>Where a service keeps its data and talks to; two services on one place are two instances of one service.</summary>
public sealed record Place(string Database, string Rabbit, string RabbitNodes)
{
    public static async Task<Place> NewAsync(RabbitServer? broker = null)
    {
        broker ??= await RabbitServer.SharedAsync();
        return new(await PostgresServer.NewDatabaseAsync(), await broker.AddVirtualHostAsync(), await broker.AddVirtualHostAsync());
    }
}

/// <summary>What a test can change in a running service.</summary>
public sealed class Levers : TimeProvider
{
    /// <summary>Awaited inside every weighing.</summary>
    public Func<Task> BeforeWeighing { get; set; } = () => Task.CompletedTask;

    /// <summary>Awaited inside every labelling by a user.</summary>
    public Func<Task> BeforeLabelling { get; set; } = () => Task.CompletedTask;

    /// <summary>Awaited before a sorting is committed (null), and before it sorts each parcel.</summary>
    public Func<string?, CancellationToken, Task> BeforeSorting { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>Awaited before a deleted parcel is erased.</summary>
    public Func<string, Task> BeforeErasing { get; set; } = _ => Task.CompletedTask;

    /// <summary>Awaited before a page is published.</summary>
    public Func<Task> BeforePublishing { get; set; } = () => Task.CompletedTask;

    /// <summary>Thrown by the publisher while set.</summary>
    public Exception? PublisherFails { get; set; }

    /// <summary>How long the publisher waits for the broker.</summary>
    public TimeSpan PublisherWaits { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How much the service's clock is ahead.</summary>
    public TimeSpan ClockAhead { get; set; }

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + ClockAhead;
}

/// <summary>A miniature service as every service is built: one stream type, commands, a publisher, a node-state list.</summary>
public sealed class ParcelService : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ParcelService(WebApplication app, Levers levers) => (_app, Levers) = (app, levers);

    public Levers Levers { get; }

    public IServiceProvider Services => _app.Services;

    public bool Leads => Services.GetRequiredService<DaemonLeader>().Daemon is not null;

    public Uri Address => new(Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    public static async Task<ParcelService> StartAsync(Place place, InternalKeys keys)
    {
        var levers = new Levers();
        var builder = WebApplication.CreateBuilder(
        [
            "--urls=http://127.0.0.1:0", $"--ConnectionStrings:Postgres={place.Database}", $"--Hikyaku:Rabbit={place.Rabbit}",
            $"--Hikyaku:RabbitNodes={place.RabbitNodes}", .. keys.ForService(),
        ]);
        builder.Services.AddSingleton<TimeProvider>(levers);
        builder.Services.AddSingleton(levers);
        builder.AddServiceHost("parcels");
        if (Environment.GetEnvironmentVariable("HIKYAKU_TEST_LOG") is null) builder.Logging.ClearProviders();
        builder.Services.AddBus(builder.Configuration, "parcels", bus =>
        {
            bus.AddJobs();
            bus.AddDeletionParticipant<ErasesParcels>("parcels");
        });
        builder.Services.AddNodeBus(builder.Configuration);
        builder.Services.AddEventStore(builder.Configuration, options => ConfigureStore(options, ProjectionLifecycle.Inline));
        builder.Services.AddSingleton<IJobWork, SortParcels>();
        builder.Services.AddJobs(ParcelJobs.All);
        builder.Services.AddPublisher<ParcelPublisher>();
        builder.Services.AddNodeLeases("parcels");
        var app = builder.Build();
        app.UseServiceHost();
        ParcelEndpoints.Map(app);
        await app.StartAsync();
        return new(app, levers);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    /// <summary>Its verbs.</summary>
    public static readonly ServiceVerbs Verbs = new("parcels", ConfigureStore)
    {
        Questions = [new(StreamChecks.ReadModel, "select id from mt_doc_note where id not like 'asked-%'", "nobody has asked it")],
    };

    private static void ConfigureStore(StoreOptions options, ProjectionLifecycle lifecycle)
    {
        options.Events.MapEventType<ParcelPosted>("parcels.parcel-posted.v1");
        options.Events.MapEventType<ParcelLabelled>("parcels.parcel-labelled.v1");
        options.Events.MapEventType<ParcelWeighed>("parcels.parcel-weighed.v1");
        foreach (var (type, name) in ParcelJobs.Names) options.Events.MapEventType(type, name);
        options.Projections.Add(new SnapshotOf<Parcel>(typeof(ParcelPosted), typeof(ParcelLabelled), typeof(ParcelWeighed)), lifecycle);
        options.AddJobs(ParcelJobs.All, lifecycle);
        options.Schema.For<Parcel>().DocumentAlias("parcel");
        options.Schema.For<Note>().DocumentAlias("note");
    }
}

internal static class ParcelEndpoints
{
    public static void Map(WebApplication app)
    {
        var commands = app.MapCommands("/parcels");
        commands.MapPost("", Post).Allow(Scope.None, Roles.Operator, Roles.Admin);
        commands.MapPut("/{id}/label", Label).Allow(Scope.None, Roles.Operator);
        commands.MapPost("/{id}/weighings", Weigh).Allow(Scope.None, Roles.Operator);
        app.MapCommands("/accounts/{address}").MapPut("/label", LabelOwn).Allow(Scope.Account, Roles.User);
        app.MapGet("/accounts/{address}", ReadOwn).Allow(Scope.Account, Roles.User);
        app.MapAccountHistory<Parcel>(ParcelRules.History, (parcel, undo) => ParcelRules.Label(parcel, (string?)undo.Earlier["label"] ?? "", undo.Now), parcel => parcel);
        app.MapCommands("/sortings").MapPost("", ParcelJobs.Sort).Allow(Scope.None, Roles.Operator, Roles.Admin);
        app.MapJobs();
        app.MapNodes(States);
        app.MapAccountSummary(async (session, account, at, stop) => at is null && await session.LoadAsync<Parcel>(account.AccountId, stop) is { } parcel ? new { parcel.Label } : new { });
    }

    private static async Task<IResult> Post(ParcelBody body, CommandContext context)
    {
        context.Session.Store(new Note($"asked-{body.Id}-{context.Caller.Login}"));
        var stream = await context.Session.Events.FetchForWriting<Parcel>(body.Id);
        return context.Conclude(stream, ParcelRules.Post(stream.Aggregate, body.Id, body.To, context.Now),
            (parcel, version) => new Answer(201, parcel, version, $"/parcels/{parcel.Id}"));
    }

    private static async Task<IResult> Label(string id, LabelBody body, CommandContext context)
    {
        var stream = await context.Session.Events.FetchForWriting<Parcel>(id);
        return context.Conclude(stream, ParcelRules.Label(stream.Aggregate!, body.Label, context.Now), (parcel, version) => new Answer(200, parcel, version));
    }

    private static async Task<IResult> LabelOwn(LabelBody body, CommandContext context, Levers levers)
    {
        await levers.BeforeLabelling();
        return await Label(context.Target!.AccountId, body, context);
    }

    private static async Task<IResult> ReadOwn(HttpContext http, IDocumentStore store, CancellationToken stop)
    {
        await using var session = store.QuerySession();
        return await session.LoadAsync<Parcel>(http.Asking().Target!.AccountId, stop) is { } parcel ? new Answer(200, parcel) : Problems.Of(PlatformProblems.NotFound);
    }

    private static async Task<IResult> Weigh(string id, WeighingBody body, CommandContext context, Levers levers)
    {
        await levers.BeforeWeighing();
        var stream = await context.Session.Events.FetchForWriting<Parcel>(id);
        return context.Conclude(stream, ParcelRules.Weigh(body.Grams, context.Now), (parcel, version) => new Answer(200, parcel, version));
    }

    private static async IAsyncEnumerable<object> States(
        NpgsqlConnection snapshot, long position, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken stop)
    {
        await using var command = new NpgsqlCommand("select id, (data->>'Weighings')::int from mt_doc_parcel order by id", snapshot);
        await using var reader = await command.ExecuteReaderAsync(stop);
        while (await reader.ReadAsync(stop))
        {
            if (reader.GetString(0) == "breaks") throw new InvalidOperationException("The list breaks here");
            yield return new ParcelState(reader.GetString(0), reader.GetInt32(1), position);
        }
    }
}

internal sealed class ParcelPublisher(IBus bus, INodeBus nodes, Levers levers) : Publisher("parcels", bus, nodes)
{
    protected override TimeSpan Patience => levers.PublisherWaits;

    protected override IEnumerable<object> ToContracts(IEvent e, IReadOnlyList<object> states)
    {
        if (levers.PublisherFails is { } failure) throw failure;
        if (e.Data is JobQueued) return [new RunJob(e.StreamKey!)];
        return Job.Events.Contains(e.Data.GetType()) ? [] : [new ParcelTold(e.StreamKey!, e.Version, e.Data.GetType().Name)];
    }

    protected override async Task<IReadOnlyList<NodeStateChange>> NodeStatesAsync(IReadOnlyList<IEvent> page, IQuerySession session, CancellationToken stop)
    {
        await levers.BeforePublishing();
        return [.. page.Where(e => !Job.Events.Contains(e.Data.GetType())).GroupBy(e => e.StreamKey!).Select(g => new NodeStateChange(new ParcelState(g.Key, 0, g.Last().Sequence), g.Last()))];
    }
}
