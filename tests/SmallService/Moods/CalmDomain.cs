using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.Moods;

/// <summary>What came of a calming.</summary>
public sealed record Calmed(int Accounts);

/// <summary>The long work of the service: everybody in a domain who is angry becomes calm.</summary>
internal sealed class CalmDomain(JobSteps steps) : IJobWork
{
    public static readonly ServiceJobs Jobs = new(Program.Service, new JobKind("calming", typeof(Calmed)))
    {
        Codes = MoodsProblems.All,
        WorkColumns = table => table.AddColumn<int>("calmed").NotNull().DefaultValue(0),
    };

    public string Kind => "calming";

    /// <summary><c>POST /api/v1/domains/{name}/calmings</c> → 202 with the job.</summary>
    public static Answer Handle(string name, CommandContext context)
        => Jobs.Queue(context, new JobQueued(Jobs.NewId(), "calming", name, false, context.Now), context.Caller);

    public async Task RunAsync(LeasedJob job, CancellationToken stop)
    {
        await steps.StartAsync(job, "calming", null, 0, stop);
        await steps.AppliedAsync(job, step => CalmAsync(step, stop), stop);
    }

    public async Task<JobSucceeded> SucceededAsync(JobStep step, CancellationToken stop)
    {
        await using var command = new NpgsqlCommand("select calmed from job_work where id = $1") { Parameters = { new() { Value = step.Job.Id } } };
        await using var row = await step.Session.ExecuteReaderAsync(command, stop);
        await row.ReadAsync(stop);
        return new(row.GetInt32(0), null, step.Now, Result: JobResult.Of(new Calmed(row.GetInt32(0))));
    }

    private static async Task CalmAsync(JobStep step, CancellationToken stop)
    {
        var angry = await step.Session.QueryAsync<Mood>("where data ->> 'Current' = 'angry' and data ->> 'Domain' = ?", stop, step.Job.Domain);
        foreach (var mood in angry)
        {
            var stream = await step.Session.Events.FetchForWriting<Mood>(mood.Id, stop);
            stream.AppendMany(SetMood.Decide(new(mood.Id, mood.Domain, "calm", step.Now), stream.Aggregate).Events);
        }

        step.Session.QueueSqlCommand("update job_work set calmed = ? where id = ?", angry.Count, step.Job.Id);
    }
}
