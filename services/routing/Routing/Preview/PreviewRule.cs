using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform;
using Hikyaku.Routing.Contracts;
using Hikyaku.Routing.Forwarding;
using Hikyaku.Routing.Mailboxes;
using Hikyaku.Routing.Scripts;

namespace Hikyaku.Routing.Preview;

/// <summary>A rule to be tried.</summary>
/// <param name="Condition">all, from or subject.</param>
/// <param name="Keyword">What the field must contain.</param>
public sealed record PreviewBody(string? Condition, string? Keyword);

/// <summary>What a rule would have forwarded.</summary>
/// <param name="Searched">How many of the newest stored messages were looked at, at most 1,000.</param>
/// <param name="Matched">How many of them match.</param>
/// <param name="Items">The newest of those, at most 100.</param>
public sealed record PreviewView(int Searched, int Matched, IReadOnlyList<PreviewedMessage> Items);

/// <summary>
/// Tries a rule on stored mail before it is set, by the Sieve that delivers on the mailbox's node (N-12). Only the account's user may:
/// administrators do not read mail.
/// </summary>
internal static class PreviewRule
{
    /// <summary><c>POST /api/v1/accounts/{address}/forwarding-rules/preview</c> → 200; 503 when no node answers in time.</summary>
    public static async Task<IResult> Handle(string address, PreviewBody body, HttpContext http, NodeAnswers<RulePreviewed> answers, CancellationToken stop)
    {
        List<Rejection> broken = [.. RuleInput.BrokenBy(body.Condition, body.Keyword)];
        if (broken.Count > 0) return Problems.Of(broken);
        var script = SieveScript.OfPreview(body.Condition!, body.Condition == Conditions.All ? null : body.Keyword!.Trim());
        return await answers.AskAsync(request => new RulePreviewAsked(request, http.Asking().Target!.AccountId, script), stop) is { } answer
            ? new Answer(200, new PreviewView(answer.Searched, answer.Matched, answer.Matches))
            : Problems.Of(PlatformProblems.Unavailable);
    }
}
