using System.Globalization;
using Hikyaku.Platform;
using Hikyaku.Spam.Accounts;

namespace Hikyaku.Spam.Advice;

/// <summary>Recommended settings (SPM-6).</summary>
/// <param name="Settings">Both switches.</param>
/// <param name="Filter">What the mail program is to filter by; absent: nothing.</param>
/// <param name="Text">Why, in the reader's language.</param>
/// <param name="Steps">What becomes of a message, from its arrival on.</param>
/// <param name="Caveats">What stands at the switches (SPM-8).</param>
public sealed record AdviceView(SpamSwitches Settings, MailFilter? Filter, string Text, IReadOnlyList<string> Steps, IReadOnlyList<Caveat> Caveats);

/// <summary>What a mail program filters by.</summary>
/// <param name="Header">The header field.</param>
/// <param name="Value">What it contains.</param>
public sealed record MailFilter(string Header, string Value);

/// <summary>What stands at a switch.</summary>
/// <param name="Setting"><c>tagSubject</c> or <c>sortToJunk</c>; absent: at both.</param>
/// <param name="Code">Which one it is.</param>
/// <param name="Text">In the reader's language.</param>
public sealed record Caveat(string? Setting, string Code, string Text)
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<Caveat> All(CultureInfo language) =>
    [
        Of(null, SpamTexts.NotAlwaysRight, language), Of(null, SpamTexts.OnlyHere, language), Of(null, SpamTexts.NotDisclosed, language),
        Of("sortToJunk", SpamTexts.PopSeesNoJunk, language),
    ];

    private static Caveat Of(string? setting, ProblemCode text, CultureInfo language)
        => new(setting, text.Code[(text.Code.IndexOf('.', StringComparison.Ordinal) + 1)..], Problems.Text(new(text), language));
}

/// <summary>Recommends the settings that the manual's table has for the way in which somebody reads mail.</summary>
public static class SpamAdvice
{
    /// <summary><c>GET /api/v1/spam-advice?by=pop|imap&amp;filter=header|subject</c> → 200. IMAP stands for webmail, too; only POP asks for a filter.</summary>
    public static IResult Handle(string? by, string? filter, HttpContext http)
    {
        if (by is not ("pop" or "imap")) return Problems.Of(PlatformProblems.BadParameter, "by", ("name", "by"));
        if (filter is not (null or "header" or "subject") || (by == "pop" && filter is null)) return Problems.Of(PlatformProblems.BadParameter, "filter", ("name", "filter"));
        var language = Problems.LanguageOf(http.Request);
        var (switches, does, text) = (by, filter) switch
        {
            ("imap", _) => (new SpamSwitches(TagSubject: false, SortToJunk: true), (MailFilter?)null, SpamTexts.ByImap),
            (_, "header") => (new SpamSwitches(false, false), new MailFilter("X-Spam-Flag", "YES"), SpamTexts.ByPopAndHeader),
            _ => (new SpamSwitches(TagSubject: true, SortToJunk: false), new MailFilter("Subject", "[SPAM]"), SpamTexts.ByPopAndSubject),
        };
        List<string> steps = [.. SpamTexts.Steps.Select(s => Problems.Text(new(s), language))];
        http.Response.Headers.ContentLanguage = language.Name;
        return new Answer(200, new AdviceView(switches, does, Problems.Text(new(text), language), steps, Caveat.All(language)));
    }
}
