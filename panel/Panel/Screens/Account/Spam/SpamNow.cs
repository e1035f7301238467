namespace Hikyaku.Panel.Screens.Account.Spam;

/// <summary>An account's spam settings.</summary>
/// <param name="TagSubject">Whether the subject of spam is marked.</param>
/// <param name="SortToJunk">Whether spam is filed into Junk.</param>
/// <param name="Standing">Whether DNS and mail server of the domain let them act.</param>
/// <param name="Caveats">What stands at the switches.</param>
public sealed record SpamNow(bool TagSubject, bool SortToJunk, Standing Standing, IReadOnlyList<Caveat> Caveats);

/// <summary>Whether the settings act.</summary>
/// <param name="InForce">Whether they do.</param>
/// <param name="Text">The same in words.</param>
public sealed record Standing(bool InForce, string Text);

/// <summary>What stands at a switch.</summary>
/// <param name="Setting">tagSubject or sortToJunk; null: at both.</param>
/// <param name="Text">In the reader's language.</param>
public sealed record Caveat(string? Setting, string Text);
