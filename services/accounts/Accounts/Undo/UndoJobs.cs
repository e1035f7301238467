using Hikyaku.Accounts.BulkChange;
using Hikyaku.Accounts.Domains;
using Hikyaku.Accounts.History;
using Hikyaku.Accounts.Jobs;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.Accounts.Undo;

/// <summary>
/// Undoes a bulk job, some accounts at a time, whatever happens: what it changed and nobody has changed since, each as a single
/// undo would; and the accounts that it registered and that hold no mail yet, by the ordinary process of deletion. Whether they do, their
/// nodes are asked, who may know of mail that they have not told yet. What is left as it is
/// is named (<see cref="LeftAccounts"/>). Which accounts they are, the events of the job say: they stand between its first and last.
/// </summary>
public sealed class UndoJobs(JobSteps steps, BulkFiles files, MailboxEmptiness mail, NpgsqlDataSource database) : IJobWork
{
    /// <inheritdoc/>
    public string Kind => JobKinds.Undo;

    /// <inheritdoc/>
    public async Task RunAsync(LeasedJob job, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(job);
        var (undone, accounts) = await AccountsAsync(job.Id, stop);
        await steps.StartAsync(job, JobPhases.Committed, stage: null, accounts.Count, stop);
        var patience = mail.Patience;
        foreach (var some in accounts.Skip(await DoneAsync(job, stop)).Chunk(files.RowsAtOnce))
        {
            string[] registered = [.. some.Where(a => a.IsNew).Select(a => a.Id)];
            var silent = registered.Length > 0 ? await mail.MeasureAsync(registered, patience, stop) : [];
            if (silent.Count > 0 && silent.Count == registered.Length) patience = mail.ShortPatience;
            await UndoSomeAsync(job, undone, some, silent, accounts.Count, stop);
        }

        await steps.AppliedAsync(job, step =>
        {
            step.Move(JobStages.InForce, accounts.Count, accounts.Count);
            return Task.CompletedTask;
        }, stop);
    }

    /// <inheritdoc/>
    public async Task<JobSucceeded> SucceededAsync(JobStep step, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(step);
        var numbers = await BulkNumbers.ReadAsync(step.Session, step.Job.Id, stop);
        return new(numbers.Changed, null, step.Now, numbers.Skipped, JobResult.Of(new UndoneAccounts(numbers.Changed, numbers.Skipped)));
    }

    private async Task<int> DoneAsync(LeasedJob job, CancellationToken stop)
    {
        await using var step = await steps.BeginAsync(job, stop);
        return (await BulkNumbers.ReadAsync(step.Session, job.Id, stop)).AppliedRows;
    }

    private async Task UndoSomeAsync(
        LeasedJob job, string undone, (string Id, bool IsNew)[] some, HashSet<string> silent, int total, CancellationToken stop)
    {
        await using var step = await steps.BeginAsync(job, stop);
        var (session, own) = (step.Session, await BulkNumbers.ReadAsync(step.Session, job.Id, stop));
        var (usage, domain) = (await DomainUsage.LockWithLimitsAsync(session, job.Domain, stop))!.Value;
        string[] ids = [.. some.Select(a => a.Id)];
        await AccountsOfRows.LockAsync(session, ids, stop);
        var accounts = (await session.LoadManyAsync<MailAccount>(stop, ids)).ToDictionary(a => a.Id);
        var left = new List<(string Account, Rejection Why)>();
        var (deleted, freedMb) = await DeleteAsync(step, [.. some.Where(a => a.IsNew).Select(a => accounts[a.Id])], silent, left, stop);
        var roomier = usage with { CapacityMb = usage.CapacityMb - freedMb };
        var count = deleted + await PutBackAsync(step, undone, some.Where(a => !a.IsNew).Select(a => accounts[a.Id]), domain, roomier, left, stop);
        foreach (var (account, why) in left) LeftAccounts.Add(session, job.Id, account, why);
        session.QueueSqlCommand(
            "update bulk_job set applied_rows = applied_rows + ?, changed = changed + ?, skipped = skipped + ?, faults = 0 where id = ?",
            ids.Length, count, left.Select(l => l.Account).Distinct().Count(), job.Id);
        step.Move(JobStages.Change, own.AppliedRows + ids.Length, total);
        await step.SaveAsync(stop);
    }

    private static async Task<int> PutBackAsync(
        JobStep step, string undone, IEnumerable<MailAccount> accounts, Domain domain, DomainUsage usage, List<(string, Rejection)> left, CancellationToken stop)
    {
        var (session, count, mb) = (step.Session, 0, 0);
        foreach (var account in accounts)
        {
            if (account.DeletionJob is not null)
            {
                left.Add((account.Id, new(AccountsProblems.NoSuchAccount, null, ("a", account.Address))));
                continue;
            }

            var stream = await session.Events.FetchStreamAsync(account.Id, token: stop);
            var changes = Change.OfAll(stream, UndoAccountChange.History.Settings);
            var events = new List<object>();
            for (var i = 0; i < stream.Count; i++)
            {
                if (stream[i].GetHeader(EventHeaders.Job)?.ToString() != undone) continue;
                var now = usage with { CapacityMb = usage.CapacityMb + mb };
                var decision = UndoAccountChange.Decide(new(new(changes[i], [.. changes.Skip(i + 1)]), domain, now, step.Now), account);
                if (!decision.Accepted) left.Add((account.Id, decision.Rejections[^1]));
                mb += decision.Events.OfType<MailAccountCapacityChanged>().Sum(c => c.CapacityMb - account.CapacityMb);
                events.AddRange(decision.Events);
            }

            if (events.Count == 0) continue;
            session.Events.Append(account.Id, events);
            count++;
        }

        DomainUsage.Add(session, domain.Id, 0, mb);
        return count;
    }

    private static async Task<(int Count, long FreedMb)> DeleteAsync(
        JobStep step, List<MailAccount> accounts, HashSet<string> silent, List<(string, Rejection)> left, CancellationToken stop)
    {
        if (accounts.Count == 0) return (0, 0);
        var (session, domain, deletion, now) = (step.Session, step.Job.Domain, AccountsJobs.NewId(), step.Now);
        var reservations = (await session.LoadManyAsync<AddressReservation>(stop, accounts.Select(a => a.Address).ToArray())).ToDictionary(r => r.AccountId);
        var holding = await MailboxEmptiness.HoldersAsync(session, accounts.Select(a => a.Id), stop);
        var (count, mb) = (0, 0);
        foreach (var account in accounts)
        {
            var decision = DeleteMailAccount.Decide(new(account.Address, deletion, null, now), account);
            if (holding.Contains(account.Id)) left.Add((account.Id, new(AccountsProblems.HoldsMail, null, ("a", account.Address))));
            else if (!decision.Accepted) left.Add((account.Id, decision.Rejections[0]));
            else if (silent.Contains(account.Id)) left.Add((account.Id, new(AccountsProblems.MailNotKnown, null, ("a", account.Address))));
            else
            {
                DeleteMailAccounts.Begin(session, account, reservations[account.Id], decision, deletion, now);
                (count, mb) = (count + 1, mb + account.CapacityMb);
            }
        }

        if (count == 0) return (0, 0);
        session.Events.StartStream<Job>(deletion, new JobStarted(deletion, JobKinds.AccountDeletion, domain, null, count, now));
        DomainUsage.Add(session, domain, -count, -mb);
        return (count, mb);
    }

    // Accounts that free room come first, so that the others find it. In a full domain a swap could not be undone otherwise. New are those
    // that the job has created: of a registration all but postmaster.
    private async Task<(string Undone, List<(string Id, bool IsNew)> Accounts)> AccountsAsync(string job, CancellationToken stop)
    {
        await using var command = database.CreateCommand(
            """
            select u.id, e.stream_id, e.is_new
            from job j join job u on u.id = j.undoes, lateral (
                select c.stream_id, min(c.version) = 1 as is_new, sum(case when c.data ->> 'CapacityMb' is null then 0 else coalesce((
                    select (b.data ->> 'CapacityMb')::int from mt_events b
                    where b.stream_id = c.stream_id and b.version < c.version and b.data ->> 'CapacityMb' is not null order by b.version desc limit 1)
                    - (c.data ->> 'CapacityMb')::int, 0) end) as mb
                from mt_events c
                where seq_id between (select min(seq_id) from mt_events where stream_id = u.id) and (select max(seq_id) from mt_events where stream_id = u.id)
                    and headers ->> 'job' = u.id and type like 'accounts.mail-account-%'
                group by c.stream_id) e
            where j.id = $1 order by e.is_new desc, e.mb, e.stream_id
            """);
        command.Parameters.Add(new() { Value = job });
        command.CommandTimeout = 0; // of many accounts it takes as long as it takes
        var (undone, accounts) = ("", new List<(string, bool)>());
        await using var row = await command.ExecuteReaderAsync(stop);
        while (await row.ReadAsync(stop))
        {
            undone = row.GetString(0);
            accounts.Add((row.GetString(1), row.GetBoolean(2)));
        }

        return (undone, accounts);
    }
}
