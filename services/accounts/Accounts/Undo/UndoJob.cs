using Hikyaku.Accounts.Domains;
using Hikyaku.Accounts.Jobs;
using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.Accounts.Undo;

/// <summary>Asks to undo a whole job (N-6, OPS-3): all that it changed, or the accounts that it registered.</summary>
/// <param name="JobId">The new job.</param>
/// <param name="Undone">The job to undo.</param>
/// <param name="IsUndone">Whether another job undoes it or has undone it.</param>
/// <param name="Now">When.</param>
public sealed record UndoJob(string JobId, JobView Undone, bool IsUndone, DateTimeOffset Now)
{
    /// <summary>Decides; pure.</summary>
    public static Decision Decide(UndoJob command)
    {
        var job = command.Undone;
        ProblemCode? no = job switch
        {
            { Kind: not (JobKinds.BulkRegistration or JobKinds.BulkChange) } or { DryRun: true } => AccountsProblems.JobNotUndoable,
            { State: JobStates.Queued or JobStates.Running } => AccountsProblems.JobNotEnded,
            { State: not JobStates.Succeeded } => AccountsProblems.JobNotUndoable, // nothing of it was done
            _ => command.IsUndone ? AccountsProblems.JobAlreadyUndone : null,
        };
        return no is not null ? Decision.Reject(new Rejection(no)) : Decision.Accept(new JobQueued(command.JobId, JobKinds.Undo, job.Domain, false, command.Now, job.Id));
    }

    /// <summary><c>POST /api/v1/jobs/{id}/undo</c> → 202 with the job that does it.</summary>
    public static async Task<IResult> Handle(string id, UndoBody? body, CommandContext context, HttpContext http, JobReader reader, NpgsqlDataSource database, CancellationToken stop)
    {
        if (await reader.FindAsync(id, http, stop) is not { } job) return Problems.Of(PlatformProblems.NotFound);
        if (!context.Caller.Administers(job.Domain)) return Problems.Of(PlatformProblems.Forbidden); // one's own, of which one sees the end
        if (context.IfMatch is not null) return Problems.Of(PlatformProblems.Stale); // there is no one version of many
        // Locked, so that no deletion of the domain begins before the job does.
        if (await DomainUsage.LockAsync(context.Session, job.Domain, stop) is null) return Problems.Of(PlatformProblems.NotFound);
        await using var undone = database.CreateCommand("select exists (select 1 from job where undoes = $1)"); // of two at once, the index lets one through
        undone.Parameters.Add(new() { Value = id });
        var decision = Decide(new(AccountsJobs.NewId(), job, (bool)(await undone.ExecuteScalarAsync(stop))!, context.Now));
        if (!decision.Accepted) return Problems.Of(decision.Rejections);
        return AccountsJobs.All.Queue(context, (JobQueued)decision.Events[0], context.Caller);
    }
}
