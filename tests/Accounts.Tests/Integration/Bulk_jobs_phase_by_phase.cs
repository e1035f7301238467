using System.Net;
using Hikyaku.Platform.Testing;
using Npgsql;
using static Hikyaku.Accounts.Tests.Integration.BulkWork;

namespace Hikyaku.Accounts.Tests.Integration;

/// <summary>Workers that stand still at a certain step, by a lock in the database, to be killed or overtaken just there.</summary>
[Trait("Rule", "REL-5"), Trait("Rule", "GWY-5")]
public sealed class Bulk_jobs_phase_by_phase(Bulk_jobs_phase_by_phase.Service service) : IClassFixture<Bulk_jobs_phase_by_phase.Service>
{
    private const int Worker1 = 1, Canceller = 2;
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);
    private readonly AccountsService _accounts = service.Accounts;
    private readonly NpgsqlDataSource _database = service.Database;

    [Theory, Trait("Rule", "ACC-9"), Trait("Rule", "ACC-10")]
    [InlineData("imports", "queued", "succeeded")]
    [InlineData("imports", "checking", "succeeded")]
    [InlineData("imports", "reserving", "succeeded")]
    [InlineData("imports", "committed", "succeeded")]
    [InlineData("imports", "failing", "failed")]
    [InlineData("imports", "cancelling", "cancelled")]
    [InlineData("bulk-changes", "queued", "succeeded")]
    [InlineData("bulk-changes", "checking", "succeeded")]
    [InlineData("bulk-changes", "committed", "succeeded")]
    [InlineData("bulk-changes", "failing", "failed")]
    [InlineData("bulk-changes", "cancelling", "cancelled")]
    public async Task A_worker_that_is_killed_in_a_phase_is_followed_by_one_that_takes_it_to_its_end(string what, string phase, string end)
    {
        await using var notices = await RaisedNotices.ListenAsync(_accounts.VirtualHost);
        var domain = await _accounts.DomainAsync(maxAccounts: 200);
        var isChange = what == "bulk-changes";
        if (isChange) await DoneAsync(await SendAsync(_accounts, domain, "imports", File(AccountsService.GoodPassword, 10)), "succeeded");
        var before = await NumbersAsync(_accounts, domain);
        var file = File(AccountsService.GoodPassword, 20) + (phase == "failing" ? "\nuser90,short,1" : "");
        var job = await SendAsync(_accounts, domain, what, file);

        // Somebody cancels, of a registration when half is reserved, and is killed before it is given back.
        if (phase == "cancelling")
        {
            await KilledAsync(isChange ? "new.phase = 'committed'" : "new.reserved_rows > 40");
            Assert.Equal(!isChange, await ScalarAsync(_database, "select reserved_rows from bulk_job") is > 0);
            await ScalarAsync(_database, "update bulk_job set phase = 'cancelling', upload = null, owner = 'cancel-0', until = now()");
        }

        await KilledAsync($"old.phase = '{phase}' and (tg_op = 'DELETE' or (new.phase, new.reserved_rows, new.applied_rows) is distinct from (old.phase, old.reserved_rows, old.applied_rows))");
        Assert.Equal(phase, await ScalarAsync(_database, "select phase from bulk_job"));

        await DoneAsync(job, end);
        Assert.Equal(end == "succeeded" ? (Rows + 1, 100 + (Rows * 20)) : before, await NumbersAsync(_accounts, domain));
        Assert.Equal((long)(await NumbersAsync(_accounts, domain)).Accounts, await ScalarAsync(_database, $"select count(*) from mt_doc_address_reservation where id like '%@{domain}'"));
        Assert.Equal(0L, await ScalarAsync(_database, "select count(*) from bulk_job"));
        var id = job[(job.LastIndexOf('/') + 1)..];
        Assert.Equal(1L, await ScalarAsync(_database, $"select count(*) from mt_events where stream_id = '{id}' and type like 'accounts.job-%' and type ~ 'succeeded|failed|cancelled'"));
        await notices.OfJobAsync(id);
    }

    [Theory, Trait("Rule", "ACC-10"), Trait("Rule", "ACC-13"), Trait("Rule", "ACC-8")]
    [InlineData(10, """{"changed":1,"skipped":3}""", 450)] // what is left is just enough
    [InlineData(11, """{"changed":0,"skipped":4}""", 301)] // of the row that needs more nothing is done
    public async Task Commands_during_a_committed_bulk_change_take_no_room_twice(int taken, string result, int mb)
    {
        var domain = await _accounts.DomainAsync();
        foreach (var name in new[] { "shrinks", "grows", "forced" }) await _accounts.AccountAsync(domain, name);
        await _accounts.SendAsync(HttpMethod.Patch, $"/api/v1/domains/{domain}", new { maxCapacityMb = 450 });
        Assert.Equal((4, 400), await NumbersAsync(_accounts, domain));
        var job = await SendAsync(_accounts, domain, "bulk-changes", // all in all nothing more
            $"mail_account,password,mail_capacity\nlater,,150\ngrows,,250\nshrinks,,10\nforced,{AccountsService.GoodPassword},40\n");
        await KilledAsync("old.phase = 'committed' and new.applied_rows > old.applied_rows");

        Assert.Equal(HttpStatusCode.Accepted, (await _accounts.SendAsync(HttpMethod.Delete, $"/api/v1/accounts/shrinks@{domain}")).Status);
        Assert.Equal((3, 300), await NumbersAsync(_accounts, domain));
        await _accounts.AccountAsync(domain, "later", capacityMb: 50);
        var postmaster = await _accounts.SendAsync(HttpMethod.Patch, $"/api/v1/accounts/postmaster@{domain}", new { capacityMb = 100 + taken });
        Assert.Equal(HttpStatusCode.OK, postmaster.Status);
        var tooMuch = await _accounts.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/accounts", new { name = "more", password = AccountsService.GoodPassword, capacityMb = 101 });
        Assert.Contains("accounts.domain-capacity-exceeded", tooMuch.Codes);
        var forced = await _accounts.SendAsync(HttpMethod.Post, $"/api/v1/accounts/forced@{domain}/force-password-change", new { reason = "abuse" });
        Assert.Equal(HttpStatusCode.NoContent, forced.Status);

        await DoneAsync(job, "succeeded");
        Assert.Equal(result, (await _accounts.GetAsync(job)).Body!["result"]!.ToJsonString());
        Assert.Equal((4, mb), await NumbersAsync(_accounts, domain));
    }

    [Theory, Trait("Rule", "ACC-10"), Trait("Rule", "ACC-13"), Trait("Rule", "REL-7")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_full_domain_is_rearranged_whole_although_a_worker_is_killed(bool isOfFormerRelease)
    {
        var domain = await _accounts.DomainAsync();
        foreach (var i in Enumerable.Range(0, 12)) await _accounts.AccountAsync(domain, $"user{i:00}", capacityMb: 10);
        await _accounts.SendAsync(HttpMethod.Patch, $"/api/v1/domains/{domain}", new { maxCapacityMb = 220 });
        Assert.Equal((13, 220), await NumbersAsync(_accounts, domain));
        // Those that grow come first in the file, and the steps are smaller than those that shrink.
        var job = await SendAsync(_accounts, domain, "bulk-changes", "mail_account,mail_capacity\n" + string.Join('\n', Enumerable.Range(0, 12).Select(i => $"user{i:00},{(i < 2 ? 55 : 1)}")));
        await KilledAsync($"new.applied_rows > {(isOfFormerRelease ? 0 : 9)}");
        if (isOfFormerRelease) await ScalarAsync(_database, "update bulk_job set row_order = null, lane = null");

        await DoneAsync(job, "succeeded");
        Assert.Equal("""{"changed":12,"skipped":0}""", (await _accounts.GetAsync(job)).Body!["result"]!.ToJsonString());
        Assert.Equal((13, 220), await NumbersAsync(_accounts, domain));
    }

    [Theory, Trait("Rule", "ACC-10"), Trait("Rule", "OPS-3")]
    [InlineData("change")]
    [InlineData("undo")]
    public async Task A_job_waits_for_an_older_one_of_its_domain_that_finds_no_worker(string what)
    {
        var domain = await _accounts.DomainAsync();
        await _accounts.AccountAsync(domain);
        var undone = await SendAsync(_accounts, domain, "bulk-changes", "mail_account,mail_capacity\ntaro,150\n");
        await DoneAsync(undone, "succeeded");
        var holder = await SendAsync(_accounts, domain, "bulk-changes", "mail_account,mail_capacity\ntaro,200\n");
        await KilledAsync("old.phase = 'committed' and new.applied_rows > old.applied_rows");
        await ScalarAsync(_database, "update bulk_job set owner = null, until = now() + interval '3 seconds'"); // as after a fault
        var waiting = what == "change"
            ? await SendAsync(_accounts, domain, "bulk-changes", "mail_account,mail_capacity\ntaro,300\n")
            : (await _accounts.SendAsync(HttpMethod.Post, $"{undone}/undo")).Location!;

        await using var worker = await FollowerAsync(_accounts);
        await EndedAsync(holder, "succeeded");
        await EndedAsync(waiting, "succeeded");
        Assert.Equal((2, 100 + (what == "change" ? 300 : 200)), await NumbersAsync(_accounts, domain));
    }

    [Theory, Trait("Rule", "ACC-9"), Trait("Rule", "ACC-10")]
    [InlineData("imports")]
    [InlineData("bulk-changes")]
    public async Task A_cancel_that_comes_after_the_last_reservation_is_refused(string what)
    {
        var (domain, job) = await WaitingAsync(what);
        await using var held = await HoldAsync("new.phase = 'committed' and old.phase <> 'committed'", Worker1);
        await using var worker = await FollowerAsync(_accounts);
        await held.WaitedForAsync(Worker1);
        var cancel = _accounts.SendAsync(HttpMethod.Delete, job);
        await RowIsWaitedForAsync();
        await held.ReleaseAsync(Worker1);

        var answer = await cancel;
        Assert.Equal((HttpStatusCode.Conflict, "jobs.not-cancellable"), (answer.Status, answer.Codes.Single()));
        await EndedAsync(job, "succeeded");
        Assert.Equal((Rows + 1, 100 + (Rows * 20)), await NumbersAsync(_accounts, domain));
    }

    [Theory, Trait("Rule", "ACC-9"), Trait("Rule", "ACC-10")]
    [InlineData("imports")]
    [InlineData("bulk-changes")]
    public async Task A_cancel_that_comes_before_the_last_reservation_counts(string what)
    {
        var (domain, job) = await WaitingAsync(what);
        var before = await NumbersAsync(_accounts, domain);
        await KilledAsync("new.phase = 'committed' and old.phase <> 'committed'"); // all but the last step is done
        // It stands still as it takes the job, and then where it reads the domain, without the job's row.
        await using var held = await HoldAsync("new.owner is distinct from old.owner and new.phase = old.phase", Worker1, Canceller);
        await using var worker = await FollowerAsync(_accounts);
        await held.WaitedForAsync(Worker1);
        await using var reading = await _database.OpenConnectionAsync();
        await using var noDomains = await reading.BeginTransactionAsync();
        await using (var take = new NpgsqlCommand("lock table mt_doc_domain in access exclusive mode", reading)) await take.ExecuteNonQueryAsync();
        await held.ReleaseAsync(Worker1);
        await Eventually.Async(async () => await ScalarAsync(_database, "select count(*) from pg_locks where not granted and relation = 'mt_doc_domain'::regclass") is > 0L, Long);
        var cancel = _accounts.SendAsync(HttpMethod.Delete, job);
        await held.WaitedForAsync(Canceller);
        await noDomains.RollbackAsync();
        await RowIsWaitedForAsync(); // by the worker
        await held.ReleaseAsync(Canceller);

        Assert.Equal(HttpStatusCode.OK, (await cancel).Status);
        await EndedAsync(job, "cancelled");
        Assert.Equal(before, await NumbersAsync(_accounts, domain));
        Assert.Equal((long)before.Accounts, await ScalarAsync(_database, $"select count(*) from mt_doc_address_reservation where id like '%@{domain}'"));
    }

    private async Task<(string Domain, string Job)> WaitingAsync(string what)
    {
        var domain = await _accounts.DomainAsync(maxAccounts: 200);
        if (what == "bulk-changes") await DoneAsync(await SendAsync(_accounts, domain, "imports", File(AccountsService.GoodPassword, 10)), "succeeded");
        return (domain, await SendAsync(_accounts, domain, what, File(AccountsService.GoodPassword, 20)));
    }

    private async Task KilledAsync(string where)
    {
        await using var held = await HoldAsync(where, Worker1);
        await using var worker = Worker(_accounts);
        await held.WaitedForAsync(Worker1);
        await worker.StopAsync();
    }

    private async Task DoneAsync(string job, string state)
    {
        await using var worker = await FollowerAsync(_accounts);
        await EndedAsync(job, state);
    }

    private async Task EndedAsync(string job, string state)
    {
        var end = await Eventually.Async(() => _accounts.GetAsync(job), r => r.Body?["finishedAt"] is not null, Long);
        Assert.Equal(state, end.Body!["state"]!.GetValue<string>());
    }

    private Task RowIsWaitedForAsync() => Eventually.Async(async () => await ScalarAsync(_database,
        "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and wait_event in ('transactionid', 'tuple') and query like '%bulk_job%for update%'") is > 0L, Long);

    private async Task<Held> HoldAsync(string workerWhere, params int[] locks)
    {
        var held = new Held(_database, await _database.OpenConnectionAsync());
        foreach (var key in locks) await held.SayAsync($"select pg_advisory_lock({key})");
        await held.SayAsync(
            $"""
            create function stand_still() returns trigger language plpgsql as $$
            begin
                if {workerWhere} then perform pg_advisory_xact_lock({Worker1}); end if;
                if new.phase = 'cancelling' and old.phase <> 'cancelling' then perform pg_advisory_xact_lock({Canceller}); end if;
                return coalesce(new, old);
            end $$;
            create trigger stand_still before update or delete on bulk_job for each row execute function stand_still();
            """);
        return held;
    }

    /// <summary>One service for all tests of the class, which leaves its jobs to the workers of the tests.</summary>
    public sealed class Service : IAsyncLifetime
    {
        public AccountsService Accounts { get; } = WithoutWorkers();

        public NpgsqlDataSource Database { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            await Accounts.InitializeAsync();
            await Accounts.RenewLeaseAsync(applied: long.MaxValue);
            Database = NpgsqlDataSource.Create(Accounts.Database);
        }

        public async ValueTask DisposeAsync()
        {
            await Database.DisposeAsync();
            await Accounts.DisposeAsync();
        }
    }

    // Whoever gets to a step waits until the test lets go.
    private sealed class Held(NpgsqlDataSource database, NpgsqlConnection connection) : IAsyncDisposable
    {
        public Task WaitedForAsync(int key) => Eventually.Async(async () => await ScalarAsync(database,
            $"select count(*) from pg_locks where locktype = 'advisory' and objid = {key} and not granted and database = (select oid from pg_database where datname = current_database())") is > 0L, Long);

        public Task ReleaseAsync(int key) => SayAsync($"select pg_advisory_unlock({key})");

        public async Task SayAsync(string sql)
        {
#pragma warning disable CA2100 // the tests' own statements
            await using var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
            await command.ExecuteNonQueryAsync();
        }

        public async ValueTask DisposeAsync()
        {
            await SayAsync("select pg_advisory_unlock_all()");
            await SayAsync("drop trigger stand_still on bulk_job; drop function stand_still()");
            await connection.DisposeAsync();
        }
    }
}
