using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform;
using Hikyaku.Spam.Contracts;

namespace Hikyaku.Spam.Tracing;

/// <summary>What would happen to a message.</summary>
/// <param name="Outcome">In one sentence's worth.</param>
/// <param name="Steps">In the order in which the servers act.</param>
public sealed record TraceView(TraceOutcome Outcome, IReadOnlyList<TraceStep> Steps);

/// <summary>What would become of it.</summary>
/// <param name="Stored">INBOX or Junk; null when it is not stored.</param>
/// <param name="ForwardedTo">Destinations.</param>
/// <param name="Replied">Whether its sender gets an autoreply, if none was sent to this sender before.</param>
/// <param name="Refused">Why it is not taken or is deleted; null when it is taken.</param>
public sealed record TraceOutcome(string? Stored, IReadOnlyList<string> ForwardedTo, bool Replied, string? Refused);

/// <summary>One step.</summary>
/// <param name="By">reception, virus, spam, forwarding, autoreply or storage.</param>
/// <param name="What">taken, refused, judged, deleted, forwarded, replied, stored or dropped.</param>
/// <param name="Why">The verdict, or the destination, or looped: the account has forwarded it before; for operators with the rules that made it (SPM-4).</param>
/// <param name="Setting">By which setting of the account; null: by none.</param>
/// <param name="Version">Of that service's settings of the account.</param>
public sealed record TraceStep(string By, string What, string? Why = null, string? Setting = null, long? Version = null);

/// <summary>Says what would happen to a message that comes in for an account, now or by the settings of an earlier time (OPS-4), by the servers of its node. Nothing is delivered.</summary>
internal static class TraceMessage
{
    private const int MostBytes = 1 << 20;

    /// <summary><c>POST /api/v1/accounts/{address}/trace?sender=&amp;at=</c> with message/rfc822 → 200; 422 without a message; 503 when no node answers in time.</summary>
    public static async Task<IResult> Handle(string address, string? at, HttpContext http, NodeAnswers<MessageTraced> answers, SettingsAt settings, CancellationToken stop)
    {
        var then = default(DateTimeOffset);
        if (at is not null && !EventTimes.TryRead(at, out then)) return Problems.Of(PlatformProblems.BadParameter, "at", ("name", "at"));
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, stop);
        if (body.Length is 0 or > MostBytes) return Problems.Of(SpamProblems.NoMessage);
        var (caller, target) = http.Asking();
        var message = Convert.ToBase64String(body.GetBuffer(), 0, (int)body.Length);
        var sender = http.Request.Query["sender"].ToString() is { Length: > 0 and <= 320 } given && !given.Any(char.IsControl) ? given : "";
        var earlier = at is null ? null : await settings.OfAsync(target!, then, stop);
        if (at is not null && earlier is null) return Problems.Of(PlatformProblems.Unavailable);
        return await answers.AskAsync(request => new TraceAsked(request, target!.AccountId, sender, message, earlier), stop) is { } traced
            ? new Answer(200, Of(traced, caller.Role == Roles.Operator))
            : Problems.Of(PlatformProblems.Unavailable);
    }

    /// <summary>Words an answer; pure.</summary>
    public static TraceView Of(MessageTraced traced, bool operates)
    {
        ArgumentNullException.ThrowIfNull(traced);
        // 5.7.1: because of the message, whatever is set of the account.
        if (traced.Refused is { } refused) return new(new(null, [], false, refused), [new("reception", "refused", refused, refused.Contains(" 5.7.1 ", StringComparison.Ordinal) ? null : "capacity")]);
        List<TraceStep> steps = [new("reception", "taken")];
        // Rspamd is away, or ClamAV is, and the operator has mail wait then.
        if (traced.Verdict is not { } verdict) return new(new(null, [], false, "it cannot be judged now"), [.. steps, new("spam", "waiting", "unscanned")]);
        if (verdict.Kind == "virus") return new(new(null, [], false, "virus"), [.. steps, new("virus", "deleted", operates ? verdict.Virus : null)]);
        steps.Add(new("virus", "judged", verdict.Kind == "unscanned" ? "unscanned" : "clean"));
        var spam = verdict.Kind == "spam";
        steps.Add(new("spam", "judged", operates ? $"{(spam ? "spam" : "ham")}: {string.Join(", ", traced.Reasons ?? [])}" : spam ? "spam" : "ham"));
        steps.AddRange(traced.Forwards.Select(f => new TraceStep("forwarding", "forwarded", f.Destination, f.Rule == 0 ? "forwarding-rules" : $"forwarding-rules/{f.Rule}", traced.RoutingVersion)));
        if (traced.Replied) steps.Add(new("autoreply", "replied", null, "autoreply", traced.RoutingVersion));
        steps.Add(traced.Stored switch
        {
            null when traced.Looped => new("forwarding", "dropped", DeliveryAnswers.Looped, "forwarding-rules", traced.RoutingVersion),
            null => new("storage", "dropped", null, "reception", traced.RoutingVersion),
            "Junk" => new("storage", "stored", "Junk", "spam", traced.SpamVersion),
            var folder => new("storage", "stored", folder),
        });
        return new(new(traced.Stored, [.. traced.Forwards.Select(f => f.Destination).Distinct()], traced.Replied, null), steps);
    }
}
