namespace Hikyaku.Feed;

/// <summary>Which events a reader wants and may see.</summary>
/// <param name="Domains">Events in one of these domains; null: in any, or in none.</param>
/// <param name="Account">Events of the account with this address or id.</param>
/// <param name="Types">Events of one of these types.</param>
public sealed record FeedFilter(IReadOnlyList<string>? Domains = null, string? Account = null, IReadOnlyList<string>? Types = null)
{
    /// <summary>Every event.</summary>
    public static readonly FeedFilter All = new();

    /// <summary>Whether an account is named by its address, not by its id.</summary>
    public bool ByAddress => Account?.Contains('@', StringComparison.Ordinal) == true;

    /// <summary>Whether an event passes.</summary>
    public bool Matches(FeedEvent e)
    {
        ArgumentNullException.ThrowIfNull(e);
        return (Domains is null || (e.Domain is not null && Domains.Contains(e.Domain, StringComparer.Ordinal)))
            && (Account is null || Account == (ByAddress ? e.Address : e.AccountId))
            && (Types is null || Types.Contains(e.Type, StringComparer.Ordinal));
    }
}
