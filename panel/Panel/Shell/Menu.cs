using Hikyaku.Panel.Hosting;
using Hikyaku.Panel.Parts;

namespace Hikyaku.Panel.Shell;

/// <summary>An entry of the main menu.</summary>
/// <param name="Text">Its words.</param>
/// <param name="Icon">The name of its icon.</param>
/// <param name="Path">Where it leads.</param>
/// <param name="IsHere">Whether the page belongs to it.</param>
public sealed record MenuEntry(string Text, string Icon, string Path, bool IsHere);

/// <summary>A heading of the main menu with its entries.</summary>
/// <param name="Title">Its words; null where the entries need none.</param>
/// <param name="Entries">Those that the reader may open.</param>
public sealed record MenuGroup(string? Title, IReadOnlyList<MenuEntry> Entries);

/// <summary>The main menus of the two shells, in their order. Entries of screens that do not exist are left out.</summary>
public static class Menu
{
    // Leads on to the list that was read last, so it is no screen itself.
    private const string Accounts = "/accounts";

    private static readonly string[] OtherUserPages = ["/mail/copy", "/mail/clients", "/mail/webmail", "/mail/notices", "/mail/jobs", "/mail/server"];

    /// <summary>The menu that a reader sees.</summary>
    public static IReadOnlyList<MenuGroup> Of(Reader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var groups = reader.InUserShell ? User(reader.Path) : Staff(reader.Path, reader.IsOperator);
        return [.. groups.Select(g => g with { Entries = [.. g.Entries.Where(e => e.Path == Accounts || ScreenRoutes.Have(e.Path))] }).Where(g => g.Entries.Count > 0)];
    }

    private static IEnumerable<MenuGroup> Staff(string path, bool isOperator) =>
    [
        new(ShellTexts.MenuHome,
        [
            new(ShellTexts.MenuOverview, "home", "/", path == "/"),
            new(ShellTexts.MenuNotices, "bell", "/notices", Below(path, "/notices")),
            new(ShellTexts.MenuServer, "server", "/home/server", Below(path, "/home/server")),
        ]),
        new(ShellTexts.MenuMail,
        [
            new(ShellTexts.MenuAccounts, "people", Accounts, Below(path, "/accounts") || (path.StartsWith("/domains/", StringComparison.Ordinal) && (path.Contains("/accounts", StringComparison.Ordinal) || path.Contains("/bulk/", StringComparison.Ordinal)))),
            new(ShellTexts.MenuUserAccount, "letter", "/mail/login", false),
            new(ShellTexts.MenuWebmail, "letter", "/home/webmail", Below(path, "/home/webmail")),
        ]),
        new(ShellTexts.MenuManagement,
        [
            new(ShellTexts.MenuDomains, "globe", "/domains", Below(path, "/domains") && !path.Contains("/accounts", StringComparison.Ordinal) && !path.Contains("/bulk/", StringComparison.Ordinal)),
            new(ShellTexts.MenuJobs, "clock", "/jobs", Below(path, "/jobs")),
        ]),
        .. isOperator ? [Operations(path)] : Array.Empty<MenuGroup>(),
    ];

    private static MenuGroup Operations(string path) => new(ShellTexts.MenuOperations,
    [
        new(ShellTexts.MenuOverview, "chart", "/ops", path == "/ops"),
        new(RestrictionsTexts.Queue, "warning", "/ops/restrictions", Below(path, "/ops/restrictions")),
        new(NodesTexts.Title, "server", "/ops/nodes", Below(path, "/ops/nodes")),
        new(FeedTexts.Title, "clock", "/ops/feed", Below(path, "/ops/feed")),
        new(WebhooksTexts.Title, "globe", "/ops/webhooks", Below(path, "/ops/webhooks")),
        new(PolicyTexts.Title, "settings", "/ops/policy", Below(path, "/ops/policy")),
    ]);

    private static IEnumerable<MenuGroup> User(string path) =>
    [
        new(null,
        [
            new(ShellTexts.MenuUserAccount, "settings", "/mail", !OtherUserPages.Any(p => Below(path, p))),
            new(ShellTexts.MenuCopy, "download", "/mail/copy", Below(path, "/mail/copy")),
            new(ShellTexts.MenuClients, "server", "/mail/clients", Below(path, "/mail/clients") || Below(path, "/mail/server")),
            new(ShellTexts.MenuWebmail, "letter", "/mail/webmail", Below(path, "/mail/webmail")),
            new(ShellTexts.MenuNotices, "bell", "/mail/notices", Below(path, "/mail/notices")),
        ]),
    ];

    private static bool Below(string path, string folder) => path == folder || path.StartsWith(folder + "/", StringComparison.Ordinal);
}
