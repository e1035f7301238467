using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform;

namespace Hikyaku.Spam.Deliveries;

/// <summary>What became of a message, in one sentence's worth.</summary>
/// <param name="Result">stored, junk, forwarded, dropped, refused, virus, waiting, sent or returned.</param>
/// <param name="Stored">The folder; null when it is in none.</param>
/// <param name="ForwardedTo">Destinations whose servers have taken it.</param>
/// <param name="Replied">Whether its sender was sent an autoreply.</param>
/// <param name="Refused">Why it was refused or returned; null when it was not.</param>
public sealed record DeliveryOutcome(string Result, string? Stored, IReadOnlyList<string> ForwardedTo, bool Replied, string? Refused);

/// <summary>One step.</summary>
/// <param name="At">When.</param>
/// <param name="By">reception, restriction, virus, spam, forwarding, autoreply, storage or delivery: the part of the platform that acted.</param>
/// <param name="What">taken, refused, judged, forwarded, replied, stored, dropped, sent, deferred, bounced or expired.</param>
/// <param name="Why">What a server answered, or the verdict.</param>
/// <param name="Setting">By which setting of the account, like forwarding-rules/3.</param>
/// <param name="Recipient">To whom.</param>
/// <param name="Server">Which server was asked, or from which one it came.</param>
/// <param name="Status">The enhanced status code (RFC 3463).</param>
/// <param name="Folder">Where it was stored.</param>
/// <param name="Score">The spam filter's; for operators only (SPM-4).</param>
/// <param name="Virus">The virus's name; for operators only.</param>
public sealed record DeliveryStep(
    DateTimeOffset At, string By, string What, string? Why = null, string? Setting = null, string? Recipient = null, string? Server = null, string? Status = null, string? Folder = null,
    double? Score = null, string? Virus = null);

/// <summary>A message of an account.</summary>
/// <param name="Id">Names it.</param>
/// <param name="At">When it came in.</param>
/// <param name="Direction">received or sent.</param>
/// <param name="Sender">Of the envelope; empty for the null sender.</param>
/// <param name="Recipient">Of the envelope; null for what was sent, whose recipients stand in the steps.</param>
/// <param name="MessageId">Its Message-ID, without brackets.</param>
/// <param name="Size">In bytes.</param>
/// <param name="Door">smtp, submission, reinject, forward or notice.</param>
/// <param name="Verdict">ham, spam, virus or unscanned; null when the spam filter did not judge it.</param>
/// <param name="Outcome">What became of it.</param>
/// <param name="Steps">In the order in which servers act; absent in a list.</param>
public sealed record DeliveryView(
    string Id, DateTimeOffset At, string Direction, string? Sender, string? Recipient, string? MessageId, long? Size, string? Door, string? Verdict, DeliveryOutcome Outcome,
    IReadOnlyList<DeliveryStep>? Steps = null)
{
    private static readonly string[] Order = ["reception", "restriction", "virus", "spam", "forwarding", "autoreply", "storage", "delivery"];

    /// <summary>Shows a message to a reader.</summary>
    /// <param name="delivery">The message.</param>
    /// <param name="reader">Who asks.</param>
    /// <param name="withSteps">Whether step by step.</param>
    internal static DeliveryView Of(Delivery delivery, Caller reader, bool withSteps)
    {
        var begin = delivery.Begin.Fact;
        var steps = Shown(delivery.Steps);
        return new(
            delivery.Begin.Name, begin.At, begin.Direction, begin.Sender, begin.Recipient, begin.MessageId, begin.Size, begin.Door, VerdictOf(steps)?.Kind, OutcomeOf(begin, steps),
            withSteps ? StepsOf(steps, reader.Role == Roles.Operator) : null);
    }

    // That LMTP took a message says no more than what it did with it, where that is known.
    private static List<DeliveryObserved> Shown(IReadOnlyList<DeliveryObserved> steps)
    {
        var done = steps.Where(s => s is { Kind: DeliveryKinds.Stored or DeliveryKinds.Dropped, Session: not null }).Select(s => s.Session).ToHashSet();
        return [.. steps.Where(s => !(s is { Kind: DeliveryKinds.Sent, Way: "delivery", Session: not null } && done.Contains(s.Session))).OrderBy(s => s.At).ThenBy(s => s.Id, StringComparer.Ordinal)];
    }

    private static DeliveryVerdict? VerdictOf(IEnumerable<DeliveryObserved> steps) => steps.LastOrDefault(s => s.Verdict is not null)?.Verdict;

    private static DeliveryOutcome OutcomeOf(DeliveryObserved begin, List<DeliveryObserved> steps)
    {
        var folder = steps.LastOrDefault(s => s.Kind == DeliveryKinds.Stored)?.Folder;
        var forwardedTo = steps.Where(s => s is { Way: "forward", Kind: DeliveryKinds.Sent, Recipient: not null }).Select(s => s.Recipient!).Distinct().ToList();
        var replied = steps.Exists(s => s is { Way: "reply", Kind: DeliveryKinds.Replied or DeliveryKinds.Sent });
        // The last word of each recipient counts.
        var ends = steps.Where(s => s.Way == "delivery" && s.Kind is DeliveryKinds.Sent or DeliveryKinds.Deferred or DeliveryKinds.Bounced or DeliveryKinds.Expired && s.Way == "delivery")
            .GroupBy(s => s.Recipient).Select(r => r.Last()).ToList();
        var returned = ends.FirstOrDefault(s => s.Kind is DeliveryKinds.Bounced or DeliveryKinds.Expired);
        var refused = steps.LastOrDefault(s => s.Kind == DeliveryKinds.Refused);
        return new(ResultOf(begin, steps, folder, forwardedTo.Count > 0, refused is not null, ends), folder, forwardedTo, replied, (refused ?? returned)?.Answer);
    }

    private static string ResultOf(
        DeliveryObserved begin, List<DeliveryObserved> steps, string? folder, bool forwarded, bool refused, List<DeliveryObserved> ends)
    {
        if (folder is not null) return folder == "Junk" ? "junk" : "stored";
        if (forwarded) return "forwarded";
        var verdict = VerdictOf(steps)?.Kind;
        if (verdict == "virus" && (refused || steps.Exists(s => s.Kind == DeliveryKinds.Dropped))) return "virus";
        if (refused) return "refused";
        if (steps.Exists(s => s is { Kind: DeliveryKinds.Dropped, Way: "delivery" })) return OfCopies(steps);
        if (ends.Exists(s => s.Kind is DeliveryKinds.Bounced or DeliveryKinds.Expired)) return "returned";
        if (ends.Count == 0 || ends.Exists(s => s.Kind == DeliveryKinds.Deferred)) return "waiting";
        return begin.Direction == "sent" ? "sent" : "stored"; // taken by another node whose word is still to come
    }

    // Of a message that is not stored, and whose copies nobody has taken yet.
    private static string OfCopies(List<DeliveryObserved> steps)
    {
        var copies = steps.Where(s => s.Way == "forward").GroupBy(s => s.Recipient ?? "").Select(r => r.Last().Kind).ToList();
        if (copies.Contains(DeliveryKinds.Deferred)) return "waiting";
        if (copies.Exists(c => c is DeliveryKinds.Bounced or DeliveryKinds.Expired)) return "returned";
        return copies.Count > 0 && copies.TrueForAll(c => c == DeliveryKinds.Forwarded) ? "waiting" : "dropped"; // no word of them yet
    }

    private static IReadOnlyList<DeliveryStep> StepsOf(IReadOnlyList<DeliveryObserved> steps, bool operates)
    {
        var infected = steps.Any(v => v.Verdict?.Kind == "virus");
        return [.. steps.Select(s => Of(infected ? OfVirus(s) : s, operates, infected)).OrderBy(s => Array.IndexOf(Order, s.By)).ThenBy(s => s.At)]; // OrderBy keeps the order of equal ones
    }

    private static DeliveryStep Of(DeliveryObserved s, bool operates, bool infected) => new(
        s.At, By(s), s.Kind, s.Verdict?.Kind ?? s.Answer, SettingOf(s, infected), s.Recipient, s.Relay ?? s.Client, s.Dsn, s.Folder,
        operates ? s.Verdict?.Score : null, operates ? s.Verdict?.Virus : null);

    // A script throws viruses away, too, and is not asked why.
    private static DeliveryObserved OfVirus(DeliveryObserved s) => s.Answer == DeliveryAnswers.Looped ? s with { Answer = null } : s;

    private static string By(DeliveryObserved s) => s switch
    {
        { Kind: DeliveryKinds.Taken } => "reception",
        { Kind: DeliveryKinds.Judged, Verdict.Kind: "virus" } => "virus",
        { Kind: DeliveryKinds.Judged } => "spam",
        { Way: "forward" } => "forwarding",
        { Way: "reply" } => "autoreply",
        { Kind: DeliveryKinds.Dropped, Answer: DeliveryAnswers.Looped } => "forwarding",
        { Kind: DeliveryKinds.Refused } => "restriction",
        { Direction: "sent" } => "delivery",
        _ => "storage",
    };

    // 3-7 is more than one rule: the list of them.
    private static string? SettingOf(DeliveryObserved s, bool infected) => s switch
    {
        { Way: "forward", Rules: { } rules } when !rules.Contains('-', StringComparison.Ordinal) && rules != "0" => $"forwarding-rules/{rules}",
        { Way: "forward" } => "forwarding-rules",
        { Way: "reply" } => "autoreply",
        { Kind: DeliveryKinds.Dropped, Answer: DeliveryAnswers.Looped } => "forwarding-rules",
        { Kind: DeliveryKinds.Dropped, Session: not null } when !infected => "reception",
        { Kind: DeliveryKinds.Stored, Folder: "Junk" } => "spam",
        _ => null,
    };
}
