using System.Globalization;
using Hikyaku.Platform;

namespace Hikyaku.Feed.Webhooks;

/// <summary>What operators see of webhooks.</summary>
public static class ReadWebhooks
{
    /// <summary><c>GET /api/v1/webhooks?limit=&amp;cursor=</c> → 200, in the order of their registration.</summary>
    public static async Task<IResult> List(string? limit, string? cursor, HttpContext http, WebhookStore store, TimeProvider time, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(store);
        var wrong = new List<Rejection>();
        var size = ReadLimit(limit, wrong);
        var after = Guid.Empty;
        if (!Cursor.TryRead(cursor, out var place) || (place is not null && !Guid.TryParseExact(place.Key, "N", out after))) wrong.Add(Bad("cursor"));
        if (wrong.Count > 0) return Problems.Of(wrong);
        var hooks = await store.ListAsync(after, size + 1, stop);
        return Page(http, [.. hooks.Take(size).Select(h => WebhookView.Of(h, time.GetUtcNow()))], hooks.Count > size ? hooks[size - 1].Id.ToString("N") : null);
    }

    /// <summary><c>GET /api/v1/webhooks/{id}</c> → 200.</summary>
    public static async Task<IResult> One(string id, WebhookStore store, TimeProvider time, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(time);
        return Guid.TryParseExact(id, "N", out var number) && await store.FindAsync(number, stop) is { } hook
            ? new Answer(200, WebhookView.Of(hook, time.GetUtcNow()), hook.Version)
            : Problems.Of(PlatformProblems.NotFound);
    }

    /// <summary><c>GET /api/v1/webhooks/{id}/deliveries?limit=&amp;cursor=</c> → 200, newest first, of the last seven days.</summary>
    public static async Task<IResult> Deliveries(string id, string? limit, string? cursor, HttpContext http, WebhookStore store, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(store);
        if (!Guid.TryParseExact(id, "N", out var number) || await store.FindAsync(number, stop) is null) return Problems.Of(PlatformProblems.NotFound);
        var wrong = new List<Rejection>();
        var size = ReadLimit(limit, wrong);
        var before = long.MaxValue;
        if (!Cursor.TryRead(cursor, out var place) || (place is not null && !long.TryParse(place.Key, NumberStyles.None, CultureInfo.InvariantCulture, out before))) wrong.Add(Bad("cursor"));
        if (wrong.Count > 0) return Problems.Of(wrong);
        var deliveries = await store.DeliveriesAsync(number, before, size + 1, stop);
        return Page(
            http, [.. deliveries.Take(size).Select(d => d.Delivery)],
            deliveries.Count > size ? deliveries[size - 1].Number.ToString(CultureInfo.InvariantCulture) : null);
    }

    private static Answer Page<T>(HttpContext http, IReadOnlyList<T> items, string? last)
    {
        var next = last is null ? null : new Cursor("", last, Back: false).ToString();
        if (next is not null)
        {
            var limit = http.Request.Query["limit"].ToString();
            http.Response.Headers.Link = $"<{http.Request.Path}?{(limit.Length > 0 ? $"limit={limit}&" : "")}cursor={next}>; rel=\"next\"";
        }

        return new(200, new Page<T>(items, next));
    }

    private static int ReadLimit(string? text, List<Rejection> wrong)
    {
        if (string.IsNullOrEmpty(text)) return Cursor.DefaultLimit;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit is >= 1 and <= Cursor.MaxLimit) return limit;
        wrong.Add(Bad("limit"));
        return 0;
    }

    private static Rejection Bad(string parameter) => new(PlatformProblems.BadParameter, parameter, ("name", parameter));
}
