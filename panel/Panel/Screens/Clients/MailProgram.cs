namespace Hikyaku.Panel.Screens.Clients;

/// <summary>What its maker does for a program.</summary>
public enum Upkeep
{
    /// <summary>It is kept up.</summary>
    Current,

    /// <summary>It works, but its maker no longer mends it.</summary>
    SupportEnded,

    /// <summary>It no longer works.</summary>
    Discontinued,
}

/// <summary>One step: a text, and the account's values for its placeholders.</summary>
/// <param name="Text">The text.</param>
/// <param name="Values">The values.</param>
public sealed record Step(string Text, params IReadOnlyList<object> Values);

/// <summary>Steps that belong together.</summary>
/// <param name="Title">Their heading; null: the usual one.</param>
/// <param name="Steps">In their order.</param>
public sealed record Procedure(string? Title, params IReadOnlyList<Step> Steps);

/// <summary>A mail program, and how it is set up.</summary>
/// <param name="Slug">Its part of the page's address.</param>
/// <param name="Title">Its name.</param>
public sealed record MailProgram(string Slug, Func<string> Title)
{
    /// <summary>What its maker does for it.</summary>
    public Upkeep Upkeep { get; init; }

    /// <summary>Since when that is no longer so, like <c>2025-10</c>.</summary>
    public string? Since { get; init; }

    /// <summary>What to use instead, by slugs.</summary>
    public IReadOnlyList<string> Replacements { get; init; } = [];

    /// <summary>Whether it finds the servers by the address.</summary>
    public bool FindsItself { get; init; }

    /// <summary>Whether it takes the profile of the platform.</summary>
    public bool TakesProfile { get; init; }

    /// <summary>Whether forwarding to it is another way.</summary>
    public bool ForwardsInstead { get; init; }

    /// <summary>What else must be known of it.</summary>
    public Func<string>? Note { get; init; }

    /// <summary>Its steps by hand.</summary>
    public required Func<Ways, IEnumerable<Procedure>> ByHand { get; init; }
}
