// Which domains there are and what their DNS should have, for services that look it up.

namespace Hikyaku.Accounts.Contracts;

/// <summary>Asks the accounts service for its domains; it tells <see cref="DomainRecordsTold"/> of each of them.</summary>
/// <param name="RequestId">Names the question in logs.</param>
/// <param name="Domain">The one that is asked for; null: all of them.</param>
public sealed record DomainRecordsAsked(string RequestId, string? Domain = null);

/// <summary>
/// A domain, and the DKIM records that its DNS should have. Told when one of them changes, and on request. Not a domain event.
/// </summary>
/// <param name="Domain">The domain in A-labels.</param>
/// <param name="Version">The domain's stream version; the newest counts.</param>
/// <param name="Dkim">The record of the key that signs, then that of the next one.</param>
public sealed record DomainRecordsTold(string Domain, long Version, IReadOnlyList<DkimRecord> Dkim);

/// <summary>A DKIM record (RFC 6376, 3.6.2).</summary>
/// <param name="Name">Without a dot at its end.</param>
/// <param name="Value">The whole text.</param>
/// <param name="Active">Whether its key signs now.</param>
public sealed record DkimRecord(string Name, string Value, bool Active);
