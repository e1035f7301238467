using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Hikyaku.Feed;

/// <summary>A recorded event.</summary>
/// <param name="Position">Its place in the order that is the same for everybody; grows, has gaps.</param>
/// <param name="Id">The event's id.</param>
/// <param name="Type">Its name, like <c>accounts.mail-account-created</c>.</param>
/// <param name="Source">Who published it, <c>urn:hikyaku:SERVICE</c>.</param>
/// <param name="Subject">What it is about: an address, a domain or a login; of an erased account, its id.</param>
/// <param name="At">When it was decided.</param>
/// <param name="Domain">The domain whose administrators may see it; null: only operators may.</param>
/// <param name="AccountId">The account that it is about; null for none.</param>
/// <param name="Address">That account's address; null when it is not known or erased.</param>
/// <param name="Trace">The W3C trace context; null when there was none.</param>
/// <param name="Data">The contract's fields as JSON.</param>
/// <param name="Erased">Whether personal data was taken out of it (OPS-6).</param>
public sealed record FeedEvent(
    long Position, Guid Id, string Type, string Source, string Subject, DateTimeOffset At,
    string? Domain, string? AccountId, string? Address, string? Trace, string Data, bool Erased)
{
    // Readable Japanese; never embedded in HTML. Line breaks stay escaped, as an SSE line needs.
    private static readonly JsonWriterOptions Written = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private byte[]? _json; // a reference, so that a concurrent reader sees either the whole array or null

    /// <summary>The position as others get it: an opaque text.</summary>
    public string PositionText => Position.ToString(CultureInfo.InvariantCulture);

    /// <summary>
    /// As a CloudEvent 1.0 in JSON, on one line, with the extensions <c>position</c>, <c>traceparent</c> and, where personal data
    /// was taken out, <c>erased</c>. It is made once for all readers.
    /// </summary>
    public ReadOnlyMemory<byte> Json => _json ??= Write();

    private byte[] Write()
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, Written))
        {
            json.WriteStartObject();
            json.WriteString("specversion", "1.0");
            json.WriteString("id", Id);
            json.WriteString("source", Source);
            json.WriteString("type", Type);
            json.WriteString("subject", Subject);
            json.WriteString("time", At.UtcDateTime);
            json.WriteString("datacontenttype", "application/json");
            json.WriteString("position", PositionText);
            if (Trace is not null) json.WriteString("traceparent", Trace);
            if (Erased) json.WriteBoolean("erased", true);
            json.WritePropertyName("data");
            json.WriteRawValue(Data);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
