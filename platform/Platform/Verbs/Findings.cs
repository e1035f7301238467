namespace Hikyaku.Platform;

/// <summary>Two places that say different things.</summary>
/// <param name="Where">history, read model, feed, message board, or node and its name.</param>
/// <param name="Key">The account, domain, login, address or event.</param>
/// <param name="What">What differs. Never a hash, a comment or a credential's id: who reads this need not see those.</param>
public sealed record Disagreement(string Where, string Key, string What)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Where}: {Key}: {What}";
}

/// <summary>What one look has found, up to a limit: a database of another copy would differ in everything.</summary>
public sealed class Findings
{
    /// <summary>How many are kept.</summary>
    public const int Most = 1000;

    private readonly List<Disagreement> _all = [];

    /// <summary>All of them.</summary>
    public IReadOnlyList<Disagreement> All => _all;

    /// <summary>Adds one.</summary>
    public void Add(string where, string key, string what)
    {
        if (_all.Count < Most) _all.Add(new(where, key, what));
    }

    /// <summary>Adds one when two values differ.</summary>
    /// <param name="where">Where.</param>
    /// <param name="key">Whose.</param>
    /// <param name="field">Which value.</param>
    /// <param name="actual">What it is.</param>
    /// <param name="expected">What it must be.</param>
    /// <param name="hidden">Whether the values are not for everybody's eyes.</param>
    public void Compare(string where, string key, string field, object? actual, object? expected, bool hidden = false)
    {
        if (Equals(actual, expected)) return;
        Add(where, key, hidden ? $"{field} is not what it must be" : FormattableString.Invariant($"{field} is {actual ?? "nothing"}, and must be {expected ?? "nothing"}"));
    }
}

/// <summary>How a verification ended.</summary>
/// <param name="Disagreements">At most <see cref="Findings.Most"/> of each place.</param>
/// <param name="Counted">How much was looked at, for people.</param>
public sealed record Outcome(IReadOnlyList<Disagreement> Disagreements, params IReadOnlyList<string> Counted)
{
    /// <summary>One line for people.</summary>
    public string Summary => $"{string.Join("; ", Counted)}: {(Disagreements.Count == 0 ? "no disagreement" : $"{Disagreements.Count} disagreements")}";

    /// <summary>Prints it, and says with which code the program ends.</summary>
    /// <param name="heading">Stands before the summary.</param>
    public int Print(string heading = "")
    {
        foreach (var disagreement in Disagreements) Console.WriteLine(disagreement);
        Console.WriteLine(heading + Summary);
        return Disagreements.Count == 0 ? 0 : 1;
    }
}
