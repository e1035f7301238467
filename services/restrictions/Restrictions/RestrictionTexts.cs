using System.Resources;
using Hikyaku.Platform;

namespace Hikyaku.Restrictions;

/// <summary>What people read of restrictions, in both languages (RST-1). Texts: RestrictionTexts.resx and .ja.resx. No threshold is in them (RST-5).</summary>
internal static class RestrictionTexts
{
    private static readonly ResourceManager Page = new("Hikyaku.Restrictions.RestrictionTexts", typeof(RestrictionTexts).Assembly);

    public static readonly ProblemCode Began = Of("notices", "restriction-began"), BeganUntil = Of("notices", "restriction-began-until"), Ended = Of("notices", "restriction-ended");

    public static readonly ProblemCode ReportTitle = Of("restriction-report", "title"), ReportEnded = Of("restriction-report", "ended"), ReportUntil = Of("restriction-report", "until"),
        ReportPeriod = Of("restriction-report", "period"), ReportRefused = Of("restriction-report", "refused"), ReportLetIn = Of("restriction-report", "let-in"),
        ReportSent = Of("restriction-report", "sent"), ReportSigns = Of("restriction-report", "signs");

    private static readonly Dictionary<string, KindTexts> Kinds = Accounts.Kinds.InOrder.ToDictionary(
        k => k, k => new KindTexts(Of("restriction-word", k), Of("restriction-cause", k), Of("restriction-effect", k), Of("restriction-remedy", k)), StringComparer.Ordinal);

    /// <summary>Those of all kinds.</summary>
    public static readonly IReadOnlyList<ProblemCode> OfKinds = [.. Kinds.Values.SelectMany(t => new[] { t.Word, t.Cause, t.Effect, t.Remedy })];

    /// <summary>The texts of a kind.</summary>
    public static KindTexts Of(string kind) => Kinds[kind];

    /// <summary>What a mail program is told, in English, as mail servers speak (RST-7).</summary>
    public static string ForClients(string kind, string reference) => kind switch
    {
        Accounts.Kinds.CompromiseSuspected => $"Sending is stopped, as somebody else seems to use this account. Change its password, or ask your administrator. Reference {reference}",
        Accounts.Kinds.SendingLocked => $"Sending is stopped for a day or more, as very much was sent. Wait, and send again later. Reference {reference}",
        _ => $"Logging in is stopped for a while after failed logins. Wait, and look for a mail program that has an old password. Reference {reference}",
    };

    private static ProblemCode Of(string group, string name) => new($"{group}.{name}", 200, Page);
}

/// <summary>What is said of a kind.</summary>
internal sealed record KindTexts(ProblemCode Word, ProblemCode Cause, ProblemCode Effect, ProblemCode Remedy);
