using System.CommandLine;
using System.Net.Http.Json;
using Hikyaku.CommandLine.Api;
using Hikyaku.CommandLine.Output;

namespace Hikyaku.CommandLine.Accounts;

/// <summary><c>hikyaku account unlock ADDRESS --reason TEXT</c>: lifts the restrictions of one kind.</summary>
internal static class UnlockAccount
{
    private const string Locked = "account-locked";

    /// <summary>The command.</summary>
    public static Command Create(CommandRuns runs)
    {
        var address = Inputs.Address();
        var reason = new Option<string>("--reason") { Description = CommandTexts.ReasonOption, Required = true, HelpName = "TEXT" };
        var kind = new Option<string>("--kind") { Description = CommandTexts.KindOption, DefaultValueFactory = _ => Locked };
        kind.AcceptOnlyFromAmong(Locked, "sending-locked", "compromise-suspected");
        return runs.Act(new Command("unlock", CommandTexts.AccountUnlock) { address, kind, reason }, async (run, stop) =>
        {
            var (account, what) = (run.Typed.GetRequiredValue(address), run.Typed.GetRequiredValue(kind));
            using var body = JsonContent.Create(new { reason = run.Typed.GetRequiredValue(reason) });
            await run.Api.SendAsync(HttpMethod.Delete, ApiPath.Of($"accounts/{account}/restrictions/{what}"), body, stop);
            run.Output.Done(Texts.Fill(CommandTexts.Lifted, what, account));
        });
    }
}
