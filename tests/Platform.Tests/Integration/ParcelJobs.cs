using System.Text.Json;
using Npgsql;

namespace Hikyaku.Platform.Tests.Integration;

public sealed record SortingBody(string Domain, IReadOnlyList<string> Parcels);

/// <summary>What came of a sorting.</summary>
public sealed record SortedParcels(int Sorted);

/// <summary>The long work of the miniature service: parcels are sorted, and weighed on the way.</summary>
internal static class ParcelJobs
{
    public const string Sorting = "sorting";

    public static readonly ServiceJobs All = new("parcels", new JobKind(Sorting, typeof(SortedParcels)) { Stages = _ => ["read", "sort"], IsInTurn = true })
    {
        Codes = ParcelRules.All,
        WorkColumns = table => table.AddColumn<int>("sorted").NotNull().DefaultValue(0),
    };

    /// <summary>The stored names of its events.</summary>
    public static readonly IReadOnlyDictionary<Type, string> Names = Job.Events.ToDictionary(
        t => t, t => $"parcels.job-{t.Name["Job".Length..].ToLowerInvariant()}.v1");

    public static Answer Sort(SortingBody body, CommandContext context, SecretBox box)
        => All.Queue(context, new JobQueued(All.NewId(), Sorting, body.Domain, false, context.Now), context.Caller, box.Seal(JsonSerializer.SerializeToUtf8Bytes(body.Parcels)));
}

/// <summary>Reads the list, which must be of labels, and sorts one parcel a step.</summary>
internal sealed class SortParcels(JobSteps steps, JobWork work, SecretBox box, Levers levers, NpgsqlDataSource database) : IJobWork
{
    public string Kind => ParcelJobs.Sorting;

    public async Task RunAsync(LeasedJob job, CancellationToken stop)
    {
        var parcels = JsonSerializer.Deserialize<string[]>(box.Open(await work.UploadAsync(job, stop)))!;
        await steps.StartAsync(job, "reading", "read", parcels.Length, stop);
        await levers.BeforeSorting(null, stop);
        if (JobPhases.MayStillEnd(job.Phase) && !await CommitAsync(job, parcels, stop)) return;
        for (var i = await SortedAsync(job, stop); i < parcels.Length; i++)
        {
            await levers.BeforeSorting(parcels[i], stop);
            await using var step = await steps.BeginAsync(job, stop);
            step.Session.Events.Append(parcels[i], new ParcelWeighed(i));
            step.Session.QueueSqlCommand("update job_work set sorted = ? where id = ?", i + 1, job.Id);
            step.Move("sort", i + 1, parcels.Length);
            await step.SaveAsync(stop);
        }

        await steps.AppliedAsync(job, _ => Task.CompletedTask, stop);
    }

    public async Task<JobSucceeded> SucceededAsync(JobStep step, CancellationToken stop)
    {
        await using var command = new NpgsqlCommand("select sorted from job_work where id = $1") { Parameters = { new() { Value = step.Job.Id } } };
        await using var row = await step.Session.ExecuteReaderAsync(command, stop);
        await row.ReadAsync(stop);
        var sorted = row.GetInt32(0);
        return new(sorted, null, step.Now, Result: JobResult.Of(new SortedParcels(sorted)));
    }

    private async Task<bool> CommitAsync(LeasedJob job, string[] parcels, CancellationToken stop)
    {
        var unreadable = parcels.Index().Where(p => p.Item.Length == 0).Select(p => new JobProblem(p.Index + 1, null, ParcelRules.NoLabel, [])).ToList();
        if (unreadable.Count > 0)
        {
            await steps.FailAsync(job, unreadable, 0, stop);
            return false;
        }

        await using var step = await steps.BeginAsync(job, stop);
        step.Commit();
        await step.SaveAsync(stop);
        return true;
    }

    private async Task<int> SortedAsync(LeasedJob job, CancellationToken stop)
    {
        await using var command = database.CreateCommand("select sorted from job_work where id = $1");
        command.Parameters.Add(new() { Value = job.Id });
        return (int)(await command.ExecuteScalarAsync(stop))!;
    }
}
