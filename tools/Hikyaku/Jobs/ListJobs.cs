using System.CommandLine;
using Hikyaku.CommandLine.Output;

namespace Hikyaku.CommandLine.Jobs;

/// <summary><c>hikyaku job list</c>: long work of all services, newest first.</summary>
internal static class ListJobs
{
    private const int Usual = 50;

    /// <summary>The command.</summary>
    public static Command Create(CommandRuns runs)
    {
        var limit = Inputs.Limit(Usual);
        return runs.Act(new Command("list", CommandTexts.JobList) { limit }, async (run, stop) =>
        {
            var jobs = await run.Api.ListAsync("jobs", run.Typed.GetValue(limit), stop);
            run.Output.Answer(
                jobs,
                [CommandTexts.Id, CommandTexts.Kind, CommandTexts.State, new(CommandTexts.Progress, IsNumber: true), CommandTexts.About, CommandTexts.Created, CommandTexts.Finished],
                j => [j.Text("id"), j.Text("kind"), j.Text("state"), ShowJob.ProgressOf(j), j.Text("account") ?? j.Text("domain"), run.Output.Time(j.Text("createdAt")), run.Output.Time(j.Text("finishedAt"))]);
        });
    }
}
