using System.Text.Json.Serialization;
using Hikyaku.Accounts.Jobs;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Platform;

namespace Hikyaku.Accounts.Domains;

/// <summary>
/// A deletion of a domain that is under way. It keeps the name until everything of its postmaster is erased, like
/// <see cref="AddressReservation"/> keeps an address.
/// </summary>
public sealed record DomainDeletion
{
    /// <summary>The domain in A-labels.</summary>
    public required string Id { get; init; }

    /// <summary>The job that does it.</summary>
    public required string JobId { get; init; }

    /// <summary>When it began.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>Its job as it began.</summary>
    [JsonIgnore]
    public JobStarted Job => new(JobId, JobKinds.DomainDeletion, Id, AccountId: null, Total: 1, StartedAt);
}

/// <summary>
/// Deletes a domain of which only its postmaster is left: from the answer on it is gone for everybody and its administrators have lost it,
/// and a job erases the postmaster with all who take part in deletions (<see cref="Deletion.DeletionProcess"/>).
/// </summary>
/// <param name="JobId">The job.</param>
/// <param name="Accounts">How many accounts it has, postmaster and those that a job has reserved included.</param>
/// <param name="JobRuns">Whether a bulk job of it waits or runs.</param>
/// <param name="Now">When.</param>
public sealed record DeleteDomain(string JobId, int Accounts, bool JobRuns, DateTimeOffset Now)
{
    private const int Postmaster = 1;

    /// <summary>Decides; pure.</summary>
    public static Decision Decide(DeleteDomain command, Domain? domain)
    {
        if (domain is null) return Decision.Accept(); // it is gone already
        List<Rejection> broken = [];
        if (command.Accounts > Postmaster) broken.Add(new(AccountsProblems.DomainHasAccounts, null, ("n", command.Accounts - Postmaster)));
        if (command.JobRuns) broken.Add(new(AccountsProblems.DomainHasJob));
        return Decision.Unless(broken, () =>
            [.. domain.Administrators.Select(a => new DomainAdministratorDismissed(a, command.Now)), new DomainDeletionStarted(command.JobId, command.Now)]);
    }

    /// <summary><c>DELETE /api/v1/domains/{name}</c> → 202 with the job; asked again while it runs, the same job.</summary>
    public static async Task<IResult> Handle(string name, CommandContext context, CancellationToken stop)
    {
        _ = InternetNames.TryReadDomain(name, out var id); // the access rule has read it
        var session = context.Session;
        // The lock is taken before anything is read, so that of two deletions the second sees the first, and no account comes between.
        if (await DomainUsage.LockAsync(session, id!, stop) is not { } usage)
            return await session.LoadAsync<DomainDeletion>(id!, stop) is { } running ? AnswerOf(running) : Problems.Of(PlatformProblems.NotFound);
        var stream = await session.Events.FetchForWriting<Domain>(id!, stop);
        var jobRuns = (await session.ListAsync(
            $"""
            select from job where domain = {id} and state in ({JobStates.Queued}, {JobStates.Running})
                and kind in ({JobKinds.BulkRegistration}, {JobKinds.BulkChange}, {JobKinds.Undo}) limit 1
            """, _ => true, stop)).Count > 0;
        var deletion = new DomainDeletion { Id = id!, JobId = AccountsJobs.NewId(), StartedAt = context.Now };
        var decision = Decide(new(deletion.JobId, usage.Accounts, jobRuns, context.Now), stream.Aggregate);
        var result = context.Conclude(stream, decision, (_, _) => AnswerOf(deletion));
        if (decision.Accepted && result is Answer) await StoreAsync(context, stream.Aggregate!, deletion, stop);
        return result;
    }

    private static Answer AnswerOf(DomainDeletion deletion)
        => new(StatusCodes.Status202Accepted, JobView.Begun(deletion.Job, account: null), Location: $"/api/v1/jobs/{deletion.JobId}");

    private static async Task StoreAsync(CommandContext context, Domain domain, DomainDeletion deletion, CancellationToken stop)
    {
        var session = context.Session;
        var reservation = (await session.LoadAsync<AddressReservation>($"{MailAccount.Postmaster}@{domain.Id}", stop))!;
        var postmaster = (await session.LoadAsync<MailAccount>(reservation.AccountId, stop))!;
        var goes = DeleteMailAccount.Decide(new(postmaster.Address, deletion.JobId, Field: null, context.Now) { WithDomain = true }, postmaster);
        DeleteMailAccounts.Begin(session, postmaster, reservation, goes, deletion.JobId, context.Now);
        session.Events.StartStream<Job>(deletion.JobId, deletion.Job);
        session.Insert(deletion);
        foreach (var key in new[] { domain.Dkim, domain.NextDkim }.OfType<DkimPublicKey>()) session.Delete<DkimPrivateKey>(DkimPrivateKey.KeyOf(domain.Id, key.Selector));
        DomainUsage.End(session, domain.Id);
    }
}
