using System.ComponentModel;
using System.Globalization;
using Hikyaku.Platform;
using Microsoft.AspNetCore.Mvc;

namespace Hikyaku.Feed;

/// <summary>
/// <c>GET /api/v1/events</c>: domain events as server-sent events, each a CloudEvent 1.0 whose SSE id is its position (OPS-2).
/// Operators see all, administrators what happens in their domains. A stream ends after a quarter of an hour, or when its
/// login's password or domains change; the client resumes and is judged anew. The gateway ends it with the session.
/// </summary>
public static class FollowEvents
{
    /// <summary>How the endpoint describes itself.</summary>
    public const string Description =
        "Each event is a CloudEvent 1.0 in JSON; its SSE `id` is its position, an opaque text that grows. `Last-Event-ID`, or else `after`, resumes after a position; "
        + "`0` is the beginning; without both the stream begins with what happens from now on. Administrators see the events of their domains. "
        + "Events without data are signs of life and move the position. A stream ends at the latest after 15 minutes, with its session, and when its reader is too slow: resume.";

    private const int PageSize = 500;
    private static readonly TimeSpan SignOfLife = TimeSpan.FromSeconds(5); // shorter than the idle timeout of any proxy
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(15); // a client that bypasses the gateway is judged again after that

    /// <summary>The endpoint.</summary>
    public static async Task<IResult> Handle(
        [Description("Only events after this position; 0 is before the first.")] string? after,
        [Description("Only events of this domain.")] string? domain,
        [Description("Only events of the account with this address or id.")] string? account,
        [Description("Only events of this type, or of these, separated by commas.")] string? type,
        [FromHeader(Name = "Last-Event-ID"), Description("The last position that arrived; counts before `after`.")] string? lastEventId,
        HttpContext http, FeedLog log, FeedTail tail, Followers followers, IConfiguration configuration, TimeProvider time)
    {
        var (caller, _) = http.Asking();
        var wrong = new List<Rejection>();
        var position = ReadPosition(after, "after", wrong);
        position = ReadPosition(lastEventId, "Last-Event-ID", wrong) ?? position;
        var filter = ReadFilter(domain, account, type, wrong);
        if (wrong.Count > 0) return Problems.Of(wrong);

        using var follower = followers.Begin(caller.Login, http.RequestAborted);
        if (follower is null) return Problems.Of(PlatformProblems.Unavailable);
        // The position was never given out (after a restore of the database, for example): the client would wait for events that it has missed.
        if (position > tail.Newest && position > await log.NewestAsync(follower.Ended)) return Bad(lastEventId is { Length: > 0 } ? "Last-Event-ID" : "after");
        if (caller.Role != Roles.Operator) filter = await WithinScopeAsync(filter, caller, log, follower.Ended);
        var stream = new EventStream(http, TimeSpan.FromSeconds(configuration.GetValue("Hikyaku:Feed:SlowReaderSeconds", 10)));
        try
        {
            await FollowAsync(stream, position ?? tail.Newest, filter, tail, time, follower.Ended);
        }
        catch (OperationCanceledException) when (follower.Ended.IsCancellationRequested)
        {
            // the client has left, or must reconnect
        }
        catch (TimeoutException)
        {
            Followers.CountDropped();
            http.Abort();
        }
        catch (Exception e) when (http.Response.HasStarted && ProblemExceptionHandler.IsAway(e))
        {
            http.Abort(); // the client reconnects; the tail logs that the database does not answer
        }

        return Results.Empty;
    }

    private static async Task FollowAsync(EventStream stream, long position, FeedFilter filter, FeedTail tail, TimeProvider time, CancellationToken stop)
    {
        await stream.BeginAsync(position, stop);
        var (begun, spoken) = (time.GetTimestamp(), time.GetTimestamp());
        while (time.GetElapsedTime(begun) < Longest)
        {
            var page = await tail.ReadAsync(position, filter, PageSize, stop);
            position = page.Through;
            if (page.Events.Count > 0) await stream.WriteAsync(page.Events, stop);
            else if (time.GetElapsedTime(spoken) >= SignOfLife) await stream.MarkAsync(position, stop);
            else
            {
                await tail.WaitAsync(position, SignOfLife, stop);
                continue;
            }

            spoken = time.GetTimestamp();
        }
    }

    private static async Task<FeedFilter> WithinScopeAsync(FeedFilter filter, Caller caller, FeedLog log, CancellationToken stop)
    {
        var own = caller.Domains.Except(await log.DomainsTakenFromAsync(caller.Login, stop)).ToList();
        return filter with { Domains = filter.Domains is null ? own : [.. own.Intersect(filter.Domains)] };
    }

    private static FeedFilter ReadFilter(string? domain, string? account, string? type, List<Rejection> wrong)
    {
        var filter = FeedFilter.All;
        if (!string.IsNullOrEmpty(domain))
        {
            if (InternetNames.TryReadDomain(domain, out var name)) filter = filter with { Domains = [name] };
            else wrong.Add(Unreadable("domain"));
        }

        if (!string.IsNullOrEmpty(account))
        {
            if (InternetNames.TryReadAddress(account, out var address, out _)) filter = filter with { Account = address };
            else if (Guid.TryParseExact(account, "N", out var id)) filter = filter with { Account = id.ToString("N") };
            else wrong.Add(Unreadable("account"));
        }

        if (!string.IsNullOrEmpty(type))
        {
            var types = type.Split(',', StringSplitOptions.TrimEntries);
            if (types.All(RecordedContracts.Names.Contains)) filter = filter with { Types = types };
            else wrong.Add(Unreadable("type"));
        }

        return filter;
    }

    private static long? ReadPosition(string? text, string field, List<Rejection> wrong)
    {
        if (string.IsNullOrEmpty(text)) return null;
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var position)) return position;
        wrong.Add(Unreadable(field));
        return null;
    }

    private static Rejection Unreadable(string field) => new(PlatformProblems.BadParameter, field, [("name", field)]);

    private static IResult Bad(string field) => Problems.Of(PlatformProblems.BadParameter, field, ("name", field));
}
