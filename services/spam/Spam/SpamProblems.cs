using System.Resources;
using Hikyaku.Platform;

namespace Hikyaku.Spam;

/// <summary>Every 'no' of the spam service. Texts: SpamProblems.resx and .ja.resx.</summary>
public static class SpamProblems
{
    private static readonly ResourceManager Texts = new("Hikyaku.Spam.SpamProblems", typeof(SpamProblems).Assembly);

    internal static readonly ProblemCode SwitchMissing = new("spam.switch-missing", 422, Texts);
    internal static readonly ProblemCode PopIsUsed = new("spam.pop-is-used", 428, Texts);
    internal static readonly ProblemCode ReasonLength = new("spam.reason-length", 422, Texts);
    internal static readonly ProblemCode NoMessage = new("spam.no-message", 422, Texts);
    internal static readonly ProblemCode ReasonCharacters = new("spam.reason-characters", 422, Texts);

    /// <summary>Every code of this page.</summary>
    public static readonly IReadOnlyList<ProblemCode> All = [SwitchMissing, PopIsUsed, ReasonLength, NoMessage, ReasonCharacters];
}
