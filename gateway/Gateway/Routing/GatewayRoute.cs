using Hikyaku.Gateway.Routing.Routes;
using Hikyaku.Platform;

namespace Hikyaku.Gateway.Routing;

/// <summary>One line of the route table: an operation, who may call it, and who answers it.</summary>
/// <param name="Id">The operation's name in the API document, from which clients are generated (<c>createAccount</c>): a verb and a noun. It never changes.</param>
/// <param name="Method">GET, POST, PUT, PATCH or DELETE.</param>
/// <param name="Pattern">The path; <c>{name}</c> is a domain, <c>{address}</c> a mail address, anything else opaque.</param>
/// <param name="Scope">What the path is about; outside one's scope the answer is 404, whatever exists.</param>
/// <param name="MayCall">The roles that the function is for; empty: no session is needed.</param>
/// <param name="Service">The key of <c>Hikyaku:Services</c>, <see cref="RouteTable.Own"/> or <see cref="RouteTable.Shared"/>.</param>
/// <param name="Needs">What an API token must be allowed, of <see cref="TokenScopes"/>; null: no token may call it.</param>
public sealed record GatewayRoute(string Id, string Method, string Pattern, Scope Scope, IReadOnlyList<string> MayCall, string Service, string? Needs = null)
{
    private readonly string[] _segments = Pattern.Split('/')[1..];

    /// <summary>
    /// The roles that prove by the current password who they are: a wrong one counts as a failed login, and is limited like one.
    /// </summary>
    public IReadOnlyList<string> ProvePassword { get; init; } = [];

    /// <summary>
    /// Whether the caller's own password stands in the body under <c>password</c>: it is verified here as a login is, and does not go to
    /// the service (<see cref="SigningIn.OwnPassword"/>).
    /// </summary>
    public bool TakesOwnPassword { get; init; }

    /// <summary>Whether it is allowed while the login must set up a second factor.</summary>
    public bool BeforeEnrolment { get; init; }

    /// <summary>The largest body, in bytes.</summary>
    public long MaxBodyBytes { get; init; } = BodyLimit.MaxBytes;

    /// <summary>Whether the answer goes on for as long as somebody listens; it ends with their session.</summary>
    public bool Streams { get; init; }

    /// <summary>What several services answer together here; none where one service answers alone.</summary>
    public Shares Share { get; init; }

    /// <summary>Of a line that several services answer: whose description stands in the API document; null: the first one's.</summary>
    public string? DescribedBy { get; init; }

    /// <summary>Whether it answers without a session.</summary>
    public bool IsOpen => MayCall.Count == 0;

    /// <summary>
    /// The path as a service gets it: made anew from the pattern, never the caller's own spelling, so that no encoding,
    /// doubled slash or dot segment reaches a service.
    /// </summary>
    public string PathFor(RouteValueDictionary values, Subject subject)
    {
        var path = new System.Text.StringBuilder(64);
        foreach (var segment in _segments)
            path.Append('/').Append(segment[0] == '{' ? Uri.EscapeDataString(ValueOf(segment[1..^1], values, subject)) : segment);
        return path.ToString();
    }

    private static string ValueOf(string name, RouteValueDictionary values, Subject subject) => name switch
    {
        "name" when subject.Domain is not null => subject.Domain,
        "address" when subject.Address is not null => subject.Address,
        _ => values[name] as string ?? "",
    };
}

/// <summary>What a path is about, in the platform's own spelling.</summary>
/// <param name="Domain">In A-labels; null when the path names no domain.</param>
/// <param name="Address">Lower case, domain in A-labels; null when the path names no account.</param>
public readonly record struct Subject(string? Domain, string? Address);
