namespace Hikyaku.Gateway.Routing;

/// <summary>
/// The functions that an API token can be limited to (GWY-2), as <c>what:read</c> and <c>what:write</c>. Each line of the route table
/// names the one that it needs; a line without one is closed to tokens.
/// </summary>
public static class TokenScopes
{
    /// <summary>Every token that counts may call it: it tells nothing that the scopes keep apart.</summary>
    public const string AnyToken = "any";

    /// <summary>No token may call it: sessions, tokens, one's own password and second factor are for people.</summary>
    public const string PeopleOnly = "people";

    /// <summary>Lists, reads and exports mail accounts.</summary>
    public const string AccountsRead = "accounts:read";

    /// <summary>Creates, changes and deletes mail accounts, one by one and by files.</summary>
    public const string AccountsWrite = "accounts:write";

    /// <summary>Reads domains, their administrators and their DNS.</summary>
    public const string DomainsRead = "domains:read";

    /// <summary>Adds, changes and deletes domains.</summary>
    public const string DomainsWrite = "domains:write";

    /// <summary>Appoints and dismisses administrators, and sets their passwords: apart from the rest, as it makes logins that outlive the token.</summary>
    public const string AdministratorsWrite = "administrators:write";

    /// <summary>Reads who changed what.</summary>
    public const string HistoryRead = "history:read";

    /// <summary>Undoes changes, of whatever kind.</summary>
    public const string HistoryWrite = "history:write";

    /// <summary>Reads and follows jobs.</summary>
    public const string JobsRead = "jobs:read";

    /// <summary>Cancels jobs.</summary>
    public const string JobsWrite = "jobs:write";

    /// <summary>Finds out where messages went, and tries samples.</summary>
    public const string MailRead = "mail:read";

    /// <summary>Deletes all mail of an account.</summary>
    public const string MailWrite = "mail:write";

    /// <summary>Reads and follows copies of mailboxes from other servers.</summary>
    public const string CopiesRead = "copies:read";

    /// <summary>Starts and cancels copies of mailboxes from other servers.</summary>
    public const string CopiesWrite = "copies:write";

    /// <summary>Reads forwarding, autoreply and reception.</summary>
    public const string RoutingRead = "routing:read";

    /// <summary>Changes forwarding, autoreply and reception.</summary>
    public const string RoutingWrite = "routing:write";

    /// <summary>Reads what is done with spam.</summary>
    public const string SpamRead = "spam:read";

    /// <summary>Changes what is done with spam.</summary>
    public const string SpamWrite = "spam:write";

    /// <summary>Reads restrictions, failed logins, held mail and thresholds.</summary>
    public const string RestrictionsRead = "restrictions:read";

    /// <summary>Sets and lifts restrictions, and changes thresholds.</summary>
    public const string RestrictionsWrite = "restrictions:write";

    /// <summary>Follows domain events.</summary>
    public const string EventsRead = "events:read";

    /// <summary>Reads numbers of what happened over time.</summary>
    public const string StatsRead = "stats:read";

    /// <summary>Reads webhooks.</summary>
    public const string WebhooksRead = "webhooks:read";

    /// <summary>Registers, tests and deletes webhooks.</summary>
    public const string WebhooksWrite = "webhooks:write";

    /// <summary>Reads the message board.</summary>
    public const string NoticesRead = "notices:read";

    /// <summary>Marks notices as read.</summary>
    public const string NoticesWrite = "notices:write";

    /// <summary>Reads the state of mail nodes.</summary>
    public const string PlatformRead = "platform:read";

    /// <summary>Retires mail nodes.</summary>
    public const string PlatformWrite = "platform:write";
}
