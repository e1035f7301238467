namespace Hikyaku.Feed.Webhooks;

/// <summary>How deliveries are tried again (settings below <c>Hikyaku:Webhooks</c>).</summary>
/// <param name="First">The pause after the first failure; it doubles with every further one.</param>
/// <param name="Longest">The longest pause, also when a receiver asks for a longer one.</param>
/// <param name="PauseAfter">A webhook that has failed for so long is paused.</param>
public sealed record RetryTimes(TimeSpan First, TimeSpan Longest, TimeSpan PauseAfter)
{
    /// <summary>5 seconds, an hour and a day, unless set otherwise.</summary>
    public static RetryTimes From(IConfiguration configuration) => new(
        TimeSpan.FromSeconds(configuration.GetValue("Hikyaku:Webhooks:FirstRetrySeconds", 5.0)),
        TimeSpan.FromSeconds(configuration.GetValue("Hikyaku:Webhooks:LongestRetrySeconds", 3600.0)),
        TimeSpan.FromSeconds(configuration.GetValue("Hikyaku:Webhooks:PauseAfterSeconds", 86_400.0)));
}

/// <summary>How a webhook's receiver does.</summary>
/// <param name="State"><see cref="Active"/>, <see cref="Failing"/> or <see cref="Paused"/>.</param>
/// <param name="Reason">Why it fails or is paused: one of <see cref="DeliveryErrors"/>, or <see cref="FailedTooLong"/>.</param>
/// <param name="Since">Since when it is in this state.</param>
/// <param name="Failures">Failures in a row.</param>
/// <param name="FailingSince">When the first of them was.</param>
/// <param name="NotBefore">When it is tried again.</param>
public sealed record WebhookHealth(string State, string? Reason, DateTimeOffset Since, int Failures = 0, DateTimeOffset? FailingSince = null, DateTimeOffset? NotBefore = null)
{
    /// <summary>Events are delivered.</summary>
    public const string Active = "active";

    /// <summary>The last delivery failed and is tried again.</summary>
    public const string Failing = "failing";

    /// <summary>Nothing is delivered until an operator asks for it by a replay.</summary>
    public const string Paused = "paused";

    /// <summary>It was paused because it had failed for too long.</summary>
    public const string FailedTooLong = "failed-too-long";

    /// <summary>Of a new or resumed webhook.</summary>
    public static WebhookHealth Begin(DateTimeOffset now) => new(Active, null, now);

    /// <summary>After a delivery that the receiver took.</summary>
    public WebhookHealth AfterSuccess(DateTimeOffset now) => State == Active ? this : Begin(now);

    /// <summary>After one that failed.</summary>
    /// <param name="attempt">Its <see cref="Attempt.Error"/> is not null.</param>
    /// <param name="now">When.</param>
    /// <param name="times">How it is tried again.</param>
    /// <param name="chance">A random number from 0 to 1, so that receivers that failed together are not tried again together.</param>
    public WebhookHealth AfterFailure(Attempt attempt, DateTimeOffset now, RetryTimes times, double chance)
    {
        ArgumentNullException.ThrowIfNull(attempt);
        ArgumentNullException.ThrowIfNull(times);
        var error = attempt.Error!;
        var first = FailingSince ?? now;
        if (error == DeliveryErrors.Gone) return new(Paused, error, now, Failures + 1, first);
        if (now - first >= times.PauseAfter) return new(Paused, FailedTooLong, now, Failures + 1, first);
        var pause = Math.Min(times.Longest.TotalSeconds, times.First.TotalSeconds * Math.Pow(2, Math.Min(Failures, 30)));
        // Not sooner than the receiver asks for, but at most the longest pause.
        var seconds = Math.Max(pause * (0.5 + (chance / 2)), Math.Min(times.Longest.TotalSeconds, attempt.RetryAfter.TotalSeconds));
        return new(Failing, error, State == Failing ? Since : now, Failures + 1, first, now + TimeSpan.FromSeconds(seconds));
    }
}

/// <summary>Why a delivery failed.</summary>
public static class DeliveryErrors
{
    /// <summary>No answer in time.</summary>
    public const string Timeout = "timeout";

    /// <summary>No connection, or it broke.</summary>
    public const string Connection = "connection";

    /// <summary>The certificate or the handshake is not right.</summary>
    public const string Tls = "tls";

    /// <summary>The host name has no address.</summary>
    public const string Unresolvable = "unresolvable";

    /// <summary>The host name leads to an address that may not be called.</summary>
    public const string AddressRefused = "address-refused";

    /// <summary>The receiver sent elsewhere, which is not followed.</summary>
    public const string Redirect = "redirect";

    /// <summary>The receiver said 410: it wants no more.</summary>
    public const string Gone = "gone";

    /// <summary>Another status than 2xx.</summary>
    public const string Status = "status";
}
