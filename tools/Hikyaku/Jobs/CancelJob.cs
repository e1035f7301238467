using System.CommandLine;
using Hikyaku.CommandLine.Api;
using Hikyaku.CommandLine.Output;

namespace Hikyaku.CommandLine.Jobs;

/// <summary><c>hikyaku job cancel ID</c>: ends a job that has not passed its point of no return.</summary>
internal static class CancelJob
{
    /// <summary>The command.</summary>
    public static Command Create(CommandRuns runs)
    {
        var id = ShowJob.Id();
        return runs.Act(new Command("cancel", CommandTexts.JobCancel) { id }, async (run, stop) =>
        {
            var job = run.Typed.GetRequiredValue(id);
            var left = await run.Api.SendAsync(HttpMethod.Delete, ApiPath.Of($"jobs/{job}"), null, stop);
            if (left is not null) run.Output.Answer(left, () => ShowJob.Lines(left, run.Output));
            else run.Output.Done(Texts.Fill(CommandTexts.Cancelled, job));
        });
    }
}
