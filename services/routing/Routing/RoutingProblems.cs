using System.Resources;
using Hikyaku.Platform;

namespace Hikyaku.Routing;

/// <summary>Every 'no' of the routing service. Texts: RoutingProblems.resx and .ja.resx.</summary>
public static class RoutingProblems
{
    private static readonly ResourceManager Texts = new("Hikyaku.Routing.RoutingProblems", typeof(RoutingProblems).Assembly);

    internal static readonly ProblemCode ConditionUnknown = new("routing.condition-unknown", 422, Texts);
    internal static readonly ProblemCode DestinationsMissing = new("routing.destinations-missing", 422, Texts);
    internal static readonly ProblemCode DestinationInvalid = new("routing.destination-invalid", 422, Texts);
    internal static readonly ProblemCode DestinationHyphen = new("routing.destination-hyphen", 422, Texts);
    internal static readonly ProblemCode DestinationDuplicate = new("routing.destination-duplicate", 422, Texts);
    internal static readonly ProblemCode DestinationOwn = new("routing.destination-own", 422, Texts);
    internal static readonly ProblemCode OneDestinationEach = new("routing.one-destination-each", 422, Texts);
    internal static readonly ProblemCode TooManyDestinations = new("routing.too-many-destinations", 422, Texts);
    internal static readonly ProblemCode KeywordLength = new("routing.keyword-length", 422, Texts);
    internal static readonly ProblemCode KeywordCharacters = new("routing.keyword-characters", 422, Texts);
    internal static readonly ProblemCode KeywordUnused = new("routing.keyword-unused", 422, Texts);
    internal static readonly ProblemCode NoSuchRule = new("routing.no-such-rule", 404, Texts);
    internal static readonly ProblemCode UnmatchedMailIsLost = new("routing.unmatched-mail-is-lost", 428, Texts);
    internal static readonly ProblemCode MailIsLost = new("routing.mail-is-lost", 428, Texts);
    internal static readonly ProblemCode NoAutoreply = new("routing.no-autoreply", 404, Texts);
    internal static readonly ProblemCode AutoreplyEmpty = new("routing.autoreply-empty", 422, Texts);
    internal static readonly ProblemCode AutoreplyTooLong = new("routing.autoreply-too-long", 422, Texts);
    internal static readonly ProblemCode AutoreplyCharacter = new("routing.autoreply-character", 422, Texts);
    internal static readonly ProblemCode AutoreplyControlCharacter = new("routing.autoreply-control-character", 422, Texts);
    internal static readonly ProblemCode EnabledMissing = new("routing.enabled-missing", 422, Texts);

    /// <summary>Every code of this page.</summary>
    public static readonly IReadOnlyList<ProblemCode> All =
    [
        ConditionUnknown, DestinationsMissing, DestinationInvalid, DestinationHyphen, DestinationDuplicate, DestinationOwn,
        OneDestinationEach, TooManyDestinations, KeywordLength, KeywordCharacters, KeywordUnused, NoSuchRule,
        UnmatchedMailIsLost, MailIsLost, NoAutoreply, AutoreplyEmpty, AutoreplyTooLong, AutoreplyCharacter,
        AutoreplyControlCharacter, EnabledMissing,
    ];
}
