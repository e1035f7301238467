using System.Resources;
using Hikyaku.Platform;

namespace Hikyaku.Restrictions;

/// <summary>Every 'no' of the restrictions service. Texts: RestrictionsProblems.resx and .ja.resx.</summary>
public static class RestrictionsProblems
{
    private static readonly ResourceManager Texts = new("Hikyaku.Restrictions.RestrictionsProblems", typeof(RestrictionsProblems).Assembly);

    internal static readonly ProblemCode KindUnknown = new("restrictions.kind-unknown", 422, Texts);
    internal static readonly ProblemCode ReasonLength = new("restrictions.reason-length", 422, Texts);
    internal static readonly ProblemCode ReasonCharacters = new("restrictions.reason-characters", 422, Texts);
    internal static readonly ProblemCode UntilMalformed = new("restrictions.until-malformed", 422, Texts);
    internal static readonly ProblemCode UntilPast = new("restrictions.until-past", 422, Texts);
    internal static readonly ProblemCode NoneOfKind = new("restrictions.none-of-kind", 404, Texts);
    internal static readonly ProblemCode NotUndoable = new("restrictions.not-undoable", 422, Texts);
    internal static readonly ProblemCode ValueUnknown = new("restrictions.value-unknown", 422, Texts);
    internal static readonly ProblemCode ValueRange = new("restrictions.value-range", 422, Texts);
    internal static readonly ProblemCode NetworkInvalid = new("restrictions.network-invalid", 422, Texts);
    internal static readonly ProblemCode MessagesMissing = new("restrictions.messages-missing", 422, Texts);
    internal static readonly ProblemCode NotHeld = new("restrictions.not-held", 422, Texts);
    internal static readonly ProblemCode NotStopped = new("restrictions.not-stopped", 404, Texts);

    /// <summary>Every code of this page.</summary>
    public static readonly IReadOnlyList<ProblemCode> All =
    [
        KindUnknown, ReasonLength, ReasonCharacters, UntilMalformed, UntilPast, NoneOfKind, NotUndoable, ValueUnknown, ValueRange, NetworkInvalid, MessagesMissing, NotHeld, NotStopped,
    ];
}
