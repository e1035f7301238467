using System.CommandLine;
using System.Text.Json.Nodes;
using Hikyaku.CommandLine.Api;
using Hikyaku.CommandLine.Output;

namespace Hikyaku.CommandLine.Jobs;

/// <summary><c>hikyaku job show ID</c>: one job, with what was wrong line by line.</summary>
internal static class ShowJob
{
    /// <summary>The command.</summary>
    public static Command Create(CommandRuns runs)
    {
        var id = Id();
        return runs.Act(new Command("show", CommandTexts.JobShow) { id }, async (run, stop) =>
        {
            var job = await run.Api.GetAsync(ApiPath.Of($"jobs/{run.Typed.GetRequiredValue(id)}"), stop);
            run.Output.Answer(job, () => Lines(job, run.Output));
        });
    }

    /// <summary>The id of a job.</summary>
    public static Argument<string> Id() => Inputs.Name("ID", CommandTexts.JobArgument);

    /// <summary>How far a job is.</summary>
    public static string ProgressOf(JsonNode job) => $"{job.Field("progress").Text("done") ?? "0"} / {job.Field("progress").Text("total") ?? "0"}";

    /// <summary>A whole job.</summary>
    public static IEnumerable<string> Lines(JsonNode job, Printer output)
    {
        var facts = Table.Facts(
            (CommandTexts.Id, job.Text("id")), (CommandTexts.Kind, job.Text("kind")), (CommandTexts.State, job.Text("state")), (CommandTexts.DryRun, job.YesNo("dryRun")),
            (CommandTexts.Progress, ProgressOf(job)), (CommandTexts.Domain, job.Text("domain")), (CommandTexts.Address, job.Text("account")),
            (CommandTexts.Created, output.Time(job.Text("createdAt"))), (CommandTexts.Finished, output.Time(job.Text("finishedAt"))), (CommandTexts.Result, job.Text("result")),
            (CommandTexts.Faults, job.Text("problems")), (CommandTexts.Reference, job.Text("reference")));
        var errors = job.Items("errors").ToList();
        if (errors.Count == 0) return facts;
        return
        [
            .. facts, "",
            .. Table.Lines(
                [new(CommandTexts.Line, IsNumber: true), CommandTexts.InColumn, CommandTexts.ErrorCode, CommandTexts.Why],
                [.. errors.Select(e => new[] { e.Text("line"), e.Text("column"), e.Text("code"), e.Text("detail") })]),
        ];
    }
}
