using Hikyaku.Gateway.Routing;
using Hikyaku.Gateway.Sessions;
using Hikyaku.Platform;

namespace Hikyaku.Gateway.Tokens;

/// <summary>
/// An API token: by it a program does what its owner may do, limited to some functions and, if wanted, to some domains. Only its
/// SHA-256 is kept (docs/decisions/0036).
/// </summary>
/// <param name="Id">Names the token to services and in histories (UUIDv7); not a secret.</param>
/// <param name="Name">As its owner calls it.</param>
/// <param name="Scopes">The functions, of <see cref="TokenScopes"/>.</param>
/// <param name="Only">The domains that it is limited to, in A-labels; null: all of its owner's.</param>
/// <param name="Role">The owner's role.</param>
/// <param name="Login">The owner's login; for a user the mail address.</param>
/// <param name="AccountId">The owner's account, where the owner is a user.</param>
/// <param name="OwnerDomains">What an owner who is an administrator administers now.</param>
/// <param name="Standing">Changes whenever <paramref name="OwnerDomains"/> do.</param>
/// <param name="Revoked">Whether it was revoked, by its owner or with the owner's password, role or account.</param>
/// <param name="Address">The IP address that it was made from.</param>
/// <param name="CreatedAt">When, in UTC.</param>
/// <param name="ExpiresAt">From when on it does not count, in UTC.</param>
/// <param name="LastUsedAt">When it was last used, to the minute; null: never.</param>
/// <param name="LastUsedAddress">From which IP address.</param>
/// <param name="LacksSecondFactorFor">The owner's domains that require a second factor, while the owner has none.</param>
public sealed record ApiToken(
    Guid Id, string Name, IReadOnlyList<string> Scopes, IReadOnlyList<string>? Only, string Role, string Login, string? AccountId,
    IReadOnlyList<string> OwnerDomains, long Standing, bool Revoked, string Address, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt,
    DateTimeOffset? LastUsedAt = null, string? LastUsedAddress = null, IReadOnlyList<string>? LacksSecondFactorFor = null)
{
    /// <summary>What the text of every token begins with, so that people and scanners recognise one.</summary>
    public const string Prefix = "hky_";

    /// <summary>How long a token counts whose maker names no end.</summary>
    public static readonly TimeSpan DefaultLifetime = TimeSpan.FromDays(90);

    /// <summary>The longest time that a token counts.</summary>
    public static readonly TimeSpan LongestLifetime = TimeSpan.FromDays(366);

    /// <summary>Whose session it is like: it has the owner's role and, of the owner's domains, those that it is limited to.</summary>
    public Session AsSession { get; } = new(
        Id, Role, Login, AccountId, Only is null ? OwnerDomains : [.. OwnerDomains.Intersect(Only)], Standing, PasswordChangeRequired: false, Address, CreatedAt, ExpiresAt)
    { Only = Only, SecondFactorRequiredBy = LacksSecondFactorFor ?? [] };

    /// <summary>Makes the text of a new token.</summary>
    public static string Create() => Prefix + SessionToken.Create();

    /// <summary>Whether a bearer token is meant to be an API token.</summary>
    public static bool IsOne(string? text) => text?.StartsWith(Prefix, StringComparison.Ordinal) == true && text.Length != SessionToken.Characters;

    /// <summary>Answers what finds the token; null when the text cannot be one, so that no look-up is spent on it.</summary>
    public static TokenHash? HashOf(string text) => IsOne(text) ? SessionToken.HashOf(text[Prefix.Length..]) : null;

    /// <summary>Why a call is refused to this token, judged after scope and role; null: it is not.</summary>
    public Rejection? Refusal(GatewayRoute route)
    {
        ArgumentNullException.ThrowIfNull(route);
        // Who must prove the present password on a line is changing a password of their own there.
        if (route.Needs is null or TokenScopes.PeopleOnly || route.ProvePassword.Contains(Role)) return new(GatewayProblems.TokenNotForPeople);
        if (route.Needs == TokenScopes.AnyToken) return null;
        if (!Scopes.Contains(route.Needs)) return new(GatewayProblems.TokenScopeMissing, null, ("s", route.Needs));
        // Services show an operator every domain where the path names none.
        return Only is not null && Role == Roles.Operator && route.Scope == Scope.None ? new(GatewayProblems.TokenDomainsOnly) : null;
    }
}
