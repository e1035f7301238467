namespace Hikyaku.Panel.Screens.Operations.Webhooks;

/// <summary>A webhook.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Url">Where events are sent to.</param>
/// <param name="Domain">Only events of this domain.</param>
/// <param name="Account">Only events of the account with this id.</param>
/// <param name="Types">Only events of these types.</param>
/// <param name="Description">What an operator noted.</param>
/// <param name="State">active, failing or paused.</param>
/// <param name="Reason">Why it fails or is paused.</param>
/// <param name="Since">Since when it is in this state.</param>
/// <param name="Failures">Failures in a row.</param>
/// <param name="NextAttemptAt">When a failed delivery is tried again.</param>
/// <param name="Position">Everything up to this position of the feed is delivered, or was not asked for.</param>
/// <param name="CreatedAt">When it was registered.</param>
/// <param name="FormerSecretUntil">Until when the former secret signs, too.</param>
/// <param name="Secret">The secret that signs; only when it was made.</param>
public sealed record WebhookRow(
    string Id, string Url, string? Domain, string? Account, IReadOnlyList<string>? Types, string Description, string State, string? Reason, DateTimeOffset Since,
    int Failures, DateTimeOffset? NextAttemptAt, string Position, DateTimeOffset CreatedAt, DateTimeOffset? FormerSecretUntil, string? Secret)
{
    /// <summary>Its own page.</summary>
    public string Page => "/ops/webhooks/" + Id;
}

/// <summary>One attempt to deliver.</summary>
/// <param name="Type">The event's type.</param>
/// <param name="Position">The event's position; null of a test.</param>
/// <param name="At">When it began.</param>
/// <param name="Attempt">The number of the attempt for this event, from 1.</param>
/// <param name="Status">The receiver's HTTP status; null when it gave none.</param>
/// <param name="DurationMs">How long it took, in milliseconds.</param>
/// <param name="Error">Why it failed; null when it was taken.</param>
public sealed record DeliveryRow(string Type, string? Position, DateTimeOffset At, int Attempt, int? Status, int DurationMs, string? Error);
