namespace Hikyaku.Panel.Screens.Security;

/// <summary>An API token of the reader's.</summary>
/// <param name="Id">Names it.</param>
/// <param name="Name">As its owner calls it.</param>
/// <param name="Scopes">What it may do.</param>
/// <param name="Domains">What it is limited to; null: no limit.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="ExpiresAt">From when on it does not count.</param>
/// <param name="LastUsedAt">When it was last used.</param>
/// <param name="LastUsedAddress">From which IP address.</param>
/// <param name="Token">What programs send; only in the answer that made it.</param>
public sealed record ApiTokenRow(
    string Id, string Name, IReadOnlyList<string> Scopes, IReadOnlyList<string>? Domains, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt,
    DateTimeOffset? LastUsedAt, string? LastUsedAddress, string? Token = null)
{
    /// <summary>Never the token itself.</summary>
    public override string ToString() => $"the token {Name}";
}
