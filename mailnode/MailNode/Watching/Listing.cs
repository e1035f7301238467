using System.Text.Json;
using System.Threading.Channels;
using Hikyaku.Accounts.Contracts;

namespace Hikyaku.MailNode;

/// <summary>
/// The list of list-and-watch: asks the accounts service for every state whenever something may have been missed, and once
/// at the beginning of a replica. A list that breaks off before its last line changes nothing.
/// </summary>
public sealed partial class Listing(
    Replica replica, AccountsClient accounts, Lease lease, SessionEnder sessions, MailServers servers, ServiceClock clock, TimeProvider time, ILogger<Listing> logger) : BackgroundService
{
    private static readonly TimeSpan Check = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan CleaningInterval = TimeSpan.FromDays(1);

    private readonly Channel<string> _asked = Channel.CreateBounded<string>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private DateTimeOffset _cleaned = time.GetUtcNow();

    /// <summary>What a service says.</summary>
    /// <param name="States">The states.</param>
    /// <param name="Position">They cover all events up to this.</param>
    /// <param name="UpTo">And none after this.</param>
    public sealed record Said(IReadOnlyList<object> States, long Position, long UpTo);

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
                reason = replica.IsComplete ? await AskedAsync(stoppingToken) : "there is no replica";
                if (reason is null)
                {
                    if (replica.IsComplete) await CleanAsync(stoppingToken);
                    continue;
                }

                // Taken before the list begins: who asks from now on has seen something that this list may not hold.
                _asked.Reader.TryRead(out _);
                await ListAsync(reason, stoppingToken);
                pause = ShortestPause;
            }
            catch (Exception e) when (e is HttpRequestException or IOException or UnauthorizedAccessException or InvalidDataException or JsonException or Microsoft.Data.Sqlite.SqliteException
                || (e is OperationCanceledException && !stoppingToken.IsCancellationRequested))
            {
                LogFailed(e, reason ?? "tombstones are old", pause);
                if (reason is not null) Ask(reason);
            }

            await Task.Delay(pause, time, stoppingToken);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    // Null when it was time to look at the file instead.
    private async Task<string?> AskedAsync(CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(Check);
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

    // A tombstone may go a day later than it could.
    private async Task CleanAsync(CancellationToken stop)
    {
        var now = time.GetUtcNow();
        if (now - _cleaned < CleaningInterval) return;
        var (done, _) = await replica.TryWriteAsync(r =>
        {
            ReplicaRows.ForgetTombstones(r, now);
            return true;
        }, stop);
        if (done) _cleaned = now;
    }

    private async Task ListAsync(string reason, CancellationToken stop)
    {
        LogBegins(reason);
        var begun = time.GetUtcNow();
        var (states, position, _) = await ReadAsync(null, stop);
        var now = time.GetUtcNow();
        bool Write(Microsoft.Data.Sqlite.SqliteConnection r)
        {
            ReplicaRows.List(r, states, position, now);
            ReplicaRows.SetCurrentAsOf(r, begun);
            return true;
        }

        // Nobody else makes one: waiting for a replica here would be for ever.
        if (!(await replica.TryWriteAsync(Write, stop)).Done)
        {
            await replica.ReplaceAsync(r => Write(r), stop);
        }

        LogDone(states.Count, position);
        await servers.MakeReadAsync(replica.Identity, stop);
        await sessions.EndDueAsync(stop);
        lease.Renew();
    }

    /// <summary>Reads a list to its end: of everything, or of some shards.</summary>
    internal async Task<Said> ReadAsync(IReadOnlySet<int>? shards, CancellationToken stop)
    {
        // In memory (100,000 accounts take 50 MB) and written afterwards, so that the watch goes on meanwhile.
        var (states, begun) = (new List<object>(), time.GetUtcNow());
        await foreach (var line in accounts.NodeStateAsync(shards, stop))
        {
            using var json = JsonDocument.Parse(line);
            if (json.Deserialize<LastLine>(JsonSerializerOptions.Web) is { Position: { } position } last)
            {
                if (last.Now is { } now) clock.Note(begun, now, time.GetUtcNow());
                return new(states, position, last.UpTo ?? position);
            }

            if (Read(json.RootElement) is { } state) states.Add(state);
        }

        throw new InvalidDataException("The list broke off before its last line");
    }

    // All null in another line.
    private sealed record LastLine(long? Position, long? UpTo, DateTimeOffset? Now);

    private sealed record Line(string? Part, JsonElement State);

    private object? Read(JsonElement line)
    {
        // Not to know what a line says is not to know what the list says.
        if (line.Deserialize<Line>(JsonSerializerOptions.Web) is not { Part: { } part, State: { ValueKind: JsonValueKind.Object } json })
            throw new InvalidDataException("A line of the list is no part with a state");
        object? state = part switch
        {
            nameof(MailboxState) => json.Deserialize<MailboxState>(JsonSerializerOptions.Web),
            nameof(DomainState) => json.Deserialize<DomainState>(JsonSerializerOptions.Web),
            nameof(MailNodeState) => json.Deserialize<MailNodeState>(JsonSerializerOptions.Web),
            _ => null, // a part that a newer service has, which this version does not keep
        };
        if (state is null || ReplicaRows.IsWhole(state)) return state;
        LogNotWhole(part);
        return null;
    }

    [LoggerMessage(1, LogLevel.Information, "Listing: {Reason}")]
    private partial void LogBegins(string reason);

    [LoggerMessage(2, LogLevel.Information, "Listed {Count} states up to position {Position}")]
    private partial void LogDone(int count, long position);

    [LoggerMessage(3, LogLevel.Warning, "Not done, although {Reason}; tried again in {Pause}")]
    private partial void LogFailed(Exception e, string reason, TimeSpan pause);

    [LoggerMessage(4, LogLevel.Error, "A {Part} in the list lacks what it must have and is passed over")]
    private partial void LogNotWhole(string part);
}
