using Hikyaku.Panel.Parts;

namespace Hikyaku.Panel.Screens.Account.Trace;

/// <summary>What became of a message, or would.</summary>
/// <param name="Result">stored, junk, forwarded, dropped, refused, virus, waiting, sent or returned; null of a sample.</param>
/// <param name="Stored">The folder; null when it is in none.</param>
/// <param name="ForwardedTo">Destinations.</param>
/// <param name="Replied">Whether its sender gets an autoreply.</param>
/// <param name="Refused">Why it was refused.</param>
public sealed record TracedOutcome(string? Result, string? Stored, IReadOnlyList<string> ForwardedTo, bool Replied, string? Refused);

/// <summary>One step.</summary>
/// <param name="At">When; null of a sample.</param>
/// <param name="By">The part of the platform that acted.</param>
/// <param name="What">What it did.</param>
/// <param name="Why">Why.</param>
/// <param name="Setting">By which setting of the account, like forwarding-rules/3.</param>
/// <param name="Recipient">To whom.</param>
/// <param name="Server">Which server was asked, or from which one it came.</param>
/// <param name="Status">The enhanced status code.</param>
/// <param name="Folder">Where it was stored.</param>
/// <param name="Score">The spam filter's, for operators.</param>
/// <param name="Virus">The virus's name, for operators.</param>
public sealed record TracedStep(
    DateTimeOffset? At, string By, string What, string? Why, string? Setting, string? Recipient = null, string? Server = null, string? Status = null, string? Folder = null,
    double? Score = null, string? Virus = null);

/// <summary>A message of an account.</summary>
public sealed record TracedMessage(
    string Id, DateTimeOffset At, string? Sender, string? Recipient, string? MessageId, long? Size, string? Verdict, TracedOutcome Outcome, IReadOnlyList<TracedStep>? Steps);

/// <summary>Outcomes and steps in words.</summary>
public static class TraceWords
{
    /// <summary>The outcome in one sentence's worth.</summary>
    public static string Result(TracedOutcome outcome)
    {
        ArgumentNullException.ThrowIfNull(outcome);
        return outcome.Result switch
        {
            "stored" when outcome.Stored is null or "INBOX" => TraceTexts.ResultStored,
            "stored" => Format.Fill(TraceTexts.ResultFolder, outcome.Stored),
            "junk" => TraceTexts.ResultJunk,
            "forwarded" => TraceTexts.ResultForwarded,
            "dropped" => TraceTexts.ResultDropped,
            "refused" => TraceTexts.ResultRefused,
            "virus" => TraceTexts.ResultVirus,
            "waiting" => TraceTexts.ResultWaiting,
            "returned" => TraceTexts.ResultReturned,
            "sent" => TraceTexts.ResultSent,
            null => OfSample(outcome),
            _ => outcome.Result,
        };
    }

    /// <summary>Which part acted.</summary>
    public static string By(TracedStep step)
    {
        ArgumentNullException.ThrowIfNull(step);
        return step.By switch
        {
            "reception" => TraceTexts.ByReception,
            "restriction" => TraceTexts.ByRestriction,
            "virus" => TraceTexts.ByVirus,
            "spam" => TraceTexts.BySpam,
            "forwarding" => TraceTexts.ByForwarding,
            "autoreply" => TraceTexts.ByAutoreply,
            "storage" => TraceTexts.ByStorage,
            "delivery" => TraceTexts.ByDelivery,
            _ => step.By,
        };
    }

    /// <summary>What it did.</summary>
    public static string What(TracedStep step)
    {
        ArgumentNullException.ThrowIfNull(step);
        return step.What switch
        {
            "taken" => TraceTexts.DidTake,
            "refused" => TraceTexts.DidRefuse,
            "judged" => Format.Fill(TraceTexts.DidJudge, Verdict(step.Why)),
            "deleted" => TraceTexts.DidDelete,
            "forwarded" => TraceTexts.DidForward,
            "replied" => TraceTexts.DidReply,
            "stored" => Format.Fill(TraceTexts.DidStore, Folder(step.Folder ?? step.Why)),
            "dropped" => TraceTexts.DidDrop,
            "sent" => TraceTexts.DidSend,
            "deferred" => TraceTexts.DidDefer,
            "bounced" => TraceTexts.DidBounce,
            "expired" => TraceTexts.DidExpire,
            "waiting" => TraceTexts.DidWait,
            _ => step.What,
        };
    }

    /// <summary>Why, and where to, as far as the words of the step do not say it.</summary>
    public static string? Why(TracedStep step)
    {
        ArgumentNullException.ThrowIfNull(step);
        var why = step.What is "judged" or "stored" or "waiting" ? null : step.Why == "looped" ? TraceTexts.Looped : step.Why;
        string?[] parts = [step.Recipient, step.Server, step.Status, why, step.Virus, step.Score?.ToString("0.##", System.Globalization.CultureInfo.InvariantCulture)];
        return string.Join(" · ", parts.Where(p => !string.IsNullOrEmpty(p))) is { Length: > 0 } all ? all : null;
    }

    /// <summary>What a setting is called, and the page below the account's that has it.</summary>
    public static (string Name, string Page)? Setting(string? setting) => setting?.Split('/')[0] switch
    {
        "forwarding-rules" => (AccountTexts.Forwarding, "/forwarding"),
        "autoreply" => (AccountTexts.Autoreply, "/autoreply"),
        "reception" => (AccountTexts.Reception, "/reception"),
        "spam" => (AccountTexts.SpamSort, "/spam-sort"),
        "capacity" => (AccountTexts.Capacity, "/details"),
        _ => null,
    };

    private static string OfSample(TracedOutcome outcome) => outcome switch
    {
        { Refused: "virus" } => TraceTexts.ResultVirus,
        { Refused: not null } => TraceTexts.ResultRefused,
        { Stored: null, ForwardedTo.Count: > 0 } => TraceTexts.ResultForwarded,
        { Stored: null } => TraceTexts.ResultDropped,
        { Stored: "INBOX" } => TraceTexts.ResultStored,
        { Stored: "Junk" } => TraceTexts.ResultJunk,
        { Stored: var folder } => Format.Fill(TraceTexts.ResultFolder, folder),
    };

    // Operators are told the rules behind the verdict, too.
    private static string Verdict(string? verdict) => verdict switch
    {
        null => "–",
        "ham" => TraceTexts.Ham,
        "spam" => TraceTexts.Spam,
        "virus" => TraceTexts.Virus,
        "clean" => TraceTexts.Clean,
        "unscanned" => TraceTexts.Unscanned,
        _ when verdict.StartsWith("spam: ", StringComparison.Ordinal) => $"{TraceTexts.Spam} ({verdict["spam: ".Length..]})",
        _ when verdict.StartsWith("ham: ", StringComparison.Ordinal) => $"{TraceTexts.Ham} ({verdict["ham: ".Length..]})",
        _ => verdict,
    };

    private static string Folder(string? folder) => folder switch
    {
        null or "INBOX" => TraceTexts.Inbox,
        "Junk" => TraceTexts.Junk,
        _ => folder,
    };
}
