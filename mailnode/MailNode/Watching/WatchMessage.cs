using System.Diagnostics;
using System.Text.Json;
using Hikyaku.Accounts.Contracts;
using Hikyaku.Contracts;
using Hikyaku.Routing.Contracts;
using Hikyaku.Spam.Contracts;

namespace Hikyaku.MailNode;

/// <summary>What the watch brings: a state, a bookmark or a question.</summary>
/// <param name="Content">It.</param>
/// <param name="Cause">What has caused it, for the trace.</param>
public sealed record WatchMessage(object Content, ActivityContext Cause)
{
    // The name of MassTransit's header (DiagnosticHeaders.ActivityId).
    private const string ActivityHeader = "MT-Activity-Id";

    /// <summary>Everything that comes on the node bus, by the names that MassTransit gives to contracts.</summary>
    public static IReadOnlyDictionary<string, Type> Contracts(Parts parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        return parts.All.Select(p => p.Contract).Concat([typeof(NodeStateBookmark), typeof(MailboxMeasurementAsked), typeof(RulePreviewAsked), typeof(TraceAsked)]).ToDictionary(c => $"{c.Namespace}:{c.Name}");
    }

    /// <summary>Reads one; throws <see cref="JsonException"/> when it is none of them.</summary>
    /// <param name="body">MassTransit's envelope: JSON with <c>messageType</c>, <c>message</c> and <c>headers</c>.</param>
    /// <param name="contracts">What it may be.</param>
    public static WatchMessage Read(byte[] body, IReadOnlyDictionary<string, Type> contracts)
    {
        const string urn = "urn:message:";
        var envelope = JsonSerializer.Deserialize<Envelope>(body, JsonSerializerOptions.Web);
        var contract = envelope?.MessageType?.Where(t => t.StartsWith(urn, StringComparison.Ordinal)).Select(t => contracts.GetValueOrDefault(t[urn.Length..])).FirstOrDefault(c => c is not null);
        if (contract is null || envelope!.Message is not { ValueKind: JsonValueKind.Object } json) throw new JsonException("It is no message that a node knows");
        ActivityContext.TryParse(envelope.Cause, null, isRemote: true, out var cause);
        return new(json.Deserialize(contract, JsonSerializerOptions.Web)!, cause);
    }

    private sealed record Envelope(IReadOnlyList<string>? MessageType, JsonElement Message, IReadOnlyDictionary<string, JsonElement>? Headers)
    {
        public string? Cause => Headers is not null && Headers.TryGetValue(ActivityHeader, out var id) && id.ValueKind == JsonValueKind.String ? id.GetString() : null;
    }
}
