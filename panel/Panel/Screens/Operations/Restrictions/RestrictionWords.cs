using Hikyaku.Panel.Parts;
using Hikyaku.Panel.Screens.Account.History;

namespace Hikyaku.Panel.Screens.Operations.Restrictions;

/// <summary>The words of restrictions for operators.</summary>
public static class RestrictionWords
{
    /// <summary>The kind that a full mailbox has; nobody places or lifts it.</summary>
    public const string OverCapacity = "over-capacity";

    private const int Hour = 60;

    /// <summary>The kinds that operators place and lift.</summary>
    public static readonly IReadOnlyList<string> Placed = ["compromise-suspected", "account-locked", "sending-locked"];

    /// <summary>Every kind, for choosing.</summary>
    public static readonly IReadOnlyList<string> Kinds = [.. Placed, OverCapacity];

    /// <summary>What a restriction follows from.</summary>
    public static string Rule(string? rule) => rule switch
    {
        null => RestrictionsTexts.RuleFull,
        "operator" => RestrictionsTexts.RuleOperator,
        "wrong-passwords" => RestrictionsTexts.RuleWrongPasswords,
        "distributed-guessing" => RestrictionsTexts.RuleDistributed,
        "recipients-per-hour" => RestrictionsTexts.SignPerHour,
        "recipients-per-day" => RestrictionsTexts.SignPerDay,
        "first-time-per-day" => RestrictionsTexts.SignFirstTimePerDay,
        "domain-recipients-per-day" => RestrictionsTexts.SignDomainPerDay,
        "compromise-signs" => RestrictionsTexts.RuleSigns,
        "password-forced" => RestrictionsTexts.RuleForced,
        "former-account" => RestrictionsTexts.RuleFormer,
        _ => rule, // one of a later release
    };

    /// <summary>What was counted.</summary>
    public static string Sign(string name) => name switch
    {
        "distinct-wrong-passwords" => RestrictionsTexts.SignWrongPasswords,
        "networks" => RestrictionsTexts.SignNetworks,
        "recipients-per-hour" => RestrictionsTexts.SignPerHour,
        "recipients-per-day" => RestrictionsTexts.SignPerDay,
        "first-time-per-day" => RestrictionsTexts.SignFirstTimePerDay,
        "domain-recipients-per-day" => RestrictionsTexts.SignDomainPerDay,
        "new-network" => RestrictionsTexts.SignNewNetwork,
        "guessed-password" => RestrictionsTexts.SignGuessed,
        "several-networks" => RestrictionsTexts.SignSeveralNetworks,
        "first-time-recipients" => RestrictionsTexts.SignFirstTime,
        "above-past" => RestrictionsTexts.SignAbovePast,
        "failed-recipients" => RestrictionsTexts.SignFailed,
        "spam" => RestrictionsTexts.SignSpam,
        _ => name, // one of a later release
    };

    /// <summary>The evidence in one line: what it follows from, and what counted.</summary>
    public static string Summary(RestrictionRow row)
    {
        ArgumentNullException.ThrowIfNull(row);
        var signs = (row.Counted?.Signs ?? []).Where(s => s.Counts).Select(s => Format.Fill(RestrictionsTexts.SignInLine, Sign(s.Name), Format.Number(s.Value), Format.Number(s.Limit)));
        return string.Join(" · ", signs.Prepend(Rule(row.Rule)).Distinct());
    }

    /// <summary>The time in which something was counted.</summary>
    public static string Window(int minutes)
        => minutes % Hour == 0 ? Format.Fill(RestrictionsTexts.Hours, Format.Number(minutes / Hour)) : Format.Fill(RestrictionsTexts.Minutes, Format.Number(minutes));

    /// <summary>What ended a restriction.</summary>
    public static string End(string? by) => by switch
    {
        "operator" => RestrictionsTexts.EndedByOperator,
        "time" => RestrictionsTexts.EndedByTime,
        "password-changed" => RestrictionsTexts.EndedByPassword,
        _ => by ?? "",
    };

    /// <summary>Reads since when, as it was typed: from the beginning of that second on, as pages show seconds. Null when it is no time.</summary>
    public static DateTimeOffset? Since(string? typed, TimeZoneInfo zone)
        => PointInTime.Read(typed, zone) is { } at ? at.AddTicks(-(at.Ticks % TimeSpan.TicksPerSecond)) : null;

    /// <summary>The page of an account's case.</summary>
    public static string Case(string address, string? step = null, string? kind = null, params ReadOnlySpan<(string Name, string? Value)> more)
        => $"/ops/restrictions/{Uri.EscapeDataString(address).Replace("%40", "@", StringComparison.Ordinal)}" + Urls.Query([("step", step), ("kind", kind), .. more]);
}
