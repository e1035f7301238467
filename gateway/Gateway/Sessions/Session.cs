using Hikyaku.Gateway.Tokens;
using Hikyaku.Platform;

namespace Hikyaku.Gateway.Sessions;

/// <summary>Somebody who has signed in, as things stand now.</summary>
/// <param name="Id">Names the session to services and in histories (UUIDv7); not a secret, and not the token.</param>
/// <param name="Role">operator, admin or user.</param>
/// <param name="Login">The login name; for a user the mail address.</param>
/// <param name="AccountId">A user's account: one life of the address.</param>
/// <param name="Domains">What an administrator administers now, in A-labels.</param>
/// <param name="Standing">Changes whenever <paramref name="Domains"/> do.</param>
/// <param name="PasswordChangeRequired">Whether the password is still the one that somebody else chose.</param>
/// <param name="Address">The IP address that signed in.</param>
/// <param name="CreatedAt">When, in UTC.</param>
/// <param name="ExpiresAt">When it ends by itself, in UTC.</param>
public sealed record Session(
    Guid Id, string Role, string Login, string? AccountId, IReadOnlyList<string> Domains, long Standing,
    bool PasswordChangeRequired, string Address, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt)
{
    /// <summary>How long a session lasts.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(12);

    /// <summary>The domains that an API token is limited to; null: no limit.</summary>
    public IReadOnlyList<string>? Only { get; init; }

    /// <summary>What signed in calls itself (User-Agent); empty: nothing.</summary>
    public string Program { get; init; } = "";

    /// <summary>When it was used last, to the minute, in UTC.</summary>
    public DateTimeOffset LastUsedAt { get; init; } = CreatedAt;

    /// <summary>Whether the login has a second factor now.</summary>
    public bool HasSecondFactor { get; init; }

    /// <summary>Those of <see cref="Domains"/> that require a second factor now.</summary>
    public IReadOnlyList<string> SecondFactorRequiredBy { get; init; } = [];

    /// <summary>Whether it may do nothing but set up a second factor, as a domain requires one and there is none.</summary>
    public bool MustEnrol => !HasSecondFactor && SecondFactorRequiredBy.Count > 0;

    private readonly HashSet<string> _domains = new(Domains, StringComparer.Ordinal);

    /// <summary>Whether everything in the domain is within this session's scope.</summary>
    public bool Administers(string domain) => (Only is null || Only.Contains(domain)) && (Role == Roles.Operator || (Role == Roles.Admin && _domains.Contains(domain)));
}

/// <summary>A session or an API token at work: from where and through what it asks now.</summary>
/// <param name="Session">The session; of a token, whose session it is like.</param>
/// <param name="Address">The IP address of the connection.</param>
/// <param name="ByCookie">Whether a browser sent it by itself, rather than a program as a bearer token.</param>
/// <param name="TokenHash">Finds the session or the token.</param>
/// <param name="Token">The API token; null: a session.</param>
public sealed record Asker(Session Session, string Address, bool ByCookie, TokenHash TokenHash, ApiToken? Token = null)
{
    /// <summary>panel, api, or token and its name, as histories show it.</summary>
    public string Via => Token is not null ? Caller.TokenPrefix + Token.Name : ByCookie ? "panel" : "api";

    /// <summary>What services are told.</summary>
    public Caller ToCaller()
        => new(Session.Role, Session.Login, Session.Id.ToString("N"), Session.Domains, Address, Via, Session.AccountId);
}
