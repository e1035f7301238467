using System.CommandLine;
using System.Text.Json.Nodes;
using Hikyaku.CommandLine.Api;
using Hikyaku.CommandLine.Output;

namespace Hikyaku.CommandLine.Jobs;

/// <summary><c>hikyaku job follow ID</c>: a job each time that it moves, until it has ended; 1 when it did not succeed.</summary>
internal static class FollowJob
{
    /// <summary>The command.</summary>
    public static Command Create(CommandRuns runs)
    {
        var id = ShowJob.Id();
        return runs.Act(new Command("follow", CommandTexts.JobFollow) { id }, async (run, stop) =>
        {
            var job = run.Typed.GetRequiredValue(id);
            JsonNode? last = null;
            await new Following(run.Api, run.Output).FollowAsync(ApiPath.Of($"jobs/{job}/events"), e =>
            {
                if (e.Data is null) return true;
                last = JsonNode.Parse(e.Data)!;
                var hasEnded = last.Text("finishedAt") is not null;
                run.Output.Answer(last, () => hasEnded ? ShowJob.Lines(last, run.Output) : [$"{last.Text("state")}  {ShowJob.ProgressOf(last)}"]);
                return !hasEnded;
            }, stop);
            return last.Text("state") == "succeeded" ? ExitCodes.Done : ExitCodes.Refused;
        });
    }
}
