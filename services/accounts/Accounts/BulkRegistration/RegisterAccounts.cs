using System.Security.Cryptography;
using System.Text;
using System.Threading.Channels;
using Hikyaku.Accounts.BulkChange;
using Hikyaku.Accounts.Credentials;
using Hikyaku.Accounts.Domains;
using Hikyaku.Accounts.Files;
using Hikyaku.Accounts.Jobs;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Accounts.Nodes;
using Hikyaku.Platform;
using Marten;

namespace Hikyaku.Accounts.BulkRegistration;

/// <summary>
/// Registers the accounts of a file (ACC-9): checks everything, reserves every address and the room for it, some at a time,
/// and commits itself with the last of them; then it hashes and creates, some at a time, whatever happens. Before that point
/// anything that is wrong gives everything back.
/// </summary>
public sealed class RegisterAccounts(
    IDocumentStore store, JobSteps steps, BulkFiles files, Passwords passwords, BackgroundThreads threads, NodePlacement placement, SecretBox box) : IJobWork
{
    private readonly Passwords _passwords = passwords.InBackground(threads);
    private readonly PostmasterChange _postmaster = new(store, steps, passwords.InBackground(threads));

    /// <inheritdoc/>
    public string Kind => JobKinds.BulkRegistration;

    /// <inheritdoc/>
    public async Task RunAsync(LeasedJob job, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(job);
        var content = await files.ReadAsync(job, stop);
        await steps.StartAsync(job, BulkPhases.Checking, JobStages.Check, content.Rows.Count, stop);
        var unlimited = await DomainAsync(job, stop);
        var postmaster = PostmasterRow.Of(content, unlimited, new(content));
        List<NewAccount> accounts;
        if (job.Phase == JobPhases.Committed)
        {
            var rules = new RegistrationRules(unlimited, (await NumbersAsync(job, stop)).DefaultMb, new(0, 0), new Dictionary<string, AddressReservation>());
            accounts = RegistrationRules.Judge(rules, content, new(content));
        }
        else
        {
            var problems = new FileProblems(content);
            (accounts, var defaultMb, var isPostmasterChanged) = await CheckAsync(job, content, postmaster?.Asks, problems, stop);
            if (!problems.Any && !job.DryRun) await ReserveAsync(job, accounts, postmaster?.Asks, defaultMb, problems, stop);
            if (problems.Any)
            {
                await files.FailAsync(job, problems, stop);
                return;
            }

            if (job.DryRun)
            {
                var result = Registered(accounts.Count, isPostmasterChanged ? 1 : 0, postmaster is { Asks: null } ? 1 : 0, await files.ReadAsAsync(job, stop));
                await steps.SucceedAsync(job, now => new(accounts.Count, null, now, Result: JobResult.Of(result)), stop);
                return;
            }
        }

        await CreateAsync(job, accounts, stop);
        if (postmaster?.Asks is { } asks) await _postmaster.ApplyAsync(job, asks, stop);
        await steps.AppliedAsync(job, step =>
        {
            if (postmaster is { Asks: null }) step.Session.QueueSqlCommand("update bulk_job set skipped = 1 where id = ?", job.Id);
            step.Move(JobStages.InForce, accounts.Count, accounts.Count);
            return BulkReservations.GiveBackRoomAsync(step, stop);
        }, stop);
    }

    /// <inheritdoc/>
    public Task<bool> GiveBackSomeAsync(JobStep step, CancellationToken stop) => BulkReservations.GiveBackSomeAsync(step, stop);

    /// <inheritdoc/>
    public Task GiveBackRestAsync(JobStep step, CancellationToken stop) => BulkReservations.GiveBackRoomAsync(step, stop);

    /// <inheritdoc/>
    public async Task<JobSucceeded> SucceededAsync(JobStep step, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(step);
        var numbers = await BulkNumbers.ReadAsync(step.Session, step.Job.Id, stop);
        return new(numbers.AppliedRows, null, step.Now, Result: JobResult.Of(Registered(numbers.AppliedRows, numbers.Changed, numbers.Skipped, numbers.ReadAs)));
    }

    // Null for none: the fields are absent where the file has no postmaster.
    private static RegisteredAccounts Registered(long accounts, long changed, long skipped, string? readAs)
        => new(accounts, changed > 0 ? changed : null, skipped > 0 ? skipped : null, readAs);

    // The limits are judged before the point of no return. They may change afterwards, and do not count then.
    private async Task<(List<NewAccount> Accounts, int DefaultMb, bool IsPostmasterChanged)> CheckAsync(
        LeasedJob job, CsvContent content, ChangedAccount? postmaster, FileProblems problems, CancellationToken stop)
    {
        await using var session = store.QuerySession();
        var own = await BulkNumbers.ReadAsync(session, job.Id, stop);
        var usage = (await DomainUsage.ReadAsync(session, job.Domain, stop))!;
        var domain = (await session.LoadAsync<Domain>(job.Domain, stop))!;
        var defaultMb = own.DefaultMb > 0 ? own.DefaultMb : domain.DefaultCapacityMb;
        var others = new Dictionary<string, AddressReservation>(StringComparer.Ordinal);
        foreach (var some in RegistrationRules.Addresses(content, job.Domain).Chunk(files.RowsAtOnce))
        {
            foreach (var taken in (await session.LoadManyAsync<AddressReservation>(stop, some)).Where(r => r.ReservedBy != job.Id)) others[taken.Id] = taken;
        }

        var without = new DomainUsage(usage.Accounts - own.ReservedAccounts, usage.CapacityMb - own.ReservedMb);
        var rules = new RegistrationRules(domain, defaultMb, without, others) { PostmasterMb = await PostmasterMbAsync(session, job, postmaster, stop) };
        var accounts = RegistrationRules.Judge(rules, content, problems);
        // One whose form is not good has been named.
        var isGood = postmaster is not null && PostmasterRow.Of(content, domain, new(content)) is { Asks: not null };
        return (accounts, defaultMb, isGood && await _postmaster.CheckAsync(postmaster!, domain, problems, stop));
    }

    private static async Task<int> PostmasterMbAsync(IQuerySession session, LeasedJob job, ChangedAccount? postmaster, CancellationToken stop)
        => postmaster is null ? 0 : (await AccountsOfRows.CapacitiesAsync(session, job.Domain, [postmaster], stop)).GetValueOrDefault(postmaster.Address);

    private async Task ReserveAsync(LeasedJob job, List<NewAccount> accounts, ChangedAccount? postmaster, int defaultMb, FileProblems problems, CancellationToken stop)
    {
        for (var done = false; !done && !problems.Any;)
        {
            await using var step = await steps.BeginAsync(job, stop);
            var (session, mine) = (step.Session, await BulkNumbers.ReadAsync(step.Session, job.Id, stop));
            var some = accounts.Skip(mine.ReservedRows).Take(files.RowsAtOnce).ToList();
            var (usage, domain) = (await DomainUsage.LockWithLimitsAsync(session, job.Domain, stop))!.Value;
            var taken = (await session.LoadManyAsync<AddressReservation>(stop, some.Select(a => a.Address).ToArray())).ToDictionary(r => r.Id);
            // Somebody has created these accounts since the file was judged.
            problems.AddRange(some.Where(a => taken.ContainsKey(a.Address)).Select(a => new JobProblem(
                a.Line, CsvColumns.Account, taken[a.Address].BeingDeleted ? AccountsProblems.BeingDeleted : AccountsProblems.AlreadyExists, [("a", a.Address)])));
            done = mine.ReservedRows + some.Count == accounts.Count;
            var rules = new RegistrationRules(domain, defaultMb, usage, taken) { PostmasterMb = await PostmasterMbAsync(session, job, postmaster, stop) };
            problems.AddRange(rules.Limits(some, done ? postmaster : null));
            if (problems.Any) return;

            await StoreReservationsAsync(session, job.Id, some, stop);
            var mb = some.Sum(a => (long)a.CapacityMb) + (done ? rules.GrowthMb(postmaster) : 0);
            DomainUsage.Add(session, job.Domain, some.Count, mb);
            session.QueueSqlCommand(
                """
                update bulk_job set phase = ?, default_mb = ?, reserved_rows = reserved_rows + ?, reserved_accounts = reserved_accounts + ?, reserved_mb = reserved_mb + ?
                where id = ?
                """,
                done ? JobPhases.Committed : BulkPhases.Reserving, defaultMb, some.Count, some.Count, mb, job.Id);
            step.Move(done ? JobStages.Register : JobStages.Reserve, 0, accounts.Count);
            await step.SaveAsync(stop);
        }
    }

    private async Task StoreReservationsAsync(IDocumentSession session, string job, List<NewAccount> accounts, CancellationToken stop)
    {
        var former = accounts.ToDictionary(a => FormerLife.IdOf(box, a.Address), StringComparer.Ordinal);
        var lives = (await session.LoadManyAsync<FormerLife>(stop, former.Keys.ToArray())).ToDictionary(f => f.Id, f => f.Life);
        foreach (var (id, account) in former.OrderBy(f => f.Value.Address, StringComparer.Ordinal))
        {
            session.Insert(new AddressReservation
            {
                Id = account.Address,
                AccountId = IdOf(job, account, "account"),
                Life = lives.GetValueOrDefault(id) + 1,
                ReservedBy = job,
            });
        }
    }

    // The next passwords are hashed while accounts are created, so that all cores always have work.
    private async Task CreateAsync(LeasedJob job, List<NewAccount> accounts, CancellationToken stop)
    {
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var hashed = Channel.CreateBounded<List<(NewAccount, string)>>(1);
        var hashing = HashAsync(accounts.Skip((await NumbersAsync(job, stop)).AppliedRows), hashed.Writer, linked.Token);
        try
        {
            await foreach (var some in hashed.Reader.ReadAllAsync(stop)) await CreateSomeAsync(job, some, accounts.Count, stop);
        }
        finally
        {
            await linked.CancelAsync();
            await hashing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // what it threw has come through the channel
        }
    }

    private async Task HashAsync(IEnumerable<NewAccount> accounts, ChannelWriter<List<(NewAccount, string)>> hashed, CancellationToken stop)
    {
        try
        {
            foreach (var some in accounts.Chunk(files.RowsAtOnce))
            {
                var hashes = await Task.WhenAll(some.Select(a => _passwords.HashAsync(a.Password, stop)));
                await hashed.WriteAsync([.. some.Zip(hashes)], stop);
            }

            hashed.Complete();
        }
        catch (Exception e)
        {
            hashed.TryComplete(e);
            throw;
        }
    }

    private async Task CreateSomeAsync(LeasedJob job, List<(NewAccount, string)> hashed, int total, CancellationToken stop)
    {
        await using var step = await steps.BeginAsync(job, stop);
        var (session, mine) = (step.Session, await BulkNumbers.ReadAsync(step.Session, job.Id, stop));
        // Every creation takes this lock: a bulk change tells by the order of events which accounts existed when it was committed.
        await DomainUsage.LockAsync(session, job.Domain, stop);
        var homes = await placement.HomesAsync(session, hashed.Count, stop);
        var reservations = (await session.LoadManyAsync<AddressReservation>(stop, hashed.Select(h => h.Item1.Address).ToArray())).ToDictionary(r => r.Id);
        for (var i = 0; i < hashed.Count; i++)
        {
            var ((_, address, _, capacityMb, comment), hash) = hashed[i];
            var reservation = reservations[address];
            var credential = IdOf(job.Id, hashed[i].Item1, "credential");
            session.Events.StartStream<MailAccount>(reservation.AccountId, new MailAccountCreated(
                reservation.AccountId, address, job.Domain, reservation.Life, capacityMb, comment, credential, step.Now, homes[i]));
            session.Insert(new Credential { Id = credential, Owner = reservation.AccountId, Hash = hash });
            session.Store(reservation with { ReservedBy = null });
        }

        var done = mine.AppliedRows + hashed.Count;
        session.QueueSqlCommand(
            "update bulk_job set applied_rows = ?, reserved_accounts = reserved_accounts - ?, reserved_mb = reserved_mb - ?, faults = 0 where id = ?",
            done, hashed.Count, hashed.Sum(h => (long)h.Item1.CapacityMb), job.Id);
        step.Move(JobStages.Register, done, total);
        await step.SaveAsync(stop);
    }

    private async Task<Domain> DomainAsync(LeasedJob job, CancellationToken stop)
    {
        await using var session = store.QuerySession();
        // Limits larger than any file: rows that were accepted at the point of no return stay accepted.
        return (await session.LoadAsync<Domain>(job.Domain, stop))! with { MaxAccounts = DomainLimits.MostAccounts, MaxCapacityMb = DomainLimits.MostCapacityMb };
    }

    private async Task<BulkNumbers> NumbersAsync(LeasedJob job, CancellationToken stop)
    {
        await using var session = store.QuerySession();
        return await BulkNumbers.ReadAsync(session, job.Id, stop);
    }

    // Another worker that takes the job over makes the same ids. They are UUIDv7 of the job's time, so that they are adjacent in indexes.
    private static string IdOf(string job, NewAccount account, string what)
    {
        var own = job[(job.LastIndexOf('-') + 1)..];
        var bytes = SHA256.HashData(Encoding.UTF8.GetBytes($"{job}\n{account.Line}\n{what}"));
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x70);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return own[..12] + Convert.ToHexStringLower(bytes.AsSpan(6, 10));
    }
}
