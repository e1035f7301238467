using System.Security.Cryptography;
using System.Text;
using System.Threading.Channels;
using Hikyaku.Accounts.Credentials;
using Hikyaku.Accounts.Domains;
using Hikyaku.Accounts.Files;
using Hikyaku.Accounts.Jobs;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Accounts.Nodes;
using Hikyaku.Platform;
using Marten;
using Npgsql;

namespace Hikyaku.Accounts.BulkRegistration;

/// <summary>
/// Registers the accounts of a file (ACC-9): checks everything, reserves every address and the room for it, some at a time,
/// and commits itself with the last of them; then it hashes and creates, some at a time, whatever happens. Before that point
/// anything that is wrong gives everything back.
/// </summary>
public sealed class RegisterAccounts(IDocumentStore store, BulkSteps steps, Passwords passwords, BackgroundThreads threads, NodePlacement placement, NpgsqlDataSource database,
    SecretBox box, TimeProvider time)
{
    private readonly Passwords _passwords = passwords.InBackground(threads);

    /// <summary>Takes a job as far as it goes, from where it is.</summary>
    public async Task RunAsync(BulkJob job, string owner, CancellationToken stop)
    {
        var content = await steps.ReadFileAsync(job, stop);
        await steps.StartAsync(job, owner, content.Rows.Count, stop);
        List<NewAccount> accounts;
        if (job.Phase == BulkPhases.Committed)
        {
            accounts = Judge(content, await DomainAsync(job, stop), job.DefaultMb, new(0, 0), new Dictionary<string, AddressReservation>(), new(content));
        }
        else
        {
            var problems = new FileProblems(content);
            (accounts, var defaultMb) = await CheckAsync(job, content, problems, stop);
            if (!problems.Any && !job.DryRun) await ReserveAsync(job, owner, accounts, defaultMb, problems, stop);
            if (problems.Any)
            {
                await steps.FailAsync(job, owner, problems, stop);
                return;
            }

            if (job.DryRun)
            {
                await steps.EndDryRunAsync(job, owner, accounts.Count, null, stop);
                return;
            }
        }

        await CreateAsync(job, owner, accounts, stop);
        await steps.AppliedAsync(job, owner, accounts.Count, stop);
    }

    // The limits were judged before the point of no return, and may be others now.
    private static List<NewAccount> Judge(
        CsvContent content, Domain domain, int defaultMb, DomainUsage usage, IReadOnlyDictionary<string, AddressReservation> reservations, FileProblems problems)
        => RegistrationRules.Judge(new(domain, defaultMb, usage, reservations), content, problems);

    private async Task<(List<NewAccount> Accounts, int DefaultMb)> CheckAsync(BulkJob job, CsvContent content, FileProblems problems, CancellationToken stop)
    {
        var (reservedBefore, usage) = await NumbersAsync(job.Id, stop);
        await using var session = store.QuerySession();
        var domain = (await session.LoadAsync<Domain>(job.Domain, stop))!;
        var defaultMb = job.DefaultMb > 0 ? job.DefaultMb : domain.DefaultCapacityMb;
        var others = new Dictionary<string, AddressReservation>(StringComparer.Ordinal);
        foreach (var some in RegistrationRules.Addresses(content, job.Domain).Chunk(steps.RowsAtOnce))
        {
            foreach (var taken in (await session.LoadManyAsync<AddressReservation>(stop, some)).Where(r => r.ReservedBy != job.Id)) others[taken.Id] = taken;
        }

        var without = new DomainUsage(usage.Accounts - reservedBefore.Accounts, usage.CapacityMb - reservedBefore.CapacityMb);
        return (Judge(content, domain, defaultMb, without, others, problems), defaultMb);
    }

    private async Task ReserveAsync(BulkJob job, string owner, List<NewAccount> accounts, int defaultMb, FileProblems problems, CancellationToken stop)
    {
        for (var done = false; !done && !problems.Any;)
        {
            var (session, mine) = await steps.BeginAsync(job, owner, stop);
            await using var s = session;
            var some = accounts.Skip(mine.ReservedRows).Take(steps.RowsAtOnce).ToList();
            var usage = (await DomainUsage.LockAsync(session, job.Domain, stop))!;
            var domain = (await session.LoadAsync<Domain>(job.Domain, stop))!;
            var taken = (await session.LoadManyAsync<AddressReservation>(stop, some.Select(a => a.Address).ToArray())).ToDictionary(r => r.Id);
            // Others were faster, since the file was looked at.
            problems.AddRange(some.Where(a => taken.ContainsKey(a.Address)).Select(a => new JobProblem(
                a.Line, CsvColumns.Account, taken[a.Address].BeingDeleted ? AccountsProblems.BeingDeleted : AccountsProblems.AlreadyExists, [("a", a.Address)])));
            problems.AddRange(new RegistrationRules(domain, defaultMb, usage, taken).Limits(some));
            if (problems.Any) return;

            await StoreReservationsAsync(session, job.Id, some, stop);
            var mb = some.Sum(a => (long)a.CapacityMb);
            session.QueueSqlCommand("update domain_usage set accounts = accounts + ?, capacity_mb = capacity_mb + ? where domain = ?", some.Count, mb, job.Domain);
            done = mine.ReservedRows + some.Count == accounts.Count;
            session.QueueSqlCommand(
                """
                update bulk_job set phase = ?, default_mb = ?, reserved_rows = reserved_rows + ?, reserved_accounts = reserved_accounts + ?, reserved_mb = reserved_mb + ?
                where id = ?
                """,
                done ? BulkPhases.Committed : BulkPhases.Reserving, defaultMb, some.Count, some.Count, mb, job.Id);
            JobTable.Move(session, job.Id, done ? JobStages.Register : JobStages.Reserve, 0, accounts.Count, time.GetUtcNow());
            await session.SaveChangesAsync(stop);
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

    // The next are hashed while some are created: the cores are never without a hash to compute.
    private async Task CreateAsync(BulkJob job, string owner, List<NewAccount> accounts, CancellationToken stop)
    {
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var hashed = Channel.CreateBounded<List<(NewAccount, string)>>(1);
        var hashing = HashAsync(accounts.Skip(job.AppliedRows), hashed.Writer, linked.Token);
        try
        {
            await foreach (var some in hashed.Reader.ReadAllAsync(stop)) await CreateSomeAsync(job, owner, some, accounts.Count, stop);
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
            foreach (var some in accounts.Chunk(steps.RowsAtOnce))
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

    private async Task CreateSomeAsync(BulkJob job, string owner, List<(NewAccount, string)> hashed, int total, CancellationToken stop)
    {
        var (session, mine) = await steps.BeginAsync(job, owner, stop);
        await using var s = session;
        // As every creation: a bulk change of the domain tells by the order of events who was there when it was committed.
        await DomainUsage.LockAsync(session, job.Domain, stop);
        var homes = await placement.HomesAsync(session, hashed.Count, stop);
        var reservations = (await session.LoadManyAsync<AddressReservation>(stop, hashed.Select(h => h.Item1.Address).ToArray())).ToDictionary(r => r.Id);
        for (var i = 0; i < hashed.Count; i++)
        {
            var ((_, address, _, capacityMb, comment), hash) = hashed[i];
            var reservation = reservations[address];
            var credential = IdOf(job.Id, hashed[i].Item1, "credential");
            session.Events.StartStream<MailAccount>(reservation.AccountId, new MailAccountCreated(
                reservation.AccountId, address, job.Domain, reservation.Life, capacityMb, comment, credential, time.GetUtcNow(), homes[i]));
            session.Insert(new Credential { Id = credential, Owner = reservation.AccountId, Hash = hash });
            session.Store(reservation with { ReservedBy = null });
        }

        var done = mine.AppliedRows + hashed.Count;
        session.QueueSqlCommand(
            "update bulk_job set applied_rows = ?, reserved_accounts = reserved_accounts - ?, reserved_mb = reserved_mb - ?, faults = 0 where id = ?",
            done, hashed.Count, hashed.Sum(h => (long)h.Item1.CapacityMb), job.Id);
        JobTable.Move(session, job.Id, JobStages.Register, done, total, time.GetUtcNow());
        await session.SaveChangesAsync(stop);
    }

    private async Task<Domain> DomainAsync(BulkJob job, CancellationToken stop)
    {
        await using var session = store.QuerySession();
        // Larger than any file: what was good at the point of no return stays good, whatever the limits are now.
        return (await session.LoadAsync<Domain>(job.Domain, stop))! with { MaxAccounts = DomainLimits.MostAccounts, MaxCapacityMb = DomainLimits.MostCapacityMb };
    }

    // What the job has reserved before a crash, and what is in use with that. Others go on: what is reserved is judged again.
    private async Task<(DomainUsage Reserved, DomainUsage Usage)> NumbersAsync(string job, CancellationToken stop)
    {
        await using var command = database.CreateCommand(
            """
            select b.reserved_accounts, b.reserved_mb, u.accounts, u.capacity_mb from bulk_job b join domain_usage u on u.domain = b.domain where b.id = $1
            """);
        command.Parameters.Add(new() { Value = job });
        await using var row = await command.ExecuteReaderAsync(stop);
        return await row.ReadAsync(stop)
            ? (new(row.GetInt32(0), row.GetInt64(1)), new(row.GetInt32(2), row.GetInt64(3)))
            : throw new LeaseLostException();
    }

    // The same for whoever takes the job over. UUIDv7 of the job's time, so that they lie side by side in every index.
    private static string IdOf(string job, NewAccount account, string what)
    {
        var own = job[(job.LastIndexOf('-') + 1)..];
        var bytes = SHA256.HashData(Encoding.UTF8.GetBytes($"{job}\n{account.Line}\n{what}"));
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x70);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return own[..12] + Convert.ToHexStringLower(bytes.AsSpan(6, 10));
    }
}
