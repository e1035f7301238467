using JasperFx.Events;
using JasperFx.Events.Daemon;
using JasperFx.OpenTelemetry;
using Marten;
using Marten.Events.Aggregation;
using Marten.Events.Daemon.HighWater;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using Weasel.Core;

namespace Hikyaku.Platform;

/// <summary>The snapshot of a stream, written in the transaction that appends to it.</summary>
/// <typeparam name="TState">The stream's state.</typeparam>
public sealed class SnapshotOf<TState> : SingleStreamProjection<TState, string>, IStreamKind where TState : class, IState<TState>
{
    /// <summary>Makes it for the events of the stream; a store holds streams of other kinds too.</summary>
    public SnapshotOf(params IEnumerable<Type> events)
    {
        Events = [.. events];
        foreach (var type in Events) IncludeType(type);
    }

    /// <inheritdoc/>
    public IReadOnlyCollection<Type> Events { get; }

    Type IStreamKind.State => typeof(TState);

    /// <inheritdoc/>
    public override TState? Evolve(TState? snapshot, string id, IEvent e) => TState.Evolve(snapshot, e.Data);

    object? IStreamKind.Evolve(object? state, object e) => TState.Evolve((TState?)state, e);

    Task IStreamKind.RefreshAsync(IDocumentStore store, string stream, CancellationToken stop) => store.Advanced.RebuildSingleStreamAsync<TState>(stream, stop);
}

/// <summary>How every service uses Marten. The reasons are measured: docs/decisions/0002 and 0008.</summary>
public static class EventStore
{
    /// <summary>Reads and writes JSON as the store does, where the store itself is not at hand: it is made with the publisher.</summary>
    public static Marten.Services.SystemTextJsonSerializer Serializer { get; } = new() { EnumStorage = EnumStorage.AsString };

    /// <summary>
    /// Adds the event store of a service on the connection string <c>Postgres</c>, its daemon leader, and its checks. Call
    /// after the bus: hosted services stop in reverse, and the publisher must stop before the bus does.
    /// </summary>
    public static IServiceCollection AddEventStore(this IServiceCollection services, IConfiguration configuration, Action<StoreOptions> configure)
    {
        var connection = configuration.GetConnectionString("Postgres") ?? throw new InvalidOperationException("ConnectionStrings:Postgres is not set");
        services.AddSingleton(_ => new NpgsqlDataSourceBuilder(connection).Build());
        services.AddSingleton<AppendNotifier>();
        services.AddMarten(provider =>
        {
            var options = new StoreOptions();
            var database = provider.GetRequiredService<NpgsqlDataSource>();
            options.Connection(database);
            Configure(options);
            options.Listeners.Add(provider.GetRequiredService<AppendNotifier>());
            options.Projections.Wakeup = new PostgresqlListenWakeup(database, provider.GetRequiredService<ILogger<PostgresqlListenWakeup>>());
            configure(options);
            return options;
        }).ApplyAllDatabaseChangesOnStartup();
        services.AddSingleton<DaemonLeader>();
        services.AddHostedService(provider => provider.GetRequiredService<DaemonLeader>());
        services.AddHostedService<IdempotencyCleaner>();
        services.AddHealthChecks().AddCheck<DaemonHealth>("daemon");
        return services;
    }

    /// <summary>The options of every event store.</summary>
    public static void Configure(StoreOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.UseSystemTextJsonForSerialization(EnumStorage.AsString);
        options.DisableNpgsqlLogging = true;
        options.Events.StreamIdentity = StreamIdentity.AsString;
        options.Events.AppendMode = EventAppendMode.Quick;
        options.Events.MetadataConfig.EnableAll();
        // An event that cannot be read must stop its readers with an error; if it were skipped, they would miss it without notice.
        options.Projections.Errors.SkipApplyErrors = false;
        options.Projections.Errors.SkipSerializationErrors = false;
        options.Projections.Errors.SkipUnknownEvents = false;
        options.Projections.AsyncMode = DaemonMode.ExternallyManaged; // DaemonLeader runs the daemon; with another mode Marten warns that none runs
        options.Projections.StaleSequenceThreshold = TimeSpan.FromMilliseconds(500);
        options.OpenTelemetry.TrackConnections = TrackLevel.Normal;
        options.Schema.For<IdempotencyRecord>().DocumentAlias("idempotency_record").Index(r => r.At);
    }
}
