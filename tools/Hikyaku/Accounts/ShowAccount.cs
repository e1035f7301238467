using System.CommandLine;
using System.Text.Json.Nodes;
using Hikyaku.CommandLine.Api;
using Hikyaku.CommandLine.Output;

namespace Hikyaku.CommandLine.Accounts;

/// <summary><c>hikyaku account show ADDRESS</c>: an account's settings and restrictions, now or at an earlier time.</summary>
internal static class ShowAccount
{
    /// <summary>The command.</summary>
    public static Command Create(CommandRuns runs)
    {
        var (address, at) = (Inputs.Address(), Inputs.At());
        return runs.Act(new Command("show", CommandTexts.AccountShow) { address, at }, async (run, stop) =>
        {
            var path = ApiPath.Of($"accounts/{run.Typed.GetRequiredValue(address)}").With(("at", run.Typed.GetValue(at)));
            var account = await run.Api.GetAsync(path, stop);
            run.Output.Answer(account, () => Lines(account, run.Output));
        });
    }

    private static IEnumerable<string> Lines(JsonNode account, Printer output)
    {
        var facts = Table.Facts(
            (CommandTexts.Address, account.Text("address")), (CommandTexts.Comment, account.Text("comment")), (CommandTexts.Status, account.Text("status")),
            (CommandTexts.Used, $"{account.Text("usedMb") ?? "-"} / {account.Text("capacityMb")} MB"), (CommandTexts.Created, output.Time(account.Text("createdAt"))),
            (CommandTexts.PasswordForciblyChanged, account.YesNo("passwordForciblyChanged")), (CommandTexts.Reception, account.YesNo("reception")),
            (CommandTexts.Forwarding, account.YesNo("forwarding")), (CommandTexts.Autoreply, account.YesNo("autoreply")),
            (CommandTexts.SpamTagged, account.Field("spam").YesNo("tagSubject")), (CommandTexts.SpamSorted, account.Field("spam").YesNo("sortToJunk")),
            (CommandTexts.InForce, account.YesNo("inForce")));
        var restrictions = account.Items("restrictions").ToList();
        if (restrictions.Count == 0) return facts;
        return
        [
            .. facts, "",
            .. Table.Lines(
                [CommandTexts.Restriction, CommandTexts.Since, CommandTexts.Until, CommandTexts.Reference],
                [.. restrictions.Select(r => new[] { r.Text("kind"), output.Time(r.Text("since")), output.Time(r.Text("until")), r.Text("reference") })]),
        ];
    }
}
