using Hikyaku.Accounts.Domains;
using Hikyaku.Platform;

namespace Hikyaku.Accounts.History;

/// <summary>Undoes one change of a domain's limits, by a change of its own (OPS-3): those that it changed, within what is in use.</summary>
/// <param name="Undo">What is to be undone.</param>
/// <param name="Usage">What is in use, locked.</param>
/// <param name="Now">When.</param>
public sealed record UndoDomainChange(ChangeToUndo Undo, DomainUsage Usage, DateTimeOffset Now)
{
    private const string MaxAccounts = "maxAccounts", MaxCapacityMb = "maxCapacityMb", DefaultCapacityMb = "defaultCapacityMb", RequireSecondFactor = "requireSecondFactor";

    /// <summary>A domain's history. Its making, whom it has as administrators, and its DKIM keys cannot be undone.</summary>
    public static readonly StreamHistory History = new(
    [
        new Setting(MaxAccounts).SetBy<DomainAdded>(a => a.MaxAccounts).SetBy<DomainLimitsChanged>(l => l.MaxAccounts),
        new Setting(MaxCapacityMb).SetBy<DomainAdded>(a => a.MaxCapacityMb).SetBy<DomainLimitsChanged>(l => l.MaxCapacityMb),
        new Setting(DefaultCapacityMb).SetBy<DomainAdded>(a => a.DefaultCapacityMb).SetBy<DomainLimitsChanged>(l => l.DefaultCapacityMb),
        new Setting(RequireSecondFactor).Initially(false).SetBy<DomainSecondFactorRequirementChanged>(r => r.Required),
    ])
    {
        Hidden = ["dkim", "publicKey"], // long; what is published stands in GET …/dns
        MayUndo = [Roles.Operator],
    };

    /// <summary>Decides; pure.</summary>
    public static Decision Decide(UndoDomainChange command, Domain domain) => History.Undo(command.Undo, earlier =>
    {
        var limits = new DomainLimits(
            Back(MaxAccounts, domain.MaxAccounts), Back(MaxCapacityMb, domain.MaxCapacityMb), Back(DefaultCapacityMb, domain.DefaultCapacityMb));
        var required = earlier.TryGetValue(RequireSecondFactor, out var before) ? (bool?)before : null;
        return ChangeDomainLimits.Decide(new(limits, command.Usage, command.Now, required), domain);

        int Back(string name, int present) => earlier.TryGetValue(name, out var value) ? (int)value! : present;
    });

    /// <summary><c>POST /api/v1/domains/{name}/history/{eventId}/undo</c> → 200.</summary>
    public static async Task<IResult> Handle(string name, string eventId, UndoBody? body, CommandContext context, CancellationToken stop)
    {
        _ = InternetNames.TryReadDomain(name, out var id); // the access rule has read it
        if (await DomainUsage.LockAsync(context.Session, id!, stop) is not { } usage) return Problems.Of(PlatformProblems.NotFound);
        var stream = await context.Session.Events.FetchForWriting<Domain>(id!, stop);
        if (await History.FindAsync(context.Session, id!, eventId, stop) is not { } undo) return Problems.Of(PlatformProblems.NotFound);
        var decision = Decide(new(undo, usage, context.Now), stream.Aggregate!);
        return context.Conclude(stream, decision, (state, version) => new Answer(200, DomainView.Of(state, usage), version));
    }
}
