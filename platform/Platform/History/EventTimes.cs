using System.Collections.Concurrent;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using JasperFx.Events;
using Marten;
using Microsoft.AspNetCore.Http;

namespace Hikyaku.Platform;

/// <summary>
/// When things were: an event's own <c>At</c>, which is decided with it, is what history shows, and so what a question for an
/// earlier time means. The store's own time is that of the transaction, a little later.
/// </summary>
public static partial class EventTimes
{
    private static readonly ConcurrentDictionary<Type, PropertyInfo> Properties = new();

    /// <summary>When an event was decided.</summary>
    public static DateTimeOffset AtOf(IEvent e)
    {
        ArgumentNullException.ThrowIfNull(e);
        var at = Properties.GetOrAdd(e.EventType, type => type.GetProperty("At") ?? throw new InvalidOperationException($"{type} has no At"));
        return (DateTimeOffset)at.GetValue(e.Data)!;
    }

    /// <summary>
    /// What the events of a stream added up to at a time, that time included; null before the first. Versions are what orders
    /// events: where clocks disagree by a moment, nothing after the first later event counts, so that what is told was so once.
    /// </summary>
    public static TState? StateAt<TState>(IEnumerable<IEvent> stream, DateTimeOffset at) where TState : class, IState<TState>
        => stream.TakeWhile(e => AtOf(e) <= at).Aggregate(default(TState), (state, e) => TState.Evolve(state, e.Data));

    /// <summary>Answers <c>?at=</c>: what a stream added up to at a time (OPS-3). A time to come is now; 404 before the first event.</summary>
    /// <param name="at">The parameter.</param>
    /// <param name="stream">The stream's key.</param>
    /// <param name="store">Where the stream is.</param>
    /// <param name="show">The body that shows a state; what is measured or reckoned from others is absent in it.</param>
    /// <param name="stop">Gives up.</param>
    public static async Task<IResult> AnswerAsync<TState>(string at, string stream, IDocumentStore store, Func<TState, object> show, CancellationToken stop)
        where TState : class, IState<TState>
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(show);
        if (!TryRead(at, out var time)) return Problems.Of(PlatformProblems.BadParameter, "at", ("name", "at"));
        await using var session = store.QuerySession();
        var events = await session.Events.FetchStreamAsync(stream, token: stop);
        return StateAt<TState>(events, time) is { } state ? new Answer(200, show(state)) : Problems.Of(PlatformProblems.NotFound);
    }

    /// <summary>Reads a time as RFC 3339 writes it: with seconds and an offset.</summary>
    public static bool TryRead(string? text, out DateTimeOffset at)
    {
        at = default;
        return text is not null && Rfc3339().Match(text) is { Success: true } parts
            && DateTimeOffset.TryParse($"{parts.Groups[1].Value}T{parts.Groups[2].Value}{parts.Groups[3].Value.ToUpperInvariant()}", CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal, out at);
    }

    // More than seven digits of a second are read and ignored, as nothing finer is stored.
    [GeneratedRegex(@"^([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,7})?)[0-9]{0,20}([Zz]|[+-][0-9]{2}:[0-9]{2})\z", RegexOptions.CultureInvariant)]
    private static partial Regex Rfc3339();
}
