using Hikyaku.Platform;
using Microsoft.AspNetCore.Mvc;

namespace Hikyaku.Restrictions.Accounts;

/// <summary>Why a restriction is lifted.</summary>
/// <param name="Reason">1 to 255 characters, for operators.</param>
public sealed record LiftBody(string? Reason);

/// <summary>Lifts all restrictions of one kind by an operator's decision (RST-6), whoever placed them.</summary>
/// <param name="Kind">As typed.</param>
/// <param name="Reason">As typed.</param>
/// <param name="Now">When.</param>
public sealed record LiftRestriction(string Kind, string? Reason, DateTimeOffset Now)
{
    /// <summary>Decides; pure.</summary>
    public static Decision Decide(LiftRestriction command, AccountStanding? standing)
    {
        ArgumentNullException.ThrowIfNull(command);
        if (!Kinds.IsPlaced(command.Kind)) return Decision.Reject(new Rejection(RestrictionsProblems.KindUnknown, "kind"));
        var broken = PlaceRestriction.BrokenBy(command.Reason).ToList();
        if (broken.Count > 0) return Decision.Reject(broken);
        return standing?.Restrictions.Where(r => r.Kind == command.Kind).Select(r => r.Reference).ToList() is { Count: > 0 } references
            ? Decision.Accept(new RestrictionLifted(standing.Domain, command.Kind, references, LiftCauses.Operator, command.Reason!.Trim(), command.Now))
            : Decision.Reject(new Rejection(RestrictionsProblems.NoneOfKind));
    }

    /// <summary><c>DELETE /api/v1/accounts/{address}/restrictions/{kind}</c> → 204.</summary>
    public static async Task<IResult> Handle(string address, string kind, [FromBody] LiftBody? body, CommandContext context, CancellationToken stop)
    {
        var stream = await context.Session.Events.FetchForWriting<AccountStanding>(context.Target!.AccountId, stop);
        return context.Conclude(stream, Decide(new(kind, body?.Reason, context.Now), stream.Aggregate), (_, version) => new Answer(204, Version: version));
    }
}
