namespace Hikyaku.Restrictions.Contracts;

/// <summary>How a mail node restricts one account (RST-1).</summary>
/// <param name="AccountId">The account.</param>
/// <param name="Blocks">What is refused; empty: nothing. One that is over by the node's clock is not obeyed.</param>
/// <param name="KnownNetworks">Networks that a lock of the whole account does not concern (RST-3), like 192.0.2.0/24 or 2001:db8::/64; only while there is one.</param>
/// <param name="Decided">What operators decided about mail that was held (RST-9), of the last 30 days.</param>
/// <param name="Version">Of two states the one with the higher version is obeyed.</param>
/// <param name="Position">The position of the newest event that this state covers.</param>
/// <param name="Deleted">A tombstone: the account is gone.</param>
public sealed record RestrictionState(
    string AccountId, IReadOnlyList<Block> Blocks, IReadOnlyList<string> KnownNetworks, IReadOnlyList<DecidedMail> Decided, long Version, long Position, bool Deleted);

/// <summary>What becomes of a message that was held.</summary>
/// <param name="Node">The node in whose queue it is.</param>
/// <param name="QueueId">Its name there.</param>
/// <param name="IsReleased">It is delivered; else it is deleted.</param>
public sealed record DecidedMail(string Node, string QueueId, bool IsReleased);

/// <summary>Something that is refused.</summary>
/// <param name="Kind">compromise-suspected and sending-locked: sending; account-locked: logging in.</param>
/// <param name="Network">From which network it is refused; null: from everywhere.</param>
/// <param name="Until">When it ends by itself; null: when a newer state says so.</param>
/// <param name="Reference">Names the restriction for support.</param>
/// <param name="Text">What the refused client is told (RST-7): one line of ASCII without quotation marks, at most 300 characters.</param>
public sealed record Block(string Kind, string? Network, DateTimeOffset? Until, string Reference, string Text);

/// <summary>A network from which nobody logs in (RST-3), but for accounts that did so before.</summary>
/// <param name="Network">IPv4 /24 or IPv6 /64.</param>
/// <param name="Until">When it ends by itself.</param>
/// <param name="Reference">Names it for support.</param>
/// <param name="Text">What the refused client is told; like that of <see cref="Block"/>.</param>
/// <param name="KnownAccounts">The accounts that it does not concern.</param>
/// <param name="Version">Of two states the one with the higher version is obeyed.</param>
/// <param name="Position">The position of the newest event that this state covers.</param>
/// <param name="Deleted">A tombstone: it is released.</param>
public sealed record SourceState(
    string Network, DateTimeOffset Until, string Reference, string Text, IReadOnlyList<string> KnownAccounts, long Version, long Position, bool Deleted);
