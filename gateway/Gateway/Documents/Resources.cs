namespace Hikyaku.Gateway.Documents;

/// <summary>What a part of the calls is about: a tag of the API document.</summary>
/// <param name="Name">The tag.</param>
/// <param name="Description">What it is, for a reader of the document.</param>
/// <param name="Paths">Its paths, and with them all below that are not another resource's.</param>
internal sealed record Resource(string Name, string Description, params IReadOnlyList<string> Paths);

/// <summary>The resources in the order in which the document shows them.</summary>
internal static class Resources
{
    private const string Account = "/api/v1/accounts/{address}", Domain = "/api/v1/domains/{name}", Me = "/api/v1/me";

    public static readonly IReadOnlyList<Resource> All =
    [
        new("Sessions", "Signing in and out, and one's own sessions.", "/api/v1/sessions", $"{Me}/sessions"),
        new("Profile", "Who is signed in, with their preferences and password.", Me),
        new("Second factor", "One-time codes (TOTP) and recovery codes of one's own login.", $"{Me}/second-factor"),
        new("API tokens", "Tokens for programs, with scopes, domains and an end.", "/api/v1/tokens"),
        new("Domains", "Mail domains and their limits.", "/api/v1/domains"),
        new("DNS", "What a domain's DNS has and must have, and the keys that sign its mail.", $"{Domain}/dns", $"{Domain}/dkim"),
        new("Administrators", "Who administers a domain.", $"{Domain}/administrators"),
        new("Accounts", "Mail accounts: settings, passwords, deletion.", Account, $"{Domain}/accounts"),
        new("Files", "Mail accounts in bulk, by CSV files.", $"{Domain}/imports", $"{Domain}/bulk-changes", $"{Domain}/accounts.csv", "/api/v1/samples"),
        new("Jobs", "What takes longer than one request: progress, result, cancellation.", "/api/v1/jobs"),
        new("History", "Who changed what, and undoing it.", $"{Account}/history", $"{Domain}/history"),
        new("Forwarding", "Where an account's mail goes on to.", $"{Account}/forwarding-rules"),
        new("Autoreply", "What an account answers by itself.", $"{Account}/autoreply"),
        new("Reception", "Whether an account stores new mail.", $"{Account}/reception"),
        new("Spam", "What is done with an account's spam.", $"{Account}/spam", "/api/v1/spam-advice"),
        new("Deliveries", "What became of messages, and what would become of one.", $"{Account}/deliveries", $"{Account}/trace"),
        new("Restrictions", "What accounts and networks may not do, why, and the way back.",
            "/api/v1/restrictions", $"{Account}/restrictions", $"{Account}/held-mail", $"{Account}/login-failures", "/api/v1/stopped-networks"),
        new("Restriction policy", "The thresholds by which accounts are restricted.", "/api/v1/restriction-policy", $"{Domain}/restriction-policy"),
        new("Copies", "Copying a user's mail from another server.", $"{Account}/copies"),
        new("Notices", "The message board, and having its notices mailed.", "/api/v1/notices", $"{Me}/notices-by-mail"),
        new("Events", "What happens, as a stream.", "/api/v1/events"),
        new("Statistics", "How often things happened, over time.", "/api/v1/stats"),
        new("Webhooks", "What happens, sent to a program of yours.", "/api/v1/webhooks"),
        new("Mail servers", "The mail servers, their ports and the state of their nodes.", "/api/v1/server", "/api/v1/nodes", "/api/v1/mobileconfig"),
    ];

    /// <summary>The resource of a path: the one that names the longest part of it; null when there is none.</summary>
    public static Resource? Of(string pattern)
        => (from resource in All
            from path in resource.Paths
            where pattern == path || pattern.StartsWith(path + "/", StringComparison.Ordinal)
            orderby path.Length descending
            select resource).FirstOrDefault();
}
