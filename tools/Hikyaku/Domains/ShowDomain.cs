using System.CommandLine;
using Hikyaku.CommandLine.Api;
using Hikyaku.CommandLine.Output;

namespace Hikyaku.CommandLine.Domains;

/// <summary><c>hikyaku domain show NAME</c>: a domain's limits, and what is left of them.</summary>
internal static class ShowDomain
{
    /// <summary>The command.</summary>
    public static Command Create(CommandRuns runs)
    {
        var (name, at) = (Inputs.Name("NAME", CommandTexts.DomainArgument), Inputs.At());
        return runs.Act(new Command("show", CommandTexts.DomainShow) { name, at }, async (run, stop) =>
        {
            var domain = await run.Api.GetAsync(ApiPath.Of($"domains/{run.Typed.GetRequiredValue(name)}").With(("at", run.Typed.GetValue(at))), stop);
            run.Output.Answer(domain, () => Table.Facts(
                (CommandTexts.Domain, ListDomains.Both(domain.Text("name") ?? "")),
                (CommandTexts.Accounts, $"{domain.Text("accounts") ?? "-"} / {domain.Text("maxAccounts")}"), (CommandTexts.AccountsLeft, domain.Text("accountsLeft")),
                (CommandTexts.Capacity, $"{domain.Text("capacityMb") ?? "-"} / {domain.Text("maxCapacityMb")} MB"), (CommandTexts.CapacityLeftMb, domain.Text("capacityLeftMb")),
                (CommandTexts.DefaultCapacityMb, domain.Text("defaultCapacityMb")), (CommandTexts.SecondFactor, domain.YesNo("requireSecondFactor")),
                (CommandTexts.Added, run.Output.Time(domain.Text("addedAt")))));
        });
    }
}
