using System.Globalization;
using Hikyaku.Panel.Parts;

namespace Hikyaku.Panel.Screens.Operations.Webhooks;

/// <summary>The words of webhooks.</summary>
public static class WebhookWords
{
    private static readonly char[] BetweenTypes = [',', ' ', '\r', '\n', '\t'];

    /// <summary>How a webhook does.</summary>
    public static string State(string state) => state switch
    {
        "active" => WebhooksTexts.Active,
        "failing" => WebhooksTexts.Failing,
        "paused" => WebhooksTexts.Paused,
        _ => state, // one of a later release
    };

    /// <summary>Why a delivery failed, or a webhook is paused.</summary>
    public static string Reason(string reason) => reason switch
    {
        "timeout" => WebhooksTexts.Timeout,
        "connection" => WebhooksTexts.Connection,
        "tls" => WebhooksTexts.Tls,
        "unresolvable" => WebhooksTexts.Unresolvable,
        "address-refused" => WebhooksTexts.AddressRefused,
        "redirect" => WebhooksTexts.Redirect,
        "gone" => WebhooksTexts.Gone,
        "status" => WebhooksTexts.OtherStatus,
        "failed-too-long" => WebhooksTexts.FailedTooLong,
        _ => reason, // one of a later release
    };

    /// <summary>What came of a delivery.</summary>
    public static string Result(DeliveryRow delivery)
    {
        ArgumentNullException.ThrowIfNull(delivery);
        var status = delivery.Status?.ToString(CultureInfo.InvariantCulture);
        return delivery.Error is { } error ? status is null ? Reason(error) : $"{Reason(error)} ({status})" : Format.Fill(WebhooksTexts.Taken, status);
    }

    /// <summary>Which events it gets.</summary>
    public static string Filter(WebhookRow hook)
    {
        ArgumentNullException.ThrowIfNull(hook);
        string[] parts = [.. hook.Types ?? [], .. hook.Domain is { } domain ? [Format.ULabels(domain)] : Array.Empty<string>(), .. hook.Account is { } account ? [account] : Array.Empty<string>()];
        return parts.Length == 0 ? WebhooksTexts.AllEvents : string.Join(", ", parts);
    }

    /// <summary>The types that somebody typed, between commas, blanks or line breaks.</summary>
    public static string[] Types(string? typed) => (typed ?? "").Split(BetweenTypes, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
