using System.ComponentModel;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Hikyaku.Platform;

namespace Hikyaku.Feed.Webhooks;

/// <summary>What an operator can do with an existing webhook.</summary>
public static class ChangeWebhook
{
    /// <summary>The type of the event that a test sends.</summary>
    public const string TestType = "feed.webhook-tested";

    private static readonly TimeSpan BothSign = TimeSpan.FromHours(24);

    /// <summary><c>DELETE /api/v1/webhooks/{id}</c> → 204.</summary>
    public static async Task<IResult> Remove(string id, CommandContext context, CancellationToken stop)
    {
        var (hook, refusal) = await FindAsync(id, context, stop);
        if (hook is null) return refusal!;
        await WebhookStore.ChangeAsync(context.Session, $"delete from webhook where id = {hook.Id}", stop);
        return new Answer(204);
    }

    /// <summary><c>POST /api/v1/webhooks/{id}/rotate-secret</c> → 200 with the new secret; for a day both secrets sign.</summary>
    public static async Task<IResult> RotateSecret(string id, CommandContext context, SecretBox box, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(box);
        var (hook, refusal) = await FindAsync(id, context, stop);
        if (hook is null) return refusal!;
        var secret = WebhookSignature.NewSecret();
        hook = hook with { FormerSecretUntil = context.Now + BothSign, Version = hook.Version + 1 };
        await WebhookStore.ChangeAsync(
            context.Session,
            $"""
            update webhook set former_secret = secret, former_secret_until = {hook.FormerSecretUntil}, secret = {box.Seal(Encoding.ASCII.GetBytes(secret))}, version = {hook.Version}
            where id = {hook.Id}
            """,
            stop);
        return new Answer(200, WebhookView.Of(hook, context.Now, secret), hook.Version);
    }

    /// <summary>
    /// <c>POST /api/v1/webhooks/{id}/replay?after=</c> → 200. Delivers everything after a position (again); without one, delivery
    /// continues where it stands. A webhook that is paused or waits for its next attempt continues at once.
    /// </summary>
    public static async Task<IResult> Replay(
        string id, [Description("The position; 0 is before the first event. Absent: where the webhook stands.")] string? after,
        CommandContext context, FeedLog log, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(log);
        var (hook, refusal) = await FindAsync(id, context, stop);
        if (hook is null) return refusal!;
        if (!RegisterWebhook.TryReadPosition(after, await log.NewestAsync(stop), out var position)) return Problems.Of(PlatformProblems.BadParameter, "after", ("name", "after"));
        hook = hook with { Position = position ?? hook.Position, Turn = hook.Turn + 1, Health = WebhookHealth.Begin(context.Now), Version = hook.Version + 1 };
        await WebhookStore.ChangeAsync(
            context.Session,
            $"""
            update webhook set position = {hook.Position}, turn = {hook.Turn}, state = {hook.Health.State}, reason = null, since = {hook.Health.Since},
                failures = 0, failing_since = null, not_before = null, version = {hook.Version}
            where id = {hook.Id}
            """,
            stop);
        return new Answer(200, WebhookView.Of(hook, context.Now), hook.Version);
    }

    /// <summary><c>POST /api/v1/webhooks/{id}/test</c> → 200 with how it went: sends an event of its own, once.</summary>
    public static async Task<IResult> Test(string id, CommandContext context, WebhookStore store, WebhookSender sender, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(sender);
        // No lock is held while the receiver answers, so that no other command waits for it.
        if (!Guid.TryParseExact(id, "N", out var number) || await store.FindAsync(number, stop) is not { } hook) return Problems.Of(PlatformProblems.NotFound);
        var e = Guid.CreateVersion7(context.Now);
        var attempt = await sender.SendAsync(hook, e, TestEvent(e, hook, context.Now), stop);
        await store.RecordTestAsync(hook, e, TestType, attempt, stop);
        return new Answer(200, new DeliveryView(e.ToString(), TestType, null, attempt.At, 1, attempt.Status, attempt.DurationMs, attempt.Error));
    }

    private static byte[] TestEvent(Guid id, Webhook hook, DateTimeOffset now) => JsonSerializer.SerializeToUtf8Bytes(new
    {
        specversion = "1.0",
        id,
        source = "urn:hikyaku:feed",
        type = TestType,
        subject = hook.Id.ToString("N"),
        time = now.UtcDateTime.ToString("O", CultureInfo.InvariantCulture),
        datacontenttype = "application/json",
        data = new { },
    });

    private static async Task<(Webhook? Hook, IResult? Refusal)> FindAsync(string id, CommandContext context, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (!Guid.TryParseExact(id, "N", out var number) || await WebhookStore.LockAsync(context.Session, number, stop) is not { } hook)
            return (null, Problems.Of(PlatformProblems.NotFound));
        return context.IfMatch is { } version && version != hook.Version ? (null, Problems.Of(PlatformProblems.Stale)) : (hook, null);
    }
}
