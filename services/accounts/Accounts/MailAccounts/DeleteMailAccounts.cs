using Hikyaku.Accounts.Deletion;
using Hikyaku.Accounts.Domains;
using Hikyaku.Accounts.Jobs;
using Hikyaku.Platform;
using Marten;

namespace Hikyaku.Accounts.MailAccounts;

/// <summary>Which accounts go.</summary>
/// <param name="Addresses">1 to 1,000 addresses of the domain, in any spelling; one that is named twice counts once.</param>
public sealed record DeleteMailAccountsBody(IReadOnlyList<string?>? Addresses);

/// <summary>Deletes one account of those that are to go together.</summary>
/// <param name="Address">As it was asked for.</param>
/// <param name="JobId">The job of all of them.</param>
/// <param name="Field">The request's field; null when the path names the account.</param>
/// <param name="Now">When.</param>
public sealed record DeleteMailAccount(string Address, string JobId, string? Field, DateTimeOffset Now)
{
    /// <summary>Whether the whole domain goes: only then its postmaster goes, too.</summary>
    public bool WithDomain { get; init; }

    /// <summary>Decides; pure. An account that is not there cannot be deleted either, and the caller hears of all of them.</summary>
    public static Decision Decide(DeleteMailAccount command, MailAccount? account)
    {
        if (account?.DeletionJob == command.JobId) return Decision.Accept(); // this very command was done
        ProblemCode? no = account switch
        {
            null or { Deleted: true } => AccountsProblems.NoSuchAccount,
            { DeletionJob: not null } => AccountsProblems.BeingDeleted,
            _ when !command.WithDomain && account.Address.StartsWith(MailAccount.Postmaster + "@", StringComparison.Ordinal) => AccountsProblems.PostmasterStays,
            _ => null,
        };
        return no is null
            ? Decision.Accept(new MailAccountDeletionStarted(command.JobId, command.Now))
            : Decision.Reject(new Rejection(no, command.Field, ("a", command.Address)));
    }
}

/// <summary>
/// Deletes accounts, all or none (ACC-4, ACC-5): from the answer on they are gone for everybody, and a job erases what there
/// is of them. What follows is <see cref="DeletionProcess"/>.
/// </summary>
public static class DeleteMailAccounts
{
    /// <summary>The most accounts of one request.</summary>
    public const int MostAtOnce = 1000;

    /// <summary><c>DELETE /api/v1/accounts/{address}</c> → 202 with the job.</summary>
    public static async Task<IResult> HandleOne(string address, CommandContext context, CancellationToken stop)
    {
        var (session, target) = (context.Session, context.Target!);
        if (context.IfMatch is { } wanted && (await session.Events.FetchStreamStateAsync(target.AccountId, stop))?.Version is { } version && version != wanted)
            return Problems.Of(PlatformProblems.Stale);
        var result = await HandleAsync(target.Domain, [(target.Address, null)], context, stop);
        return result is ProblemResult { Rejections: [var no] } && no.Code != AccountsProblems.PostmasterStays
            ? Problems.Of(PlatformProblems.NotFound) // gone meanwhile
            : result;
    }

    /// <summary><c>POST /api/v1/domains/{name}/accounts/delete</c> → 202 with the job; 409 names each that cannot be deleted, and then none is.</summary>
    public static async Task<IResult> HandleMany(string name, DeleteMailAccountsBody body, CommandContext context, CancellationToken stop)
    {
        if (context.IfMatch is not null) return Problems.Of(PlatformProblems.Stale); // there is no one version of many
        _ = InternetNames.TryReadDomain(name, out var domain); // the access rule has read it
        if (await DomainUsage.LockAsync(context.Session, domain!, stop) is null) return Problems.Of(PlatformProblems.NotFound);
        var addresses = body.Addresses ?? [];
        if (addresses.Count is 0 or > MostAtOnce) return Problems.Of(AccountsProblems.DeletionCount, "addresses", ("max", MostAtOnce));
        var wanted = addresses
            .Select((typed, i) => (Address: InternetNames.TryReadAddress(typed, out var a, out _) ? a : typed ?? "", Field: (string?)$"addresses[{i}]"))
            .DistinctBy(w => w.Address, StringComparer.Ordinal).ToList();
        return await HandleAsync(domain!, wanted, context, stop);
    }

    /// <summary>Begins what was decided for one account; the job and the domain's room are for whoever calls.</summary>
    internal static void Begin(IDocumentSession session, MailAccount account, AddressReservation reservation, Decision decision, string jobId, DateTimeOffset now)
    {
        session.Events.Append(account.Id, decision.Events); // whatever else happens to the account meanwhile, it goes
        session.Store(reservation with { BeingDeleted = true });
        DeletionTable.Begin(session, account, jobId, now);
    }

    private static async Task<IResult> HandleAsync(string domain, List<(string Address, string? Field)> wanted, CommandContext context, CancellationToken stop)
    {
        var (session, jobId) = (context.Session, AccountsJobs.NewId());
        // The lock is taken before anything is read, so that of two deletions of an account the second sees the first.
        if (await DomainUsage.LockAsync(session, domain, stop) is null) return Problems.Of(PlatformProblems.NotFound);
        // Accounts of other domains are out of the caller's scope and answered like unknown ones.
        var within = wanted.Select(w => w.Address).Where(a => a.EndsWith($"@{domain}", StringComparison.Ordinal) && !a.Contains('\0', StringComparison.Ordinal)).ToArray();
        var reservations = (await session.LoadManyAsync<AddressReservation>(stop, within)).ToDictionary(r => r.Id);
        var accounts = (await session.LoadManyAsync<MailAccount>(stop, reservations.Values.Select(r => r.AccountId).ToArray())).ToDictionary(a => a.Id);

        List<Rejection> broken = [];
        foreach (var (address, field) in wanted)
        {
            var reservation = reservations.GetValueOrDefault(address);
            var account = reservation is null ? null : accounts.GetValueOrDefault(reservation.AccountId);
            var decision = DeleteMailAccount.Decide(new(address, jobId, field, context.Now), account);
            broken.AddRange(decision.Rejections);
            if (!decision.Accepted) continue;
            Begin(session, account!, reservation!, decision, jobId, context.Now);
        }

        if (broken.Count > 0) return Problems.Of(broken);
        var job = new JobStarted(jobId, JobKinds.AccountDeletion, domain, AccountId: null, wanted.Count, context.Now);
        session.Events.StartStream<Job>(jobId, job);
        DomainUsage.Add(session, domain, -wanted.Count, -accounts.Values.Sum(a => a.CapacityMb));
        return new Answer(202, JobView.Begun(job, account: null), Location: $"/api/v1/jobs/{jobId}");
    }
}
