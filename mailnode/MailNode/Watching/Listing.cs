using System.Text.Json;
using System.Threading.Channels;

namespace Hikyaku.MailNode;

/// <summary>
/// The list of list-and-watch: asks a service for every state whenever something may have been missed, and once at the beginning
/// of a replica. A list that breaks off before its last line changes nothing.
/// </summary>
public sealed partial class Listing(
    OwningService service, NodeSettings settings, Parts parts, Replica replica, ReplicaRows rows, Lists lists, PerService<Lease> leases, SessionEnder sessions, SigningKeys signing, MailServers servers, TimeProvider time, ILogger<Listing> logger)
    : BackgroundService
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan CleaningInterval = TimeSpan.FromDays(1);

    private readonly Channel<string> _asked = Channel.CreateBounded<string>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private DateTimeOffset _cleaned = time.GetUtcNow();

    /// <summary>Asks for a list; several askings become one.</summary>
    public void Ask(string reason) => _asked.Writer.TryWrite(reason);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pause = ShortestPause;
        while (!stoppingToken.IsCancellationRequested)
        {
            string? reason = null;
            try
            {
                reason = replica.IsComplete || lists.Waits(service.Name) ? await AskedAsync(stoppingToken) : "there is no replica";
                if (reason is null)
                {
                    if (replica.IsComplete) await CleanAsync(stoppingToken);
                    continue;
                }

                // Requests that arrive after the list begins are kept: they may be about something that this list does not contain.
                _asked.Reader.TryRead(out _);
                await ListAsync(reason, stoppingToken);
                pause = ShortestPause;
            }
            catch (Exception e) when (e is HttpRequestException or IOException or UnauthorizedAccessException or InvalidDataException or JsonException or Microsoft.Data.Sqlite.SqliteException
                || (e is OperationCanceledException && !stoppingToken.IsCancellationRequested))
            {
                LogFailed(e, service.Name, reason ?? "tombstones are old", pause);
                if (reason is not null) Ask(reason);
            }

            await Task.Delay(pause, time, stoppingToken);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    // Returns null if nobody asked within the interval; the file was checked instead.
    private async Task<string?> AskedAsync(CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(settings.ReplicaCheckInterval);
        try
        {
            return await _asked.Reader.ReadAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            await replica.CheckAsync(stop);
            return null;
        }
    }

    // Runs once a day: a tombstone may stay a day too long.
    private async Task CleanAsync(CancellationToken stop)
    {
        var now = time.GetUtcNow();
        if (now - _cleaned < CleaningInterval) return;
        var (done, _) = await replica.TryWriteAsync(r =>
        {
            rows.ForgetTombstones(r, service.Name, now);
            return true;
        }, stop);
        if (done) _cleaned = now;
    }

    private async Task ListAsync(string reason, CancellationToken stop)
    {
        LogBegins(service.Name, reason);
        var list = await ReadAsync(null, stop);
        if (!await lists.WriteAsync(list, stop))
        {
            LogWaits(service.Name);
            return;
        }

        LogDone(service.Name, list.States.Count, list.Position);
        await servers.MakeReadAsync(replica.Identity, stop);
        sessions.EndDue();
        await signing.WriteAllAsync(stop);
        foreach (var lease in leases.All) lease.Renew();
    }

    /// <summary>Reads a list to its end: of everything, or of some shards.</summary>
    internal async Task<ServiceList> ReadAsync(IReadOnlySet<int>? shards, CancellationToken stop)
    {
        // The list is collected in memory (50 MB for 100,000 accounts) and written at the end, so that the watch can write meanwhile.
        var (states, begun) = (new List<object>(), time.GetUtcNow());
        await foreach (var line in service.Client.NodeStateAsync(shards, stop))
        {
            using var json = JsonDocument.Parse(line);
            if (json.Deserialize<LastLine>(JsonSerializerOptions.Web) is { Position: { } position } last)
            {
                if (last.Now is { } now) service.Clock.Note(begun, now, time.GetUtcNow());
                return new(service.Name, states, position, last.UpTo ?? position, begun);
            }

            if (Read(json.RootElement) is { } state) states.Add(state);
        }

        throw new InvalidDataException("The list broke off before its last line");
    }

    // In all other lines these properties are null.
    private sealed record LastLine(long? Position, long? UpTo, DateTimeOffset? Now);

    private sealed record Line(string? Part, JsonElement State);

    private object? Read(JsonElement line)
    {
        // A list with an unreadable line is not used, because the line may be a state that is missing then.
        if (line.Deserialize<Line>(JsonSerializerOptions.Web) is not { Part: { } part, State: { ValueKind: JsonValueKind.Object } json })
            throw new InvalidDataException("A line of the list is no part with a state");
        // States of a part that only a newer version knows, or that another service owns, are not stored.
        if (parts.Named(part) is not { } known || known.Service != service.Name) return null;
        var state = json.Deserialize(known.Contract, JsonSerializerOptions.Web)!;
        if (known.IsWhole(state)) return state;
        LogNotWhole(service.Name, part);
        return null;
    }

    [LoggerMessage(1, LogLevel.Information, "Listing {Service}: {Reason}")]
    private partial void LogBegins(string service, string reason);

    [LoggerMessage(2, LogLevel.Information, "Listed {Count} states of {Service} up to position {Position}")]
    private partial void LogDone(string service, int count, long position);

    [LoggerMessage(3, LogLevel.Warning, "Listing {Service} failed (it was requested because {Reason}); tried again in {Pause}")]
    private partial void LogFailed(Exception e, string service, string reason, TimeSpan pause);

    [LoggerMessage(4, LogLevel.Error, "A {Part} in the list of {Service} lacks what it must have and is passed over")]
    private partial void LogNotWhole(string service, string part);

    [LoggerMessage(5, LogLevel.Information, "The list of {Service} waits for those of the other services, to make a replica")]
    private partial void LogWaits(string service);
}
