using Hikyaku.Accounts.Credentials;
using Hikyaku.Accounts.Domains;
using Hikyaku.Accounts.Files;
using Hikyaku.Accounts.Jobs;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Platform;
using Marten;

namespace Hikyaku.Accounts.BulkChange;

/// <summary>
/// Changes accounts as a file says (ACC-10): checks every row by the rules of a single change, which takes a hash or two a
/// password, reserves the room that all capacities need together, and from there on changes, some at a time, whatever happens.
/// A row that no longer fits by then, because others have changed the domain meanwhile, is skipped and counted.
/// </summary>
public sealed class ChangeAccounts(IDocumentStore store, JobSteps steps, BulkFiles files, Passwords passwords, BackgroundThreads threads, TimeProvider time) : IJobWork
{
    private readonly Passwords _passwords = passwords.InBackground(threads);

    /// <inheritdoc/>
    public string Kind => JobKinds.BulkChange;

    /// <inheritdoc/>
    public async Task RunAsync(LeasedJob job, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(job);
        var content = await files.ReadAsync(job, stop);
        await steps.StartAsync(job, BulkPhases.Checking, JobStages.Check, content.Rows.Count, stop);
        var judged = new Dictionary<string, JudgedPassword>(StringComparer.Ordinal);
        var domain = await DomainAsync(job, stop);
        var problems = new FileProblems(content);
        var isCommitted = job.Phase == JobPhases.Committed;
        // Rows that were accepted at the point of no return are not judged by the limits again.
        var rows = ChangeRules.Read(content, isCommitted ? Unlimited(domain) : domain, problems);
        if (!isCommitted)
        {
            var (changed, skipped) = await CheckAsync(rows, domain, judged, problems, stop);
            if (!problems.Any) await CommitAsync(job, rows, problems, stop);
            if (problems.Any)
            {
                await files.FailAsync(job, problems, stop);
                return;
            }

            if (job.DryRun)
            {
                var readAs = await files.ReadAsAsync(job, stop);
                await steps.SucceedAsync(job, now => SucceededWith(changed, skipped, readAs, now), stop);
                return;
            }
        }

        await ChangeAsync(job, await RowOrder.ApplyAsync(steps, job, rows, stop), judged, stop);
        await steps.AppliedAsync(job, step =>
        {
            step.Move(JobStages.InForce, rows.Count, rows.Count);
            return BulkReservations.GiveBackRoomAsync(step, stop); // what the rows gave back, and what was not needed in the end
        }, stop);
    }

    /// <inheritdoc/>
    public Task GiveBackRestAsync(JobStep step, CancellationToken stop) => BulkReservations.GiveBackRoomAsync(step, stop);

    /// <inheritdoc/>
    public async Task<JobSucceeded> SucceededAsync(JobStep step, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(step);
        var numbers = await BulkNumbers.ReadAsync(step.Session, step.Job.Id, stop);
        return SucceededWith(numbers.Changed, numbers.Skipped, numbers.ReadAs, step.Now);
    }

    private static JobSucceeded SucceededWith(long changed, long skipped, string? readAs, DateTimeOffset now)
        => new(changed, null, now, skipped, JobResult.Of(new ChangedAccounts(changed, skipped, readAs)));

    private static Domain Unlimited(Domain domain) => domain with { MaxCapacityMb = DomainLimits.MostCapacityMb };

    private async Task<(long Changed, long Skipped)> CheckAsync(
        List<ChangedAccount> rows, Domain domain, Dictionary<string, JudgedPassword> judged, FileProblems problems, CancellationToken stop)
    {
        var (changed, skipped) = (0L, 0L);
        foreach (var some in rows.Chunk(files.RowsAtOnce))
        {
            await using var session = store.QuerySession();
            var accounts = await AccountsOfRows.ReadAsync(session, some, stop);
            await JudgeAsync(some, accounts, judged, stop);
            foreach (var row in some)
            {
                if (!accounts.TryGetValue(row.Address, out var account))
                {
                    skipped++;
                    continue;
                }

                var decision = row.Decide(account, domain, judged[account.Id].Facts, Credential.NewId(), time.GetUtcNow());
                if (!decision.Accepted) problems.AddRange(Of(row, decision));
                else if (!decision.Events.IsEmpty) changed++;
            }
        }

        return (changed, skipped);
    }

    // The point of no return: from here to the job's end the net room that it needs is reserved for it.
    private async Task CommitAsync(LeasedJob job, List<ChangedAccount> rows, FileProblems problems, CancellationToken stop)
    {
        await using var step = await steps.BeginAsync(job, stop);
        var session = step.Session;
        var (usage, domain) = (await DomainUsage.LockWithLimitsAsync(session, job.Domain, stop))!.Value;
        var present = await AccountsOfRows.CapacitiesAsync(session, job.Domain, rows, stop);
        if (ChangeRules.Limit(rows, present, domain.MaxCapacityMb - usage.CapacityMb, out var netMb) is { } problem) problems.Add(problem);
        if (problems.Any || job.DryRun) return;
        var taken = Math.Max(0, netMb); // what they give back, they give back when the job is through
        DomainUsage.Add(session, job.Domain, 0, taken);
        session.QueueSqlCommand("update bulk_job set reserved_mb = ? where id = ?", taken, job.Id);
        RowOrder.Store(session, job.Id, RowOrder.Of(rows, present));
        step.Commit();
        step.Move(JobStages.Change, 0, rows.Count);
        await step.SaveAsync(stop);
    }

    private async Task ChangeAsync(LeasedJob job, List<ChangedAccount> rows, Dictionary<string, JudgedPassword> judged, CancellationToken stop)
    {
        int done;
        await using (var session = store.QuerySession()) done = (await BulkNumbers.ReadAsync(session, job.Id, stop)).AppliedRows;
        foreach (var some in rows.Skip(done).Chunk(files.RowsAtOnce))
        {
            while (!await ChangeSomeAsync(job, some, judged, rows.Count, stop)) { }
        }
    }

    // Returns false if somebody has changed a password since it was judged; the caller judges again and repeats.
    private async Task<bool> ChangeSomeAsync(LeasedJob job, ChangedAccount[] rows, Dictionary<string, JudgedPassword> judged, int total, CancellationToken stop)
    {
        await using (var look = store.QuerySession()) await JudgeAsync(rows, await AccountsOfRows.ReadAsync(look, rows, stop), judged, stop);

        await using var step = await steps.BeginAsync(job, stop);
        var session = step.Session;
        var (usage, domain) = (await DomainUsage.LockWithLimitsAsync(session, job.Domain, stop))!.Value;
        var before = await AccountsOfRows.ReadAsync(session, rows, stop);
        await AccountsOfRows.LockAsync(session, before.Values.Select(a => a.Id), stop);
        var accounts = await AccountsOfRows.ReadAsync(session, rows, stop); // as they are, now that nobody else can append
        if (accounts.Values.Any(a => !judged.TryGetValue(a.Id, out var j) || j.Against != a.CredentialId)) return false;

        var own = await BulkNumbers.ReadAsync(session, job.Id, stop);
        var later = await AccountsOfRows.CreatedAfterAsync(session, accounts.Values.Select(a => a.Id), step.Job.Position ?? long.MaxValue, stop);
        var room = new ReservedRoom(own.ReservedMb, domain.MaxCapacityMb - usage.CapacityMb);
        var (changed, skipped) = (0, 0);
        foreach (var row in rows)
        {
            var isThere = accounts.TryGetValue(row.Address, out var account) && !later.Contains(account.Id);
            var (isAsAsked, isChanged) = isThere ? Change(step, row, account!, Unlimited(domain), judged[account!.Id], room) : (false, false);
            (changed, skipped) = (changed + (isAsAsked && isChanged ? 1 : 0), skipped + (isAsAsked ? 0 : 1));
        }

        DomainUsage.Add(session, job.Domain, 0, room.TakenMb);
        session.QueueSqlCommand(
            "update bulk_job set applied_rows = applied_rows + ?, changed = changed + ?, skipped = skipped + ?, reserved_mb = ?, faults = 0 where id = ?",
            rows.Length, changed, skipped, room.ReservedMb, job.Id);
        step.Move(JobStages.Change, own.AppliedRows + rows.Length, total);
        await step.SaveAsync(stop);
        return true;
    }

    // If a password was forced since the file was accepted, the row's password may be refused now. The rest of the row is applied all the
    // same, because other rows count on the room that it frees. The row counts as skipped, so that its result is not taken for complete.
    internal static (bool IsAsAsked, bool IsChanged) Change(JobStep step, ChangedAccount row, MailAccount account, Domain domain, JudgedPassword judged, ReservedRoom room)
    {
        var credential = Credential.NewId();
        var decision = row.Decide(account, domain, judged.Facts, credential, step.Now);
        var isAsAsked = decision.Accepted;
        if (!isAsAsked) decision = (row with { Password = null }).Decide(account, domain, new PasswordFacts(), credential, step.Now);
        if (decision.Events.IsEmpty) return (isAsAsked, false);
        if (!room.TryChange(decision.Events.OfType<MailAccountCapacityChanged>().Sum(c => (long)c.CapacityMb - account.CapacityMb))) return (false, false);
        step.Session.Events.Append(account.Id, decision.Events);
        if (decision.Events.OfType<MailAccountPasswordChanged>().Any()) Credential.Store(step.Session, credential, account.Id, judged.Hash!);
        return (isAsAsked, true);
    }

    private async Task JudgeAsync(
        IEnumerable<ChangedAccount> rows, Dictionary<string, MailAccount> accounts, Dictionary<string, JudgedPassword> judged, CancellationToken stop)
    {
        var missing = rows.Where(r => accounts.ContainsKey(r.Address)).Select(r => (Row: r, Account: accounts[r.Address]))
            .Where(p => judged.GetValueOrDefault(p.Account.Id)?.Against != p.Account.CredentialId || !judged.ContainsKey(p.Account.Id)).ToList();
        var found = new JudgedPassword[missing.Count];
        var options = new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount + 1, CancellationToken = stop };
        await Parallel.ForAsync(0, missing.Count, options, async (i, token) =>
        {
            var (row, account) = missing[i];
            if (row.Password is null)
            {
                found[i] = JudgedPassword.Unjudged(account);
                return;
            }

            await using var session = store.QuerySession();
            found[i] = await _passwords.JudgeAsync(session, account, row.Password, token, warn: false);
        });
        for (var i = 0; i < found.Length; i++) judged[missing[i].Account.Id] = found[i];
    }

    internal static IEnumerable<JobProblem> Of(ChangedAccount row, Decision decision)
        => decision.Rejections.Select(r => new JobProblem(row.Line, r.Field == "capacityMb" ? CsvColumns.Capacity : r.Field, r.Code, r.Values));

    private async Task<Domain> DomainAsync(LeasedJob job, CancellationToken stop)
    {
        await using var session = store.QuerySession();
        return (await session.LoadAsync<Domain>(job.Domain, stop))!;
    }
}
