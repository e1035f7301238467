using System.Data.Common;
using System.Globalization;

namespace Hikyaku.Feed.Webhooks;

/// <summary>A webhook as the API shows it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Url">Where events are sent to.</param>
/// <param name="Domain">Only events of this domain.</param>
/// <param name="Account">Only events of the account with this id.</param>
/// <param name="Types">Only events of these types.</param>
/// <param name="Description">What an operator noted.</param>
/// <param name="State">active, failing (the last delivery failed and is tried again) or paused (until a replay).</param>
/// <param name="Reason">Why it fails or is paused: timeout, connection, tls, unresolvable, address-refused, redirect, gone, status or failed-too-long.</param>
/// <param name="Since">Since when it is in this state.</param>
/// <param name="Failures">Failures in a row.</param>
/// <param name="NextAttemptAt">When a failed delivery is tried again.</param>
/// <param name="Position">Everything up to this position of the feed is delivered, or was not asked for.</param>
/// <param name="CreatedAt">When it was registered.</param>
/// <param name="FormerSecretUntil">Until when the former secret signs, too.</param>
/// <param name="Secret">The secret that signs; shown once, when it was made.</param>
public sealed record WebhookView(
    string Id, string Url, string? Domain, string? Account, IReadOnlyList<string>? Types, string Description,
    string State, string? Reason, DateTimeOffset Since, int Failures, DateTimeOffset? NextAttemptAt,
    string Position, DateTimeOffset CreatedAt, DateTimeOffset? FormerSecretUntil, string? Secret = null)
{
    /// <summary>Shows one.</summary>
    public static WebhookView Of(Webhook hook, DateTimeOffset now, string? secret = null)
    {
        ArgumentNullException.ThrowIfNull(hook);
        var (health, until) = (hook.Health, hook.FormerSecretUntil);
        return new(
            hook.Id.ToString("N"), hook.Url, hook.Domain, hook.Account, hook.Types, hook.Description,
            health.State, health.Reason, health.Since, health.Failures, health.NotBefore,
            hook.Position.ToString(CultureInfo.InvariantCulture), hook.CreatedAt, until > now ? until : null, secret);
    }
}

/// <summary>One attempt to deliver.</summary>
/// <param name="EventId">The event's id, which was the <c>webhook-id</c>.</param>
/// <param name="Type">The event's type.</param>
/// <param name="Position">The event's position; absent of a test.</param>
/// <param name="At">When it began.</param>
/// <param name="Attempt">The number of the attempt for this event, from 1.</param>
/// <param name="Status">The receiver's HTTP status; absent when it gave none.</param>
/// <param name="DurationMs">How long it took, in milliseconds.</param>
/// <param name="Error">Why it failed, as a webhook's reason; absent when it was taken.</param>
public sealed record DeliveryView(string EventId, string Type, string? Position, DateTimeOffset At, int Attempt, int? Status, int DurationMs, string? Error)
{
    internal static DeliveryView Read(DbDataReader row) => new(
        row.GetGuid(1).ToString(), row.GetString(2), row.IsDBNull(3) ? null : row.GetInt64(3).ToString(CultureInfo.InvariantCulture),
        row.GetFieldValue<DateTimeOffset>(4), row.GetInt32(5), row.IsDBNull(6) ? null : row.GetInt32(6), row.GetInt32(7), row.IsDBNull(8) ? null : row.GetString(8));
}
