using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Xunit;

namespace Hikyaku.Platform.Testing;

/// <summary>
/// A specification of a decider: given what has happened, when a command comes, then these events happen, or none, or the
/// command is rejected. What is accepted is decided a second time, as a repeated command would be: by default nothing
/// may happen again; what else may come is said by <see cref="AndAgain"/> before the Then.
/// </summary>
/// <typeparam name="TState">The stream's state.</typeparam>
public sealed class DeciderSpec<TState> where TState : class, IState<TState>
{
    private readonly ImmutableArray<object> _given;
    private readonly Func<TState?, Decision>? _decide;
    private readonly ImmutableArray<string>? _again;

    private DeciderSpec(ImmutableArray<object> given, Func<TState?, Decision>? decide = null, ImmutableArray<string>? again = null)
        => (_given, _decide, _again) = (given, decide, again);

    /// <summary>Begins with what has happened; nothing for a stream that does not exist.</summary>
    [SuppressMessage("Design", "CA1000", Justification = "A specification begins with the stream it is about")]
    public static DeciderSpec<TState> Given(params object[] events) => new([.. events]);

    /// <summary>The command, as the decision over the state (null when nothing has happened).</summary>
    public DeciderSpec<TState> When(Func<TState?, Decision> decide) => new(_given, decide);

    /// <summary>The same command a second time is rejected with these codes, instead of changing nothing.</summary>
    public DeciderSpec<TState> AndAgain(params string[] codes) => new(_given, _decide, [.. codes]);

    /// <summary>These events happen, in this order; answers the state after them.</summary>
    public TState? ThenEvents(params object[] expected)
    {
        ArgumentNullException.ThrowIfNull(expected);
        var (decision, before) = Decide();
        Expect(decision.Accepted && decision.Events.Select(Wording.Of).SequenceEqual(expected.Select(Wording.Of)), Wording.Lines(expected), decision);
        var after = decision.Events.Aggregate(before, TState.Evolve);
        DecideAgain(decision, after);
        return after;
    }

    /// <summary>The command is accepted and nothing happens: it asks for what already is.</summary>
    public void ThenNothing() => ThenEvents();

    /// <summary>The command is rejected for exactly these rules, in any order: a code each, or <c>code@field</c>.</summary>
    public void ThenRejected(params string[] codes)
    {
        ArgumentNullException.ThrowIfNull(codes);
        var (decision, _) = Decide();
        Expect(codes.Length > 0 && Matches(decision, codes), $"rejected: {string.Join(", ", codes)}", decision);
    }

    private (Decision Decision, TState? Before) Decide()
    {
        if (_decide is null) throw new InvalidOperationException("The specification has no When");
        var state = _given.Aggregate(default(TState), TState.Evolve);
        return (_decide(state), state);
    }

    private void DecideAgain(Decision first, TState? after)
    {
        if (first.Events.IsEmpty) return;
        var second = _decide!(after);
        var fine = _again is { } codes ? Matches(second, codes) : second.Accepted && second.Events.IsEmpty;
        if (fine) return;
        var expected = _again is { } expectedCodes ? $"rejected: {string.Join(", ", expectedCodes)}" : "nothing (it is repeated)";
        Fail([.. _given, .. first.Events], "the same command comes again", expected, second);
    }

    private void Expect(bool holds, string expected, Decision actual)
    {
        if (!holds) Fail(_given, "the command comes", expected, actual);
    }

    private static bool Matches(Decision decision, IEnumerable<string> codes)
    {
        var left = decision.Rejections.ToList();
        return codes.All(code => left.FindIndex(r => r.Code.Code == code || $"{r.Code.Code}@{r.Field}" == code) is >= 0 and var i && RemoveAt(left, i))
            && left.Count == 0;
    }

    private static bool RemoveAt(List<Rejection> list, int index)
    {
        list.RemoveAt(index);
        return true;
    }

    private static void Fail(IEnumerable<object> given, string when, string expected, Decision actual)
        => Assert.Fail($"""
            Given {Wording.Lines(given)}
            When  {when}
            Then  {expected}
            But   {(actual.Accepted ? Wording.Lines(actual.Events) : "rejected: " + string.Join(", ", actual.Rejections.Select(r => r.Field is null ? r.Code.Code : $"{r.Code.Code}@{r.Field}")))}
            """);
}
