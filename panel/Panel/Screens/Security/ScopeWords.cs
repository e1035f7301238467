using Hikyaku.Platform;

namespace Hikyaku.Panel.Screens.Security;

/// <summary>A function that an API token can be limited to.</summary>
/// <param name="Name">What the API calls it, before <c>:read</c> and <c>:write</c>.</param>
/// <param name="Text">In words.</param>
/// <param name="MayRead">The roles whose tokens may read it.</param>
/// <param name="MayWrite">The roles whose tokens may change it.</param>
public sealed record TokenScope(string Name, string Text, IReadOnlyList<string> MayRead, IReadOnlyList<string> MayWrite);

/// <summary>The functions of tokens in words. Which roles have which is the gateway's to say; a test compares.</summary>
public static class ScopeWords
{
    private static readonly string[] All = [Roles.Operator, Roles.Admin, Roles.User];
    private static readonly string[] Staff = [Roles.Operator, Roles.Admin];
    private static readonly string[] Operator = [Roles.Operator];
    private static readonly string[] User = [Roles.User];
    private static readonly string[] Nobody = [];

    /// <summary>All of them, in the reader's language.</summary>
    public static IReadOnlyList<TokenScope> Known =>
    [
        new("accounts", SecurityTexts.ScopeAccounts, All, All),
        new("domains", SecurityTexts.ScopeDomains, Staff, Staff),
        new("administrators", SecurityTexts.ScopeAdministrators, Nobody, Operator),
        new("history", SecurityTexts.ScopeHistory, All, All),
        new("jobs", SecurityTexts.ScopeJobs, All, All),
        new("mail", SecurityTexts.ScopeMail, All, All),
        new("copies", SecurityTexts.ScopeCopies, User, User),
        new("routing", SecurityTexts.ScopeRouting, All, All),
        new("spam", SecurityTexts.ScopeSpam, All, All),
        new("restrictions", SecurityTexts.ScopeRestrictions, All, Operator),
        new("events", SecurityTexts.ScopeEvents, Staff, Nobody),
        new("webhooks", SecurityTexts.ScopeWebhooks, Operator, Operator),
        new("notices", SecurityTexts.ScopeNotices, All, All),
        new("stats", SecurityTexts.ScopeStats, Operator, Nobody),
        new("platform", SecurityTexts.ScopePlatform, Operator, Operator),
    ];

    /// <summary>Those that a role's tokens may read, or change.</summary>
    public static IEnumerable<(string Scope, string Text)> Of(string role, bool write)
        => Known.Where(s => (write ? s.MayWrite : s.MayRead).Contains(role)).Select(s => ($"{s.Name}:{(write ? "write" : "read")}", s.Text));

    /// <summary>A scope in words.</summary>
    public static string Word(string scope)
    {
        ArgumentNullException.ThrowIfNull(scope);
        var parts = scope.Split(':');
        var text = Known.FirstOrDefault(s => s.Name == parts[0])?.Text ?? parts[0];
        return $"{text} ({(parts[^1] == "write" ? SecurityTexts.Write : SecurityTexts.Read)})";
    }
}
