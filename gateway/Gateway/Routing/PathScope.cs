using Hikyaku.Gateway.Sessions;
using Hikyaku.Platform;

namespace Hikyaku.Gateway.Routing;

/// <summary>
/// Whether a path is within a session's scope (ROLE-2), judged by its text alone. Nothing is looked up before: outside the
/// scope what exists and what is missing take the same way and the same time.
/// </summary>
public static class PathScope
{
    /// <summary>Answers what the path is about, normalised; null when it is out of scope or cannot be read, which is 404 alike.</summary>
    public static Subject? Judge(Scope scope, Session session, RouteValueDictionary values)
    {
        ArgumentNullException.ThrowIfNull(session);
        ArgumentNullException.ThrowIfNull(values);
        switch (scope)
        {
            case Scope.None:
                return default(Subject);
            case Scope.Domain:
                return InternetNames.TryReadDomain(values["name"] as string, out var name) && session.Administers(name)
                    ? new Subject(name, null)
                    : null;
            case Scope.Account:
                return InternetNames.TryReadAddress(values["address"] as string, out var address, out var domain)
                    && (session.Administers(domain) || (session.Role == Roles.User && session.Login == address))
                    ? new Subject(domain, address)
                    : null;
            default:
                return null;
        }
    }
}
