using System.Globalization;
using System.Text;
using Hikyaku.Platform;
using Hikyaku.Restrictions.Sources;

namespace Hikyaku.Restrictions.Accounts;

/// <summary>What an operator restricts.</summary>
/// <param name="Kind">One of <see cref="Kinds"/>, but over-capacity.</param>
/// <param name="Reason">1 to 255 characters, for operators.</param>
/// <param name="Until">When it ends by itself; null: when somebody lifts it, or for compromise-suspected when the password is changed.</param>
public sealed record PlaceBody(string? Kind, string? Reason, string? Until = null);

/// <summary>Restricts an account by an operator's decision (RST-6).</summary>
/// <param name="Account">Which.</param>
/// <param name="Kind">As typed.</param>
/// <param name="Reason">As typed.</param>
/// <param name="Until">As typed.</param>
/// <param name="Known">Networks from which the account logged in before.</param>
/// <param name="Reference">The new restriction's, if it is new.</param>
/// <param name="Now">When.</param>
public sealed record PlaceRestriction(Target Account, string? Kind, string? Reason, string? Until, IReadOnlyList<string> Known, string Reference, DateTimeOffset Now)
{
    private const int LongestReason = 255;

    /// <summary>Decides; pure. One that an operator placed before gets the new reason and end, so that two operators at once change one thing.</summary>
    public static Decision Decide(PlaceRestriction command, AccountStanding? standing)
    {
        ArgumentNullException.ThrowIfNull(command);
        List<Rejection> broken = [.. BrokenBy(command.Reason)];
        if (!Kinds.IsPlaced(command.Kind)) broken.Add(new(RestrictionsProblems.KindUnknown, "kind"));
        DateTimeOffset? until = null;
        if (command.Until is not null)
        {
            if (!DateTimeOffset.TryParse(command.Until, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)) broken.Add(new(RestrictionsProblems.UntilMalformed, "until"));
            else if (time <= command.Now) broken.Add(new(RestrictionsProblems.UntilPast, "until"));
            else until = time.ToUniversalTime();
        }

        return Decision.Unless(broken, () =>
        {
            var held = standing?.Restrictions.Find(r => r.Kind == command.Kind && r.Rule == Rules.Operator);
            var reason = command.Reason!.Trim();
            if (held is not null && held.Reason == reason && held.Until == until) return [];
            return
            [
                new AccountRestricted(
                    command.Account.AccountId, command.Account.Address, command.Account.Domain, command.Kind!, held?.Reference ?? command.Reference, Rules.Operator,
                    Network: null, command.Kind == Kinds.AccountLocked ? command.Known : [], reason, Evidence: null, until, command.Now),
            ];
        });
    }

    /// <summary><c>POST /api/v1/accounts/{address}/restrictions</c> → 201.</summary>
    public static async Task<IResult> Handle(string address, PlaceBody body, CommandContext context, HttpContext http, KnownNetworks known, CancellationToken stop)
    {
        var account = context.Target!;
        var networks = await known.OfAsync(account.AccountId, context.Now, stop);
        var stream = await context.Session.Events.FetchForWriting<AccountStanding>(account.AccountId, stop);
        var decision = Decide(new(account, body.Kind, body.Reason, body.Until, networks, Accounts.Reference.Create(), context.Now), stream.Aggregate);
        return context.Conclude(stream, decision, (state, version) =>
            new Answer(201, RestrictionView.Of(state.Restrictions.Where(r => r.Kind == body.Kind).ToList(), withEvidence: true, Problems.LanguageOf(http.Request)), version));
    }

    internal static IEnumerable<Rejection> BrokenBy(string? reason)
    {
        var text = reason?.Trim() ?? "";
        if (text.Length is 0 or > LongestReason) yield return new(RestrictionsProblems.ReasonLength, "reason");
        else if (text.EnumerateRunes().Any(r => Rune.IsControl(r) || r == Rune.ReplacementChar)) yield return new(RestrictionsProblems.ReasonCharacters, "reason");
    }
}
