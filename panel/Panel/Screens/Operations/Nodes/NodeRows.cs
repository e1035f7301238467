namespace Hikyaku.Panel.Screens.Operations.Nodes;

/// <summary>A mail node.</summary>
/// <param name="Name">Its name.</param>
/// <param name="State">serving, lagging, expired, rebuilding or retired.</param>
/// <param name="Position">Up to which event it has applied everything.</param>
/// <param name="Lag">How far it is behind.</param>
/// <param name="LeaseUntil">When its lease ends; null when it never had one.</param>
/// <param name="Servers">Versions of its servers.</param>
/// <param name="Accounts">How many mailboxes live there.</param>
/// <param name="Host">Where the other nodes reach it; null when it has not told.</param>
/// <param name="RegisteredAt">When it came; null when it has not told where it is.</param>
/// <param name="Definitions">When its newest spam rules and virus signatures came; null: it fetches none.</param>
public sealed record NodeRow(
    string Name, string State, long Position, NodeLag Lag, DateTimeOffset? LeaseUntil, IReadOnlyDictionary<string, string>? Servers, long Accounts,
    string? Host, DateTimeOffset? RegisteredAt, IReadOnlyDictionary<string, DateTimeOffset>? Definitions)
{
    // Older definitions are an alarm (SPM-7).
    private static readonly TimeSpan FreshFor = TimeSpan.FromHours(24);

    /// <summary>Whether it can be retired: the register knows it, and it has not been retired yet.</summary>
    public bool CanBeRetired => RegisteredAt is not null && State != "retired";

    /// <summary>Its own page.</summary>
    public string Page => "/ops/nodes/" + Uri.EscapeDataString(Name);

    /// <summary>Whether definitions of that age are too old.</summary>
    public static bool IsOld(DateTimeOffset came, DateTimeOffset now) => now - came > FreshFor;
}

/// <summary>How far a node is behind.</summary>
/// <param name="Seconds">The age of the oldest event that it has not applied.</param>
/// <param name="Events">How many it has not applied; more than 10,000 are not counted.</param>
public sealed record NodeLag(double Seconds, long Events);
