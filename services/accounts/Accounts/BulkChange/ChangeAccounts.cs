using Hikyaku.Accounts.Credentials;
using Hikyaku.Accounts.Domains;
using Hikyaku.Accounts.Files;
using Hikyaku.Accounts.Jobs;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Platform;
using Marten;
using Npgsql;

namespace Hikyaku.Accounts.BulkChange;

/// <summary>
/// Changes accounts as a file says (ACC-10): checks every row by the rules of a single change, which takes a hash or two a
/// password, takes the room that all capacities need together, and from there on changes, some at a time, whatever happens.
/// </summary>
public sealed class ChangeAccounts(IDocumentStore store, BulkSteps steps, Passwords passwords, BackgroundThreads threads, TimeProvider time)
{
    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(100);
    private readonly Passwords _passwords = passwords.InBackground(threads);

    /// <summary>Takes a job as far as it goes, from where it is.</summary>
    public async Task RunAsync(BulkJob job, string owner, CancellationToken stop)
    {
        var content = await steps.ReadFileAsync(job, stop);
        await steps.StartAsync(job, owner, content.Rows.Count, stop);
        var problems = new FileProblems(content);
        var judged = new Dictionary<string, JudgedPassword>(StringComparer.Ordinal);
        List<ChangedAccount> rows;
        if (job.Phase == BulkPhases.Committed)
        {
            rows = ChangeRules.Read(content, await DomainAsync(job, stop), new(content));
        }
        else
        {
            var domain = await DomainAsync(job, stop);
            rows = ChangeRules.Read(content, domain, problems);
            var (changed, skipped) = await CheckAsync(rows, domain, judged, problems, stop);
            if (!problems.Any) await CommitAsync(job, owner, rows, problems, stop);
            if (problems.Any)
            {
                await steps.FailAsync(job, owner, problems, stop);
                return;
            }

            if (job.DryRun)
            {
                await steps.EndDryRunAsync(job, owner, changed, skipped, stop);
                return;
            }
        }

        foreach (var some in rows.Skip(job.AppliedRows).Chunk(steps.RowsAtOnce))
        {
            while (!await ChangeSomeAsync(job, owner, some, judged, rows.Count, stop)) { }
        }

        await steps.AppliedAsync(job, owner, rows.Count, stop);
    }

    private async Task<(long Changed, long Skipped)> CheckAsync(
        List<ChangedAccount> rows, Domain domain, Dictionary<string, JudgedPassword> judged, FileProblems problems, CancellationToken stop)
    {
        var (changed, skipped) = (0L, 0L);
        foreach (var some in rows.Chunk(steps.RowsAtOnce))
        {
            await using var session = store.QuerySession();
            var accounts = await AccountsAsync(session, some, stop);
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

    // The point of no return, for which one job of a domain waits for the other: from here to its end the room is this one's.
    private async Task CommitAsync(BulkJob job, string owner, List<ChangedAccount> rows, FileProblems problems, CancellationToken stop)
    {
        while (true)
        {
            var (session, _) = await steps.BeginAsync(job, owner, stop);
            await using (session)
            {
                var usage = (await DomainUsage.LockAsync(session, job.Domain, stop))!;
                if (!await BulkJobTable.HoldsCapacitiesAsync(session, job.Domain, stop))
                {
                    var domain = (await session.LoadAsync<Domain>(job.Domain, stop))!;
                    var present = await CapacitiesAsync(session, job.Domain, rows, stop);
                    if (ChangeRules.Limit(rows, present, domain.MaxCapacityMb - usage.CapacityMb, out var netMb) is { } problem) problems.Add(problem);
                    if (problems.Any || job.DryRun) return;
                    var taken = Math.Max(0, netMb); // what they give back, they give back when they are through
                    session.QueueSqlCommand("update domain_usage set capacity_mb = capacity_mb + ? where domain = ?", taken, job.Domain);
                    session.QueueSqlCommand(
                        "update bulk_job set phase = 'committed', reserved_mb = ?, position = (select coalesce(max(seq_id), 0) from mt_events) where id = ?", taken, job.Id);
                    JobTable.Move(session, job.Id, JobStages.Change, 0, rows.Count, time.GetUtcNow());
                    await session.SaveChangesAsync(stop);
                    return;
                }

                if (await BulkJobTable.HolderWaitsAsync(session, job.Domain, stop)) throw new JobMustWaitException();
            }

            await Task.Delay(Turn, time, stop);
        }
    }

    // False: somebody has changed a password since it was judged; it is judged anew, and then tried again.
    private async Task<bool> ChangeSomeAsync(
        BulkJob job, string owner, ChangedAccount[] rows, Dictionary<string, JudgedPassword> judged, int total, CancellationToken stop)
    {
        await using (var look = store.QuerySession()) await JudgeAsync(rows, await AccountsAsync(look, rows, stop), judged, stop);

        var (session, mine) = await steps.BeginAsync(job, owner, stop);
        await using var s = session;
        await DomainUsage.LockAsync(session, job.Domain, stop);
        var before = await AccountsAsync(session, rows, stop);
        await LockStreamsAsync(session, before.Values.Select(a => a.Id), stop);
        var accounts = await AccountsAsync(session, rows, stop); // as they are, now that nobody else can append
        if (accounts.Values.Any(a => !judged.TryGetValue(a.Id, out var j) || j.Against != a.CredentialId)) return false;

        var domain = (await session.LoadAsync<Domain>(job.Domain, stop))! with { MaxCapacityMb = DomainLimits.MostCapacityMb };
        var later = await LaterAsync(session, accounts.Values.Select(a => a.Id), mine.Position ?? long.MaxValue, stop);
        var (changed, skipped, mb) = (0, 0, 0L);
        foreach (var row in rows)
        {
            if (!accounts.TryGetValue(row.Address, out var account) || later.Contains(account.Id))
            {
                skipped++;
                continue;
            }

            var (isAsAsked, isChanged, deltaMb) = Change(session, row, account, domain, judged[account.Id]);
            (changed, skipped, mb) = (changed + (isAsAsked && isChanged ? 1 : 0), skipped + (isAsAsked ? 0 : 1), mb + deltaMb);
        }

        session.QueueSqlCommand(
            "update bulk_job set applied_rows = applied_rows + ?, changed = changed + ?, skipped = skipped + ?, reserved_mb = reserved_mb - ?, faults = 0 where id = ?",
            rows.Length, changed, skipped, mb, job.Id);
        JobTable.Move(session, job.Id, JobStages.Change, mine.AppliedRows + rows.Length, total, time.GetUtcNow());
        await session.SaveChangesAsync(stop);
        return true;
    }

    // A password that was forced since the file was found good may forbid the row's by now. The rest of the row is done all the
    // same, as others were promised what it gives back; and it counts as skipped, so that nobody takes it for done.
    private (bool IsAsAsked, bool IsChanged, long Mb) Change(IDocumentSession session, ChangedAccount row, MailAccount account, Domain domain, JudgedPassword judged)
    {
        var credential = Credential.NewId();
        var decision = row.Decide(account, domain, judged.Facts, credential, time.GetUtcNow());
        var isAsAsked = decision.Accepted;
        if (!isAsAsked) decision = (row with { Password = null }).Decide(account, domain, new PasswordFacts(), credential, time.GetUtcNow());
        if (decision.Events.IsEmpty) return (isAsAsked, false, 0);
        session.Events.Append(account.Id, decision.Events);
        if (decision.Events.OfType<MailAccountPasswordChanged>().Any()) Credential.Store(session, credential, account.Id, judged.Hash!);
        return (isAsAsked, true, decision.Events.OfType<MailAccountCapacityChanged>().Sum(c => (long)c.CapacityMb - account.CapacityMb));
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

    private static async Task<Dictionary<string, MailAccount>> AccountsAsync(IQuerySession session, IEnumerable<ChangedAccount> rows, CancellationToken stop)
    {
        var reservations = await session.LoadManyAsync<AddressReservation>(stop, rows.Select(r => r.Address).ToArray());
        var ids = reservations.Where(r => r is { BeingDeleted: false, ReservedBy: null }).Select(r => r.AccountId).ToArray();
        var accounts = await session.LoadManyAsync<MailAccount>(stop, ids);
        return accounts.Where(a => a.DeletionJob is null).ToDictionary(a => a.Address, StringComparer.Ordinal);
    }

    // Who came after the point of no return: the file was not written for them, and what was taken has no room for them.
    private static async Task<HashSet<string>> LaterAsync(IDocumentSession session, IEnumerable<string> ids, long position, CancellationToken stop)
    {
        await using var command = new NpgsqlCommand("select stream_id from mt_events where stream_id = any($1) and version = 1 and seq_id > $2");
        command.Parameters.Add(new() { Value = ids.ToArray() });
        command.Parameters.Add(new() { Value = position });
        var later = new HashSet<string>(StringComparer.Ordinal);
        await using var row = await session.ExecuteReaderAsync(command, stop);
        while (await row.ReadAsync(stop)) later.Add(row.GetString(0));
        return later;
    }

    // Whoever appends to a stream takes this row first; in one order for all.
    internal static async Task LockStreamsAsync(IDocumentSession session, IEnumerable<string> ids, CancellationToken stop)
    {
        await using var command = new NpgsqlCommand("select id from mt_streams where id = any($1) order by id for update");
        command.Parameters.Add(new() { Value = ids.ToArray() });
        await using var row = await session.ExecuteReaderAsync(command, stop);
        while (await row.ReadAsync(stop)) { }
    }

    private static async Task<Dictionary<string, int>> CapacitiesAsync(IDocumentSession session, string domain, List<ChangedAccount> rows, CancellationToken stop)
    {
        await using var command = new NpgsqlCommand("select address, capacity_mb from mail_account_list where domain = $1 and address = any($2) and deletion_job is null");
        command.Parameters.Add(new() { Value = domain });
        command.Parameters.Add(new() { Value = rows.Where(r => r.CapacityMb is not null).Select(r => r.Address).ToArray() });
        var capacities = new Dictionary<string, int>(StringComparer.Ordinal);
        await using var row = await session.ExecuteReaderAsync(command, stop);
        while (await row.ReadAsync(stop)) capacities[row.GetString(0)] = row.GetInt32(1);
        return capacities;
    }

    private static IEnumerable<JobProblem> Of(ChangedAccount row, Decision decision)
        => decision.Rejections.Select(r => new JobProblem(row.Line, r.Field == "capacityMb" ? CsvColumns.Capacity : r.Field, r.Code, r.Values));

    private async Task<Domain> DomainAsync(BulkJob job, CancellationToken stop)
    {
        await using var session = store.QuerySession();
        var domain = (await session.LoadAsync<Domain>(job.Domain, stop))!;
        // Of what was found good at the point of no return nothing is too much now.
        return job.Phase == BulkPhases.Committed ? domain with { MaxCapacityMb = DomainLimits.MostCapacityMb } : domain;
    }
}
