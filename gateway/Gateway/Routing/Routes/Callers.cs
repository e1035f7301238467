using Hikyaku.Platform;

namespace Hikyaku.Gateway.Routing.Routes;

/// <summary>The roles that a call is for, as the route files write them.</summary>
internal static class Callers
{
    /// <summary>No session is needed.</summary>
    public static readonly string[] Anybody = [];

    /// <summary>Operators.</summary>
    public static readonly string[] Operator = [Roles.Operator];

    /// <summary>Users.</summary>
    public static readonly string[] User = [Roles.User];

    /// <summary>Operators and administrators.</summary>
    public static readonly string[] Staff = [Roles.Operator, Roles.Admin];

    /// <summary>Everybody who has signed in.</summary>
    public static readonly string[] All = [Roles.Operator, Roles.Admin, Roles.User];
}
