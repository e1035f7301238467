using System.CommandLine;
using System.Text.Json.Nodes;
using Hikyaku.CommandLine.Api;
using Hikyaku.CommandLine.Output;

namespace Hikyaku.CommandLine.Accounts;

/// <summary><c>hikyaku account find TEXT</c>: accounts by a part of their address or comment, in one domain or in all that the token reaches.</summary>
internal static class FindAccounts
{
    private const int Usual = 100;
    private const int MostDomains = 10_000;
    private static readonly TimeSpan BetweenDomains = TimeSpan.FromMilliseconds(5); // the API promises 200 requests a second

    /// <summary>The command.</summary>
    public static Command Create(CommandRuns runs)
    {
        var text = new Argument<string>("TEXT") { Description = CommandTexts.FindArgument };
        var (domain, limit) = (new Option<string>("--domain") { Description = CommandTexts.DomainOption, HelpName = "NAME" }, Inputs.Limit(Usual));
        var status = new Option<string>("--status") { Description = CommandTexts.StatusOption };
        status.AcceptOnlyFromAmong("normal", "restricted", "password-forcibly-changed");
        return runs.Act(new Command("find", CommandTexts.AccountFind) { text, domain, status, limit }, async (run, stop) =>
        {
            var found = await FindAsync(run.Api, run.Typed.GetValue(domain), run.Typed.GetRequiredValue(text), run.Typed.GetValue(status), run.Typed.GetValue(limit), stop);
            run.Output.Answer(
                found,
                [CommandTexts.Address, CommandTexts.Status, new(CommandTexts.UsedMb, IsNumber: true), new(CommandTexts.CapacityMb, IsNumber: true), CommandTexts.Comment],
                a => [a.Text("address"), a.Text("status"), a.Text("usedMb"), a.Text("capacityMb"), a.Text("comment")]);
        });
    }

    private static async Task<Listing> FindAsync(ApiClient api, string? domain, string text, string? status, int most, CancellationToken stop)
    {
        IReadOnlyList<string> domains = domain is { Length: > 0 } ? [domain] : [.. (await api.ListAsync("domains", MostDomains, stop)).Items.Select(d => d.Text("name")!)];
        var (found, hasMore) = (new List<JsonNode>(), false);
        foreach (var name in domains)
        {
            // One more than wanted, so that the last domain need not be read to its end to know that there are more.
            var page = await api.ListAsync(ApiPath.Of($"domains/{name}/accounts"), most - found.Count + 1, stop, ("query", text), ("status", status));
            found.AddRange(page.Items);
            hasMore = found.Count > most;
            if (hasMore) break;
            await Task.Delay(BetweenDomains, stop);
        }

        return new([.. found.Take(most)], hasMore, []);
    }
}
