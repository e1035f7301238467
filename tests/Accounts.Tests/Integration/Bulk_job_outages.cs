using System.Collections.Concurrent;
using Hikyaku.Accounts.Contracts;
using Hikyaku.Platform.Testing;
using MassTransit;
using Npgsql;
using RabbitMQ.Client;
using static Hikyaku.Accounts.Tests.Integration.BulkWork;

namespace Hikyaku.Accounts.Tests.Integration;

/// <summary>The broker is away, or the worker is killed: a job is done once, and to its end.</summary>
public sealed class Bulk_job_outages
{
    private static readonly int Points = Campaign.Size("kills", everyDay: 2);

    [Fact, Trait("Rule", "REL-5"), Trait("Rule", "SEC-4"), Trait("Rule", "ACC-9"), Trait("Rule", "ACC-10"), Trait("Rule", "NTC-1"), Trait("Size", "kills")]
    public async Task Killed_at_any_point_it_goes_on_where_it_was()
    {
        await using var accounts = WithoutWorkers();
        await accounts.InitializeAsync();
        await accounts.RenewLeaseAsync(applied: long.MaxValue);
        await using var database = NpgsqlDataSource.Create(accounts.Database);
        var random = new Random(Campaign.Seed);
        for (var point = 0; point < Points; point++)
        {
            var domain = await accounts.DomainAsync(maxAccounts: 200);
            var isChange = point % 2 == 1;
            if (isChange) await DoneAsync(accounts, database, await SendAsync(accounts, domain, "imports", File(AccountsService.GoodPassword, 10)), killAt: null);
            var killAt = random.Next(0, isChange ? Rows : 2 * Rows);
            await DoneAsync(accounts, database, await SendAsync(accounts, domain, isChange ? "bulk-changes" : "imports", File("Betsu-no-98yz", 20)), killAt);

            Assert.Equal((Rows + 1, 100 + (Rows * 20)), await NumbersAsync(accounts, domain));
            Assert.Equal(Rows + 1L, await ScalarAsync(database, $"select count(*) from mail_account_list where domain = '{domain}'"));
            Assert.Equal(Rows * (isChange ? 3L : 1L), await EventsAsync(database, domain));
            Assert.True((await accounts.VerifyAsync($"user{point * 7 % Rows:00}@{domain}", "Betsu-no-98yz"))["verified"]!.GetValue<bool>());
        }

        Assert.Equal(0L, await ScalarAsync(database, "select count(*) from mt_doc_address_reservation where data ->> 'ReservedBy' is not null"));
    }

    [Fact, Trait("Rule", "REL-5"), Trait("Rule", "ACC-9"), Trait("Rule", "GWY-5")]
    public async Task A_worker_that_stood_still_until_another_one_had_its_job_changes_nothing_any_more()
    {
        await using var accounts = WithoutWorkers();
        await accounts.InitializeAsync();
        await accounts.RenewLeaseAsync(applied: long.MaxValue);
        await using var database = NpgsqlDataSource.Create(accounts.Database);
        // What it may hold in the database when it is stopped: PostgreSQL lets go of it as when a machine is gone. A worker that only has
        // to wait for a busy processor is quicker.
        await ScalarAsync(database, $"alter database {new NpgsqlConnectionStringBuilder(accounts.Database).Database} set idle_in_transaction_session_timeout = '5s'");
        var domain = await accounts.DomainAsync(maxAccounts: 200);
        var job = await SendAsync(accounts, domain, "imports", File(AccountsService.GoodPassword, 10));
        await using var slow = Worker(accounts, "--Logging:LogLevel:Hikyaku=Information");
        await Eventually.Async(async () => await ScalarAsync(database, "select reserved_rows from bulk_job") is > 0, TimeSpan.FromSeconds(120));
        await slow.PauseAsync();
        await DoneAsync(accounts, database, job, killAt: null);

        await slow.ResumeAsync();
        await Eventually.Async(() => slow.OutputAsync(int.MaxValue), log => log.Contains("Lost the lease of job", StringComparison.Ordinal) || log.Contains("is put off", StringComparison.Ordinal));
        await slow.ShutDownAsync();
        Assert.Equal((Rows + 1, 100 + (Rows * 10)), await NumbersAsync(accounts, domain));
        Assert.Equal((long)Rows, await EventsAsync(database, domain));
    }

    [Fact, Trait("Rule", "GWY-5"), Trait("Rule", "REL-1")]
    public async Task With_the_broker_down_jobs_are_done_and_published_once_when_it_is_back()
    {
        await using var rabbit = await RabbitServer.StartDedicatedAsync();
        await using var accounts = new AccountsService();
        await accounts.StartAsync(await PostgresServer.NewDatabaseAsync(), await rabbit.AddVirtualHostAsync(), await rabbit.AddVirtualHostAsync());
        await accounts.RenewLeaseAsync(applied: long.MaxValue);
        await using var database = NpgsqlDataSource.Create(accounts.Database);
        var told = new ConcurrentDictionary<Guid, Type>(); // by the ids of events: what is delivered again is there once
        await using var others = await Telling_others.ListenAsync(accounts.VirtualHost, e =>
        {
            e.Handler<MailAccountCreated>(c => { told[c.Message.EventId] = typeof(MailAccountCreated); return Task.CompletedTask; });
            e.Handler<MailAccountCapacityChanged>(c => { told[c.Message.EventId] = typeof(MailAccountCapacityChanged); return Task.CompletedTask; });
            e.Handler<MailAccountPasswordChanged>(c => { told[c.Message.EventId] = typeof(MailAccountPasswordChanged); return Task.CompletedTask; });
        }, keepsItsPlace: true);
        var domain = await accounts.DomainAsync();
        await Eventually.Async(() => told.Count == 1); // postmaster

        await AssertIsQuorumQueueAsync(accounts.VirtualHost, "accounts-jobs");

        await rabbit.ShutDownAsync();
        foreach (var (what, file) in new[] { ("imports", File(AccountsService.GoodPassword, 10)), ("bulk-changes", File("Betsu-no-98yz", 20)) })
        {
            var job = await SendAsync(accounts, domain, what, file);
            await Eventually.Async(() => accounts.GetAsync(job), r => r.Body?["state"]?.GetValue<string>() == "succeeded", TimeSpan.FromSeconds(60));
        }

        Assert.Equal((Rows + 1, 100 + (Rows * 20)), await NumbersAsync(accounts, domain));
        await rabbit.StartAgainAsync();
        await Eventually.Async(() => told.Count, n => n >= 1 + (3 * Rows), TimeSpan.FromSeconds(120));
        // What is too much would be before it.
        var last = (await accounts.TargetAsync(await accounts.AccountAsync(domain, "last")))!.AccountId;
        var lastEvent = (Guid)(await ScalarAsync(database, $"select id from mt_events where stream_id = '{last}'"))!;
        await Eventually.Async(() => told.ContainsKey(lastEvent));
        Assert.Equal(
            [(nameof(MailAccountCapacityChanged), Rows), (nameof(MailAccountCreated), Rows + 2), (nameof(MailAccountPasswordChanged), Rows)],
            told.CountBy(t => t.Value.Name).Select(t => (t.Key, t.Value)).Order());
        await Eventually.Async(async () => (await rabbit.QueuesAsync(accounts.VirtualHost))["accounts-jobs"] == 0);
        Assert.Equal(3L * Rows, await ScalarAsync(database, "select count(*) from mt_events where headers ->> 'job' is not null and type like 'accounts.mail-account-%'"));
    }

    [Theory, Trait("Rule", "REL-5"), Trait("Rule", "ACC-9"), Trait("Rule", "ACC-10")]
    [InlineData("imports")]
    [InlineData("bulk-changes")]
    public async Task With_the_database_gone_in_the_middle_a_job_goes_on_when_it_is_back(string what)
    {
        await using var postgres = await PostgresServer.StartDedicatedAsync();
        var rabbit = await RabbitServer.SharedAsync();
        await using var accounts = new AccountsService { More = Small };
        await accounts.StartAsync(await postgres.AddDatabaseAsync(), await rabbit.AddVirtualHostAsync(), await rabbit.AddVirtualHostAsync());
        await accounts.RenewLeaseAsync(applied: long.MaxValue);
        var domain = await accounts.DomainAsync(maxAccounts: 200);
        if (what == "bulk-changes") await SucceedsAsync(await SendAsync(accounts, domain, "imports", File(AccountsService.GoodPassword, 10)));
        await using var database = NpgsqlDataSource.Create(accounts.Database);
        await ScalarAsync(database, "create function stand_still() returns trigger language plpgsql as $$ begin perform pg_advisory_xact_lock(1); return new; end $$");
        await ScalarAsync(database, "create trigger stand_still before update on bulk_job for each row when (old.applied_rows > 30 and new.applied_rows > old.applied_rows) execute function stand_still()");
        await using var holder = await database.OpenConnectionAsync();
        await using (var hold = new NpgsqlCommand("select pg_advisory_lock(1)", holder)) await hold.ExecuteNonQueryAsync();
        var job = await SendAsync(accounts, domain, what, File("Betsu-no-98yz", 20));
        await Eventually.Async(async () => await ScalarAsync(database, "select count(*) from pg_locks where locktype = 'advisory' and objid = 1 and not granted") is > 0L, TimeSpan.FromSeconds(60));

        await postgres.StopAsync(); // and with it who holds the lock
        await postgres.StartAgainAsync();
        database.Clear();
        await SucceedsAsync(job);
        Assert.Equal((Rows + 1, 100 + (Rows * 20)), await NumbersAsync(accounts, domain));
        Assert.Equal(Rows * (what == "imports" ? 1L : 3L), await EventsAsync(database, domain));

        Task SucceedsAsync(string job) => Eventually.Async(() => accounts.GetAsync(job), r => r.Body?["state"]?.GetValue<string>() == "succeeded", TimeSpan.FromSeconds(90));
    }

    [Fact, Trait("Rule", "REL-5"), Trait("Rule", "OPS-3")]
    public async Task An_undo_that_is_killed_goes_on_where_it_was_and_undoes_everything_once()
    {
        await using var accounts = WithoutWorkers();
        await accounts.InitializeAsync();
        await accounts.RenewLeaseAsync(applied: long.MaxValue);
        await using var database = NpgsqlDataSource.Create(accounts.Database);
        var domain = await accounts.DomainAsync(maxAccounts: 200);
        var import = await SendAsync(accounts, domain, "imports", File(AccountsService.GoodPassword, 10));
        await DoneAsync(accounts, database, import, killAt: null);
        var change = await SendAsync(accounts, domain, "bulk-changes", "mail_account,mail_capacity\n" + string.Join('\n', Enumerable.Range(0, Rows).Select(i => $"user{i:00},20")));
        await DoneAsync(accounts, database, change, killAt: null);

        await DoneAsync(accounts, database, (await accounts.SendAsync(HttpMethod.Post, $"{change}/undo")).Location!, killAt: Rows / 2);
        Assert.Equal(100 + (Rows * 10), (await accounts.GetAsync($"/api/v1/domains/{domain}")).Body!["capacityMb"]!.GetValue<int>());
        Assert.Equal(Rows * 3L, await EventsAsync(database, domain));

        await using var node = await AccountsWithANode.AnswerAsync(accounts, _ => 0);
        await DoneAsync(accounts, database, (await accounts.SendAsync(HttpMethod.Post, $"{import}/undo")).Location!, killAt: Rows / 3);
        Assert.Equal((1, 100), await NumbersAsync(accounts, domain));
        Assert.Equal((long)Rows, await ScalarAsync(database, $"select sum(total)::bigint from job where kind = 'account-deletion' and domain = '{domain}'"));
    }

    // A worker of its own process takes the job; it is killed (SIGKILL) when so many rows are reserved and done, and another one goes on.
    private static async Task DoneAsync(AccountsService accounts, NpgsqlDataSource database, string job, int? killAt)
    {
        await using var notices = await RaisedNotices.ListenAsync(accounts.VirtualHost);
        var id = job[(job.LastIndexOf('/') + 1)..];
        if (killAt is { } rows)
        {
            await using var killed = Worker(accounts);
            await Eventually.Async(
                async () => await ScalarAsync(database, $"select coalesce((select reserved_rows + applied_rows from bulk_job where id = '{id}' and phase not in ('queued', 'applied')), -1)") is int and var at
                    && (at >= rows || (at < 0 && await ScalarAsync(database, $"select stage = 'in-force' from job where id = '{id}'") is true)),
                TimeSpan.FromSeconds(60));
            await killed.StopAsync();
            await NoPasswordAsync(killed);
        }

        await using var follower = await FollowerAsync(accounts);
        var end = await Eventually.Async(() => accounts.GetAsync(job), r => r.Body?["finishedAt"] is not null, TimeSpan.FromSeconds(60));
        Assert.Equal("succeeded", end.Body!["state"]!.GetValue<string>());
        await notices.OfJobAsync(id);
        Assert.Equal(1L, await ScalarAsync(database, $"select count(*) from mt_events where stream_id = '{id}' and type ~ 'job-(succeeded|failed|cancelled)'"));
    }

    // Who declares a queue that is there must say of what type it is.
    private static async Task AssertIsQuorumQueueAsync(string virtualHost, string queue)
    {
        await using var connection = await new ConnectionFactory { Uri = new(virtualHost) }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = "quorum" });
    }

    private static async Task NoPasswordAsync(GuardedProcess worker)
    {
        var log = await worker.OutputAsync(int.MaxValue);
        Assert.DoesNotContain("Betsu-no-98yz", log, StringComparison.Ordinal);
        Assert.DoesNotContain(AccountsService.GoodPassword, log, StringComparison.Ordinal);
    }

    private static async Task<object?> EventsAsync(NpgsqlDataSource database, string domain) => await ScalarAsync(database,
        $"select count(*) from mt_events e join mail_account_list l on l.account_id = e.stream_id where l.domain = '{domain}' and l.address not like 'postmaster@%'");
}
