using System.Resources;
using Hikyaku.Platform;
using Hikyaku.Spam.Dns;

namespace Hikyaku.Spam;

/// <summary>What is told beside refusals, in both languages: advice, caveats, and how a domain stands. Texts: SpamTexts.resx and .ja.resx.</summary>
internal static class SpamTexts
{
    private static readonly ResourceManager Page = new("Hikyaku.Spam.SpamTexts", typeof(SpamTexts).Assembly);

    public static readonly ProblemCode NotAlwaysRight = Of("spam-caveats.not-always-right");
    public static readonly ProblemCode OnlyHere = Of("spam-caveats.only-here");
    public static readonly ProblemCode NotDisclosed = Of("spam-caveats.not-disclosed");
    public static readonly ProblemCode PopSeesNoJunk = Of("spam-caveats.pop-sees-no-junk");

    public static readonly ProblemCode ByPopAndHeader = Of("spam-advice.pop-header");
    public static readonly ProblemCode ByPopAndSubject = Of("spam-advice.pop-subject");
    public static readonly ProblemCode ByImap = Of("spam-advice.imap");

    public static readonly ProblemCode VirusStep = Of("spam-steps.virus");
    public static readonly ProblemCode JudgementStep = Of("spam-steps.judgement");
    public static readonly ProblemCode HeaderStep = Of("spam-steps.header");
    public static readonly ProblemCode SettingsStep = Of("spam-steps.settings");

    public static readonly ProblemCode InForce = Of("spam-standing.in-force");
    public static readonly ProblemCode NotInForce = Of("spam-standing.not-in-force");
    public static readonly ProblemCode NotCheckedYet = Of("spam-standing.not-checked-yet");
    public static readonly ProblemCode Assumed = Of("spam-standing.assumed");
    public static readonly ProblemCode Overridden = Of("spam-standing.overridden");

    public static readonly ProblemCode NoDomain = Of($"spam-dns.{DnsFaults.NoDomain}");
    public static readonly ProblemCode MxMissing = Of($"spam-dns.{DnsFaults.MxMissing}");
    public static readonly ProblemCode MxForeign = Of($"spam-dns.{DnsFaults.MxForeign}");
    public static readonly ProblemCode MxAlias = Of($"spam-dns.{DnsFaults.MxAlias}");
    public static readonly ProblemCode NsMissing = Of($"spam-dns.{DnsFaults.NsMissing}");
    public static readonly ProblemCode NsForeign = Of($"spam-dns.{DnsFaults.NsForeign}");
    public static readonly ProblemCode NoAnswer = Of($"spam-dns.{DnsFaults.NoAnswer}");
    public static readonly ProblemCode ServerFailure = Of($"spam-dns.{DnsFaults.ServerFailure}");

    /// <summary>What becomes of a message, in this order.</summary>
    public static readonly IReadOnlyList<ProblemCode> Steps = [VirusStep, JudgementStep, HeaderStep, SettingsStep];

    private static readonly IReadOnlyList<ProblemCode> Faults = [NoDomain, MxMissing, MxForeign, MxAlias, NsMissing, NsForeign, NoAnswer, ServerFailure];

    /// <summary>The text of one of <see cref="DnsFaults"/>.</summary>
    public static ProblemCode OfFault(string code) => Faults.Single(f => f.Code == $"spam-dns.{code}");

    private static ProblemCode Of(string code) => new(code, 200, Page);
}
