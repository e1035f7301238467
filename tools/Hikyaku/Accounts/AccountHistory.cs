using System.CommandLine;
using System.Text.Json.Nodes;
using Hikyaku.CommandLine.Api;
using Hikyaku.CommandLine.Output;

namespace Hikyaku.CommandLine.Accounts;

/// <summary><c>hikyaku account history ADDRESS</c>: who changed what, newest first.</summary>
internal static class AccountHistory
{
    private const int Usual = 50;

    /// <summary>The command.</summary>
    public static Command Create(CommandRuns runs)
    {
        var (address, limit) = (Inputs.Address(), Inputs.Limit(Usual));
        return runs.Act(new Command("history", CommandTexts.AccountHistory) { address, limit }, async (run, stop) =>
        {
            var changes = await run.Api.ListAsync(ApiPath.Of($"accounts/{run.Typed.GetRequiredValue(address)}/history"), run.Typed.GetValue(limit), stop);
            run.Output.Answer(
                changes,
                [CommandTexts.When, CommandTexts.Who, CommandTexts.From, CommandTexts.Via, CommandTexts.What, CommandTexts.Change],
                c => [run.Output.Time(c.Text("at")), c.Field("by").Text("login"), c.Field("by").Text("address"), c.Text("via"), c.Text("type"), ChangeOf(c)]);
        });
    }

    // Of what set nothing, as a restriction does: what it is about.
    private static string? ChangeOf(JsonNode change)
    {
        var after = change.Fields("after").ToList();
        return after.Count > 0
            ? string.Join("; ", after.Select(a => $"{a.Key}: {change.Field("before").Text(a.Key) ?? "-"} → {change.Field("after").Text(a.Key) ?? "-"}"))
            : change.Text("data") is var data && data != "{}" ? data : null;
    }
}
