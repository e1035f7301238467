using System.Collections.Immutable;
using System.Resources;

namespace Hikyaku.Platform;

/// <summary>A stable reason for a 'no': the problem type, the metric label and the key of both texts.</summary>
/// <param name="Code">Like <c>accounts.password-too-short</c>.</param>
/// <param name="Status">The HTTP status that it answers.</param>
/// <param name="Texts">Holds the text under <paramref name="Code"/> in English and Japanese, with <c>{placeholders}</c>.</param>
public sealed record ProblemCode(string Code, int Status, ResourceManager Texts);

/// <summary>One broken rule.</summary>
/// <param name="Code">Why.</param>
/// <param name="Field">The field of the request that broke it; null when it is none.</param>
/// <param name="Values">What the text's placeholders stand for. Never a password.</param>
public sealed record Rejection(ProblemCode Code, string? Field = null, params (string Name, object Value)[] Values);

/// <summary>What a decider answers: the events that happen, or every rule that forbids them.</summary>
public sealed record Decision
{
    private Decision(ImmutableArray<object> events, ImmutableArray<Rejection> rejections)
        => (Events, Rejections) = (events, rejections);

    /// <summary>What happens; empty when the command asks for what already is.</summary>
    public ImmutableArray<object> Events { get; }

    /// <summary>Why nothing happens; empty when accepted.</summary>
    public ImmutableArray<Rejection> Rejections { get; }

    /// <summary>Whether the command is accepted.</summary>
    public bool Accepted => Rejections.IsEmpty;

    /// <summary>Accepts a command.</summary>
    public static Decision Accept(params IEnumerable<object> events) => new([.. events], []);

    /// <summary>Rejects a command.</summary>
    public static Decision Reject(params IEnumerable<Rejection> rejections) => new([], [.. rejections]);

    /// <summary>Rejects when a rule is broken, else accepts what <paramref name="events"/> makes.</summary>
    public static Decision Unless(IReadOnlyCollection<Rejection> broken, Func<IEnumerable<object>> events)
        => broken.Count > 0 ? Reject(broken) : Accept(events());
}
