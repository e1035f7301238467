using System.CommandLine;
using System.Globalization;
using Hikyaku.CommandLine.Output;

namespace Hikyaku.CommandLine.Domains;

/// <summary><c>hikyaku domain list</c>: the domains that the token reaches.</summary>
internal static class ListDomains
{
    private const int Usual = 1000;
    private static readonly IdnMapping Idn = new();

    /// <summary>The command.</summary>
    public static Command Create(CommandRuns runs)
    {
        var limit = Inputs.Limit(Usual);
        return runs.Act(new Command("list", CommandTexts.DomainList) { limit }, async (run, stop) =>
        {
            var domains = await run.Api.ListAsync("domains", run.Typed.GetValue(limit), stop);
            run.Output.Answer(
                domains,
                [
                    CommandTexts.Domain, new(CommandTexts.Accounts, IsNumber: true), new(CommandTexts.MaxAccounts, IsNumber: true), new(CommandTexts.CapacityMb, IsNumber: true),
                    new(CommandTexts.MaxCapacityMb, IsNumber: true), CommandTexts.Added,
                ],
                d => [Both(d.Text("name")!), d.Text("accounts"), d.Text("maxAccounts"), d.Text("capacityMb"), d.Text("maxCapacityMb"), run.Output.Time(d.Text("addedAt"))]);
        });
    }

    /// <summary>A name as the API takes it, and in the script that people read.</summary>
    public static string Both(string name)
    {
        try
        {
            return Idn.GetUnicode(name) is var read && read != name ? $"{name} ({read})" : name;
        }
        catch (ArgumentException)
        {
            return name; // it means nothing in any script
        }
    }
}
