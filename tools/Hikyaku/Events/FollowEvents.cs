using System.CommandLine;
using System.Text.Json.Nodes;
using Hikyaku.CommandLine.Api;
using Hikyaku.CommandLine.Output;

namespace Hikyaku.CommandLine.Events;

/// <summary><c>hikyaku events</c>: what has happened since a position, with <c>--follow</c> also what happens from now on.</summary>
internal static class FollowEvents
{
    /// <summary>The command.</summary>
    public static Command Create(CommandRuns runs)
    {
        var (follow, after) = (new Option<bool>("--follow", "-f") { Description = CommandTexts.FollowOption }, new Option<string>("--after") { Description = CommandTexts.AfterOption, HelpName = "POSITION" });
        var domain = new Option<string>("--domain") { Description = CommandTexts.EventDomainOption, HelpName = "NAME" };
        var account = new Option<string>("--account") { Description = CommandTexts.EventAccountOption, HelpName = "ADDRESS" };
        var type = new Option<string[]>("--type") { Description = CommandTexts.EventTypeOption, HelpName = "TYPE" };
        var command = new Command("events", CommandTexts.Events) { follow, after, domain, account, type };
        command.Validators.Add(result =>
        {
            if (!result.GetValue(follow) && string.IsNullOrEmpty(result.GetValue(after))) result.AddError(CommandTexts.EventsWhich);
        });
        return runs.Act(command, async (run, stop) =>
        {
            var path = "events".With(
                ("after", run.Typed.GetValue(after)), ("domain", run.Typed.GetValue(domain)), ("account", run.Typed.GetValue(account)), ("type", string.Join(',', run.Typed.GetValue(type) ?? [])));
            var following = new Following(run.Api, run.Output);
            if (!run.Typed.GetValue(follow)) await ReadAsync(following, path, run.Output, stop);
            else await FollowAsync(following, path, run.Output, stop);
        });
    }

    // A stream begins with a sign of life. The next one says that everything until then has been told.
    private static async Task ReadAsync(Following following, string path, Printer output, CancellationToken stop)
    {
        var signsOfLife = 0;
        var isAll = await following.ReadAsync(path, e =>
        {
            if (e.Data is not null) Show(e.Data, output);
            else signsOfLife++;
            return signsOfLife < 2;
        }, stop);
        if (!isAll) throw new ApiUnreachableException(Texts.Fill(CommandTexts.EndedEarly, following.Position));
    }

    private static async Task FollowAsync(Following following, string path, Printer output, CancellationToken stop)
    {
        try
        {
            await following.FollowAsync(path, e =>
            {
                if (e.Data is not null) Show(e.Data, output);
                return true;
            }, stop);
        }
        finally
        {
            if (following.Position is { } position) output.Note(Texts.Fill(CommandTexts.GoOnAfter, position));
        }
    }

    private static void Show(string data, Printer output)
    {
        var e = JsonNode.Parse(data)!;
        output.Answer(e, () => [$"{e.Text("position")}  {output.Time(e.Text("time"))}  {e.Text("type")}  {e.Text("subject")}  {e.Text("data")}"]);
    }
}
