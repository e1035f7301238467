using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Hikyaku.Platform;

/// <summary>
/// A series of numbers over time (OPS-1): how often something happened, counted from what the service keeps anyway. The gateway's route
/// file of the service names it, too.
/// </summary>
/// <param name="Name">As callers ask for it.</param>
/// <param name="Parts">What is counted apart, in the order in which it is shown.</param>
/// <param name="Counts">A statement that answers the name of a part, the number of a step from 0 on, and how many.</param>
public sealed record StatSeries(string Name, IReadOnlyList<StatPart> Parts, Func<StatSpan, FormattableString> Counts);

/// <summary>What a series counts apart.</summary>
/// <param name="Name">Its name in the answer, and in what <see cref="StatSeries.Counts"/> answers.</param>
/// <param name="Types">The types of the events that are counted; null: facts are.</param>
public sealed record StatPart(string Name, IReadOnlyList<string>? Types = null);

/// <summary>What is asked for.</summary>
/// <param name="From">The begin of the first step, in UTC.</param>
/// <param name="To">What happened at this time or later does not count.</param>
/// <param name="StepSeconds">How long a step is.</param>
/// <param name="Domain">Only what is about this domain, in A-labels; null: everything.</param>
public sealed record StatSpan(DateTimeOffset From, DateTimeOffset To, int StepSeconds, string? Domain)
{
    /// <summary>How many steps there are; the last one may end after <see cref="To"/>.</summary>
    public long Steps => (long)Math.Ceiling((To - From).TotalSeconds / StepSeconds);
}

/// <summary>A series as the API shows it.</summary>
/// <param name="Series">Its name.</param>
/// <param name="From">When the first step begins.</param>
/// <param name="To">When the last one ends.</param>
/// <param name="StepSeconds">How long each is.</param>
/// <param name="Parts">What is counted apart.</param>
public sealed record StatView(string Series, DateTimeOffset From, DateTimeOffset To, int StepSeconds, IReadOnlyList<StatPartView> Parts);

/// <summary>A part of a series.</summary>
/// <param name="Name">What is counted.</param>
/// <param name="Sum">How many in all.</param>
/// <param name="Values">How many in each step, from the first to the last.</param>
/// <param name="Types">The types of the events that are counted, as <c>GET /api/v1/events</c> takes them; absent: what is counted are no events.</param>
public sealed record StatPartView(string Name, long Sum, IReadOnlyList<long> Values, IReadOnlyList<string>? Types);

/// <summary>Gives a service the call by which its series are read.</summary>
public static class Stats
{
    /// <summary>Adds series.</summary>
    public static void AddStats(this IServiceCollection services, params IReadOnlyList<StatSeries> series)
    {
        ArgumentNullException.ThrowIfNull(series);
        foreach (var one in series) services.AddSingleton(one);
    }

    /// <summary>Maps <c>GET /api/v1/stats</c>.</summary>
    public static void MapStats(this IEndpointRouteBuilder app)
        => app.MapGet("/api/v1/stats", ReadStats.Handle).Produces<StatView>().Allow(Scope.None, Roles.Operator)
            .WithSummary("Count what happened over time").WithDescription(ReadStats.Description);
}
