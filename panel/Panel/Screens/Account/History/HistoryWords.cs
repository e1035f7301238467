using System.Text.Json;
using System.Text.Json.Nodes;
using Hikyaku.Panel.Parts;
using Hikyaku.Platform;

namespace Hikyaku.Panel.Screens.Account.History;

/// <summary>Changes in words.</summary>
public static class HistoryWords
{
    private const int ShownOfText = 80;

    /// <summary>What was done.</summary>
    public static string Sentence(HistoryRow row)
    {
        ArgumentNullException.ThrowIfNull(row);
        return row.Type.Split('.')[0] switch
        {
            "accounts" => OfAccount(row),
            "routing" => OfRouting(row),
            "datacopy" => OfCopy(row),
            _ => OfOthers(row),
        };
    }

    /// <summary>The values before and after; null where the sentence says it all, and where nobody is told.</summary>
    public static string? Difference(HistoryRow row)
    {
        ArgumentNullException.ThrowIfNull(row);
        var (before, after) = (row.Earlier, row.Later);
        if (row.Before is null || row.After is null || row.Setting is null or "passwordForciblyChanged" || IsSwitch(before) || IsSwitch(after)) return null;
        // What is new or gone stands in the sentence already.
        if (row.Setting == "forwardingRules" && (before is null || after is null)) return null;
        return Format.Fill(HistoryTexts.Changed, Value(row.Setting, before), Value(row.Setting, after));
    }

    /// <summary>Whose change it was and through what.</summary>
    public static string Who(HistoryRow row)
    {
        ArgumentNullException.ThrowIfNull(row);
        var who = row.By.Role == Roles.System ? HistoryTexts.Platform : Format.Fill(HistoryTexts.Who, row.By.Login, Role(row.By.Role));
        string?[] parts = [who, row.By.Address.Length > 0 ? Format.Fill(HistoryTexts.FromAddress, row.By.Address) : null, Via(row.Via)];
        return string.Join(" · ", parts.Where(p => !string.IsNullOrEmpty(p)));
    }

    /// <summary>What a setting is called; null when it is none that can be put back.</summary>
    public static string? NameOf(string? setting) => setting switch
    {
        "capacityMb" => AccountTexts.Capacity,
        "comment" => AccountTexts.Comment,
        "forwardingRules" => AccountTexts.Forwarding,
        "autoreply" => AccountTexts.Autoreply,
        "reception" => AccountTexts.Reception,
        "tagSubject" => AccountTexts.SpamTag,
        "sortToJunk" => AccountTexts.SpamSort,
        _ => null,
    };

    private static string OfAccount(HistoryRow row) => row.Type switch
    {
        "accounts.mail-account-created" => HistoryTexts.Created,
        "accounts.mail-account-password-changed" => HistoryTexts.PasswordChanged,
        "accounts.mail-account-password-forcibly-changed" => HistoryTexts.PasswordForced,
        "accounts.mail-account-capacity-changed" => HistoryTexts.CapacityChanged,
        "accounts.mail-account-comment-changed" => HistoryTexts.CommentChanged,
        "accounts.mail-data-deletion-started" => HistoryTexts.MailDeletionStarted,
        "accounts.mail-data-deletion-finished" => HistoryTexts.MailDeletionFinished,
        "accounts.mail-data-deletion-failed" => HistoryTexts.MailDeletionFailed,
        "accounts.mail-account-deletion-started" => HistoryTexts.DeletionStarted,
        _ => Unknown(row),
    };

    private static string OfRouting(HistoryRow row) => row.Type switch
    {
        "routing.forwarding-rule-set" when row.Earlier is null => Format.Fill(HistoryTexts.RuleAdded, Value("forwardingRules", row.Later)),
        "routing.forwarding-rule-set" => HistoryTexts.RuleChanged,
        "routing.forwarding-rule-removed" => Format.Fill(HistoryTexts.RuleRemoved, Value("forwardingRules", row.Earlier)),
        "routing.autoreply-set" => row.Earlier is null ? HistoryTexts.AutoreplySet : HistoryTexts.AutoreplyChanged,
        "routing.autoreply-removed" => HistoryTexts.AutoreplyRemoved,
        "routing.reception-turned-off" => HistoryTexts.ReceptionOff,
        "routing.reception-turned-on" => HistoryTexts.ReceptionOn,
        _ => Unknown(row),
    };

    private static string OfCopy(HistoryRow row) => row.Type switch
    {
        "datacopy.copy-requested" => Format.Fill(HistoryTexts.CopyRequested, row.Field("sourceHost")),
        "datacopy.copy-started" => HistoryTexts.CopyStarted,
        "datacopy.copy-grant-extended" => HistoryTexts.CopyExtended,
        "datacopy.copy-certificate-accepted" => HistoryTexts.CopyCertificate,
        "datacopy.copy-paused" => HistoryTexts.CopyPaused,
        "datacopy.copy-resumed" => HistoryTexts.CopyResumed,
        "datacopy.copy-succeeded" => HistoryTexts.CopySucceeded,
        "datacopy.copy-failed" => HistoryTexts.CopyFailed,
        "datacopy.copy-cancelled" => HistoryTexts.CopyCancelled,
        _ => Unknown(row),
    };

    private static string OfOthers(HistoryRow row) => row.Type switch
    {
        "spam.subject-tagging-turned-on" => HistoryTexts.TagOn,
        "spam.subject-tagging-turned-off" => HistoryTexts.TagOff,
        "spam.junk-sorting-turned-on" => HistoryTexts.SortOn,
        "spam.junk-sorting-turned-off" => HistoryTexts.SortOff,
        "restrictions.account-restricted" => Format.Fill(HistoryTexts.Restricted, AccountStatus.Word(row.Field("kind"))),
        "restrictions.restriction-lifted" => Format.Fill(HistoryTexts.Lifted, AccountStatus.Word(row.Field("kind"))),
        "restrictions.held-mail-decided" => HistoryTexts.HeldMailDecided,
        _ => Unknown(row),
    };

    // A type of a later release.
    private static string Unknown(HistoryRow row) => Format.Fill(HistoryTexts.Other, row.Type);

    private static bool IsSwitch(JsonNode? value) => value?.GetValueKind() is JsonValueKind.True or JsonValueKind.False;

    private static string Value(string setting, JsonNode? value) => value switch
    {
        null => HistoryTexts.Nothing,
        JsonValue number when setting == "capacityMb" && number.TryGetValue<long>(out var mb) => Format.Capacity(mb),
        JsonObject rule => RuleWords(rule),
        _ => Short(value.ToString()),
    };

    private static string RuleWords(JsonObject rule)
    {
        var to = string.Join(", ", (rule["destinations"] as JsonArray ?? []).Select(d => d?.ToString()));
        var keyword = rule["keyword"]?.ToString();
        return keyword is null ? to : $"{to} ({(rule["condition"]?.ToString() == "from" ? "From" : "Subject")}: {Short(keyword)})";
    }

    private static string Short(string text) => text.Length > ShownOfText ? text[..ShownOfText] + "…" : text;

    private static string Role(string role) => role switch
    {
        Roles.Operator => ShellTexts.RoleOperator,
        Roles.Admin => ShellTexts.RoleAdmin,
        Roles.User => ShellTexts.RoleUser,
        _ => HistoryTexts.Platform,
    };

    private static string Via(string via) => via switch
    {
        "panel" => HistoryTexts.ViaPanel,
        "api" => HistoryTexts.ViaApi,
        "csv" => HistoryTexts.ViaCsv,
        "policy" => HistoryTexts.ViaPolicy,
        _ when via.StartsWith("token:", StringComparison.Ordinal) => Format.Fill(HistoryTexts.ViaToken, via["token:".Length..]),
        _ => via,
    };
}
