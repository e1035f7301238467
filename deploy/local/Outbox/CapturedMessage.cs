namespace Hikyaku.Outbox;

/// <summary>A message that left the platform, as the internet's mail server would have received it.</summary>
/// <param name="From">The envelope's sender; empty for the null sender.</param>
/// <param name="To">The envelope's recipients, in the order in which they were named.</param>
/// <param name="ReceivedAt">When the last byte arrived.</param>
/// <param name="Raw">Headers and body byte for byte, one character (U+0000 to U+00FF) a byte.</param>
public sealed record CapturedMessage(string From, IReadOnlyList<string> To, DateTimeOffset ReceivedAt, string Raw);
