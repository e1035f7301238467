using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Hikyaku.Platform;

/// <summary>The roles of rule ROLE-1, and the gateway's own.</summary>
public static class Roles
{
    /// <summary>運用者: everything on every domain.</summary>
    public const string Operator = "operator";

    /// <summary>サーバー管理者: the domains that they administer.</summary>
    public const string Admin = "admin";

    /// <summary>一般ユーザー: their own account.</summary>
    public const string User = "user";

    /// <summary>The platform itself.</summary>
    public const string System = "system";

    /// <summary>The gateway asking on nobody's behalf: who is this login, what is this address?</summary>
    public const string Gateway = "gateway";
}

/// <summary>Who sends a request, as the gateway vouches for it.</summary>
/// <param name="Role">One of <see cref="Roles"/>.</param>
/// <param name="Login">The login name; for a user the mail address.</param>
/// <param name="Session">Names the session; not a secret.</param>
/// <param name="Domains">The domains that an administrator administers, in A-labels.</param>
/// <param name="Address">The IP address that the request came from.</param>
/// <param name="Via">panel, api, csv, policy, or <c>token:</c> and the name of an API token.</param>
/// <param name="AccountId">A user's own account; null for others.</param>
public sealed record Caller(
    string Role, string Login, string Session, IReadOnlyList<string> Domains, string Address, string Via, string? AccountId = null)
{
    /// <summary>What <see cref="Via"/> begins with when an API token asks; its name follows.</summary>
    public const string TokenPrefix = "token:";

    /// <summary>The platform itself, where no person asked.</summary>
    public static readonly Caller Platform = new(Roles.System, "system", "", [], "", "policy");

    /// <summary>Whether everything in <paramref name="domain"/> is within this caller's scope (ROLE-2).</summary>
    public bool Administers(string domain)
        => Role == Roles.Operator || (Role == Roles.Admin && Domains.Contains(domain, StringComparer.Ordinal));
}

/// <summary>The account that a request is about, resolved by the gateway.</summary>
/// <param name="AccountId">One life of the address.</param>
/// <param name="Address">Lower case, domain in A-labels.</param>
/// <param name="Domain">The domain in A-labels.</param>
/// <param name="Life">Which life of the address.</param>
public sealed record Target(string AccountId, string Address, string Domain, int Life);

/// <summary>How who-and-where travels with an event: header names and the JSON in them.</summary>
public static class EventHeaders
{
    /// <summary>Header with the <see cref="Caller"/> as JSON.</summary>
    public const string CausedBy = "by";

    /// <summary>Header with the W3C trace context of the command.</summary>
    public const string TraceParent = "traceparent";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>Header with the id of the job that the event is part of; absent when it is none's.</summary>
    public const string Job = "job";

    /// <summary>Writes who caused the session's events, as part of which job, and under which trace.</summary>
    public static void Stamp(Marten.IDocumentSession session, Caller caller, string? job = null)
    {
        session.SetHeader(CausedBy, JsonSerializer.Serialize(caller, Json));
        if (job is not null) session.SetHeader(Job, job);
        if (Activity.Current is not { } activity) return;
        session.SetHeader(TraceParent, activity.Id!);
        session.CorrelationId = activity.TraceId.ToString();
        session.CausationId = activity.SpanId.ToString();
    }

    /// <summary>Reads who caused an event; the platform itself when nothing was written.</summary>
    public static Caller CallerOf(JasperFx.Events.IEvent e)
        => e.GetHeader(CausedBy)?.ToString() is { Length: > 0 } json
            ? JsonSerializer.Deserialize<Caller>(json, Json)!
            : Caller.Platform;

    /// <summary>The same for others: what their contracts say of it (ROLE-3).</summary>
    public static Contracts.CausedBy CausedByOf(JasperFx.Events.IEvent e)
    {
        var caller = CallerOf(e);
        return new(caller.Role, caller.Login, caller.Address, caller.Via, caller.Session);
    }
}
