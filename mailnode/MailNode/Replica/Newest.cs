namespace Hikyaku.MailNode;

/// <summary>
/// Which of two states is obeyed. States come from the watch and from lists, more than once and in any order; by these
/// rules the end is the same.
/// </summary>
public static class Newest
{
    /// <summary>
    /// Whether a state from the watch is written. Of a key that is known the higher version counts. A key that is not known
    /// was not named by the last list, so what happened up to that list's position is over and does not come back.
    /// </summary>
    /// <param name="known">The version that the replica has; null when it has none.</param>
    /// <param name="version">The state's version.</param>
    /// <param name="position">The position of the newest event that the state covers.</param>
    /// <param name="listed">The position up to which the service was listed; 0 when never.</param>
    public static bool Watched(long? known, long version, long position, long listed)
        => known is { } have ? version > have : position > listed;

    /// <summary>Whether a state from a list is written.</summary>
    public static bool Listed(long? known, long version) => known is not { } have || version > have;

    /// <summary>Whether a row goes that a list up to <paramref name="listed"/> did not name: not when it is newer than the list.</summary>
    public static bool Vanished(long position, long listed) => position <= listed;

    /// <summary>
    /// How far the states are applied after a bookmark. Null when something is missing between what was applied and the page
    /// that the bookmark ends: then only a list helps.
    /// </summary>
    /// <param name="applied">Applied so far.</param>
    /// <param name="after">The page holds everything after this position.</param>
    /// <param name="position">The page's end.</param>
    public static long? Applied(long applied, long after, long position)
        => after > applied ? null : Math.Max(applied, position);
}
