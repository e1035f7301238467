using System.Globalization;
using Hikyaku.Gateway.Routing;
using Hikyaku.Gateway.Sessions;
using Hikyaku.Platform;

namespace Hikyaku.Gateway.Tokens;

/// <summary>The rules of a new API token; pure.</summary>
public static class NewToken
{
    /// <summary>The most characters of a name, counted as people count them.</summary>
    public const int MaxNameLength = 60;

    /// <summary>The most scopes that a token can name, also where some stand twice.</summary>
    public const int MaxScopes = 50;

    /// <summary>The most domains that a token can be limited to.</summary>
    public const int MaxDomains = 100;

    private const int MaxNameRunes = 5 * MaxNameLength; // one visible character may consist of several code points

    /// <summary>The scopes that a role can give: those of the calls that are for the role.</summary>
    public static IReadOnlyList<string> ScopesOf(string role, RouteTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        return
        [
            .. table.Routes.Where(r => r.MayCall.Contains(role) && !r.ProvePassword.Contains(role)).Select(r => r.Needs)
                .Where(n => n is not (null or TokenScopes.AnyToken or TokenScopes.PeopleOnly)).Select(n => n!).Distinct().Order(StringComparer.Ordinal),
        ];
    }

    /// <summary>Every rule that is broken.</summary>
    public static List<Rejection> Broken(MakeTokenBody body, Session owner, RouteTable table, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(body);
        ArgumentNullException.ThrowIfNull(owner);
        List<Rejection> broken = [.. BrokenName((body.Name ?? "").Trim())];
        var possible = ScopesOf(owner.Role, table);
        if (body.Scopes is not { Count: > 0 and <= MaxScopes }) broken.Add(new(GatewayProblems.TokenScopeCount, "scopes", ("min", 1), ("max", MaxScopes)));
        else
        {
            for (var i = 0; i < body.Scopes.Count; i++)
            {
                if (!possible.Contains(body.Scopes[i])) broken.Add(new(GatewayProblems.TokenScopeUnknown, $"scopes[{i}]", ("s", body.Scopes[i] ?? ""), ("all", string.Join(", ", possible))));
            }
        }

        if (body.Domains is { Count: 0 or > MaxDomains }) broken.Add(new(GatewayProblems.TokenDomainCount, "domains", ("min", 1), ("max", MaxDomains)));
        else
        {
            for (var i = 0; i < body.Domains?.Count; i++)
            {
                if (!InternetNames.TryReadDomain(body.Domains[i], out var domain) || !owner.Administers(domain))
                    broken.Add(new(GatewayProblems.TokenDomainUnknown, $"domains[{i}]", ("d", body.Domains[i] ?? "")));
            }
        }

        if (body.ExpiresAt is { } end && (end <= now || end > now + ApiToken.LongestLifetime))
            broken.Add(new(GatewayProblems.TokenExpiry, "expiresAt", ("max", (int)ApiToken.LongestLifetime.TotalDays)));
        return broken;
    }

    /// <summary>A token that breaks no rule.</summary>
    public static ApiToken Of(MakeTokenBody body, Session owner, string address, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(body);
        ArgumentNullException.ThrowIfNull(owner);
        return new(
            Guid.CreateVersion7(now), body.Name!.Trim(), [.. body.Scopes!.Select(s => s!).Distinct().Order(StringComparer.Ordinal)],
            body.Domains is null ? null : [.. body.Domains.Select(d => InternetNames.TryReadDomain(d, out var domain) ? domain : "").Distinct().Order(StringComparer.Ordinal)],
            owner.Role, owner.Login, owner.AccountId, owner.Domains, owner.Standing, Revoked: false, address, now,
            (body.ExpiresAt ?? now + ApiToken.DefaultLifetime).ToUniversalTime());
    }

    private static IEnumerable<Rejection> BrokenName(string name)
    {
        var length = new StringInfo(name).LengthInTextElements;
        if (length == 0) yield return new(GatewayProblems.TokenNameMissing, "name");
        if (length > MaxNameLength || name.EnumerateRunes().Count() > MaxNameRunes) yield return new(GatewayProblems.TokenNameTooLong, "name", ("n", length), ("max", MaxNameLength));
        if (name.Any(c => char.IsControl(c) || c is '\u2028' or '\u2029')) yield return new(GatewayProblems.TokenNameCharacters, "name");
    }
}
