using Hikyaku.Platform;

namespace Hikyaku.Accounts.Domains;

/// <summary>Other limits; absent or null is unchanged.</summary>
/// <param name="MaxAccounts">Limit of accounts.</param>
/// <param name="MaxCapacityMb">Limit of the sum of capacities.</param>
/// <param name="DefaultCapacityMb">What an account gets when its creation names none.</param>
/// <param name="RequireSecondFactor">Whether administrators of the domain must have a second factor.</param>
public sealed record ChangeDomainLimitsBody(long? MaxAccounts, long? MaxCapacityMb, long? DefaultCapacityMb, bool? RequireSecondFactor = null);

/// <summary>Changes a domain's limits; they never fall below what is in use.</summary>
/// <param name="Limits">All limits, as they will be.</param>
/// <param name="Usage">What is in use, locked.</param>
/// <param name="Now">When.</param>
/// <param name="RequireSecondFactor">Whether its administrators must have a second factor; null: unchanged.</param>
public sealed record ChangeDomainLimits(DomainLimits Limits, DomainUsage Usage, DateTimeOffset Now, bool? RequireSecondFactor = null)
{
    /// <summary>Decides; pure.</summary>
    public static Decision Decide(ChangeDomainLimits command, Domain domain)
    {
        var (limits, usage) = (command.Limits, command.Usage);
        List<Rejection> broken = [.. limits.Broken()];
        if (limits.MaxAccounts >= 1 && limits.MaxAccounts < usage.Accounts)
            broken.Add(new(AccountsProblems.DomainAccountsInUse, "maxAccounts", ("used", usage.Accounts)));
        if (limits.MaxCapacityMb >= 1 && limits.MaxCapacityMb < usage.CapacityMb)
            broken.Add(new(AccountsProblems.DomainCapacityInUse, "maxCapacityMb", ("used", usage.CapacityMb)));
        var isDone = limits == new DomainLimits(domain.MaxAccounts, domain.MaxCapacityMb, domain.DefaultCapacityMb);
        var required = command.RequireSecondFactor ?? domain.RequiresSecondFactor;
        return Decision.Unless(broken, () =>
        [
            .. isDone ? Array.Empty<object>() : [new DomainLimitsChanged((int)limits.MaxAccounts, (int)limits.MaxCapacityMb, (int)limits.DefaultCapacityMb, command.Now)],
            .. required == domain.RequiresSecondFactor ? Array.Empty<object>() : [new DomainSecondFactorRequirementChanged(required, command.Now)],
        ]);
    }

    /// <summary><c>PATCH /api/v1/domains/{name}</c> → 200.</summary>
    public static async Task<IResult> Handle(string name, ChangeDomainLimitsBody body, CommandContext context, CancellationToken stop)
    {
        _ = InternetNames.TryReadDomain(name, out var id); // the access rule has read it
        if (await DomainUsage.LockAsync(context.Session, id!, stop) is not { } usage) return Problems.Of(PlatformProblems.NotFound);
        var stream = await context.Session.Events.FetchForWriting<Domain>(id!, stop);
        var domain = stream.Aggregate!;
        var limits = new DomainLimits(
            body.MaxAccounts ?? domain.MaxAccounts, body.MaxCapacityMb ?? domain.MaxCapacityMb, body.DefaultCapacityMb ?? domain.DefaultCapacityMb);
        var decision = Decide(new(limits, usage, context.Now, body.RequireSecondFactor), domain);
        return context.Conclude(stream, decision, (state, version) => new Answer(200, DomainView.Of(state, usage), version));
    }
}
