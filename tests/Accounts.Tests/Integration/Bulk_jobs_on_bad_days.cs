using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Hikyaku.Accounts.Contracts;
using Hikyaku.Platform.Testing;
using MassTransit;
using Microsoft.Extensions.Logging;
using Npgsql;
using RabbitMQ.Client;

namespace Hikyaku.Accounts.Tests.Integration;

/// <summary>The broker is away, or the worker is killed: a job is done once, and to its end.</summary>
public sealed class Bulk_jobs_on_bad_days
{
    private const int Rows = 90;
    private const int RowsAtOnce = 9;
    private const string Planted = "Planted-Secret.77x";
    private static readonly int Points = Campaign.Size("kills", everyDay: 4);

    [Fact, Trait("Rule", "REL-5"), Trait("Rule", "SEC-4"), Trait("Rule", "ACC-9"), Trait("Rule", "ACC-10"), Trait("Rule", "NTC-1"), Trait("Size", "kills")]
    public async Task Killed_at_any_point_it_goes_on_where_it_was()
    {
        await using var accounts = new AccountsService { More = ["--Hikyaku:BulkJobsAtOnce=0"] };
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
            Assert.Equal(Rows * (isChange ? 3L : 1L), await ScalarAsync(database,
                $"select count(*) from mt_events e join mail_account_list l on l.account_id = e.stream_id where l.domain = '{domain}' and l.address not like 'postmaster@%'"));
            Assert.True((await accounts.VerifyAsync($"user{point * 7 % Rows:00}@{domain}", "Betsu-no-98yz"))["verified"]!.GetValue<bool>());
        }

        Assert.Equal(0L, await ScalarAsync(database, "select count(*) from mt_doc_address_reservation where data ->> 'ReservedBy' is not null"));
    }

    [Fact, Trait("Rule", "REL-5"), Trait("Rule", "ACC-9"), Trait("Rule", "GWY-5")]
    public async Task A_worker_that_stood_still_until_another_one_had_its_job_changes_nothing_any_more()
    {
        await using var accounts = new AccountsService { More = ["--Hikyaku:BulkJobsAtOnce=0"] };
        await accounts.InitializeAsync();
        await accounts.RenewLeaseAsync(applied: long.MaxValue);
        await using var database = NpgsqlDataSource.Create(accounts.Database);
        // What it may hold in the database when it is stopped: PostgreSQL lets go of it as when a machine is gone.
        await ScalarAsync(database, $"alter database {new NpgsqlConnectionStringBuilder(accounts.Database).Database} set idle_in_transaction_session_timeout = '1s'");
        var domain = await accounts.DomainAsync(maxAccounts: 200);
        var job = await SendAsync(accounts, domain, "imports", File(AccountsService.GoodPassword, 10));
        await using var slow = Worker(accounts, "--Logging:LogLevel:Hikyaku=Information");
        await Eventually.Async(async () => await ScalarAsync(database, "select reserved_rows from bulk_job") is > 0, TimeSpan.FromSeconds(60));
        await slow.PauseAsync();
        await DoneAsync(accounts, database, job, killAt: null);

        await slow.ResumeAsync();
        await Eventually.Async(() => slow.OutputAsync(int.MaxValue), log => log.Contains("is somebody else's now", StringComparison.Ordinal) || log.Contains("is put off", StringComparison.Ordinal));
        await slow.ShutDownAsync();
        Assert.Equal((Rows + 1, 100 + (Rows * 10)), await NumbersAsync(accounts, domain));
        Assert.Equal((long)Rows, await ScalarAsync(database,
            $"select count(*) from mt_events e join mail_account_list l on l.account_id = e.stream_id where l.domain = '{domain}' and l.address not like 'postmaster@%'"));
    }

    [Fact, Trait("Rule", "GWY-5"), Trait("Rule", "REL-1")]
    public async Task With_the_broker_down_from_upload_to_end_jobs_are_done_all_the_same_and_once_it_is_back_told_of_once()
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

        await AssertIsQuorumQueueAsync(accounts.VirtualHost, "bulk-jobs");

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
        await Eventually.Async(async () => (await rabbit.QueuesAsync(accounts.VirtualHost))["bulk-jobs"] == 0);
        Assert.Equal(3L * Rows, await ScalarAsync(database, "select count(*) from mt_events where headers ->> 'job' is not null and type like 'accounts.mail-account-%'"));
    }

    [Fact, Trait("Rule", "REL-5"), Trait("Rule", "OPS-3")]
    public async Task An_undo_that_is_killed_goes_on_where_it_was_and_undoes_everything_once()
    {
        await using var accounts = new AccountsService { More = ["--Hikyaku:BulkJobsAtOnce=0"] };
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
        Assert.Equal(Rows * 3L, await ScalarAsync(database,
            $"select count(*) from mt_events e join mail_account_list l on l.account_id = e.stream_id where l.domain = '{domain}' and l.address not like 'postmaster@%'"));

        await DoneAsync(accounts, database, (await accounts.SendAsync(HttpMethod.Post, $"{import}/undo")).Location!, killAt: Rows / 3);
        Assert.Equal((1, 100), await NumbersAsync(accounts, domain));
        Assert.Equal((long)Rows, await ScalarAsync(database, $"select sum(total)::bigint from job where kind = 'account-deletion' and domain = '{domain}'"));
    }

    [Fact, Trait("Rule", "SEC-4")]
    public async Task Whatever_becomes_of_a_file_its_passwords_are_in_no_log_table_message_or_answer()
    {
        var rabbit = await RabbitServer.SharedAsync();
        string[] hosts = [await rabbit.AddVirtualHostAsync(traced: true), await rabbit.AddVirtualHostAsync(traced: true)];
        await using var bus = await TracedMessages.OfAsync(hosts[0]);
        await using var nodes = await TracedMessages.OfAsync(hosts[1]);
        await using var accounts = new AccountsService { More = ["--Hikyaku:BulkJobsAtOnce=0", "--Logging:LogLevel:Default=Trace", "--Logging:Console:LogLevel:Default=None"] };
        await accounts.StartAsync(await PostgresServer.NewDatabaseAsync(), hosts[0], hosts[1]);
        using var log = new LogOf(accounts);
        await accounts.RenewLeaseAsync(applied: long.MaxValue);
        await using var database = NpgsqlDataSource.Create(accounts.Database);
        var domain = await accounts.DomainAsync(maxAccounts: 200);
        var spans = new ConcurrentQueue<string>(); // of all that runs in this process, so only those that may matter
        using var listener = new ActivityListener
        {
            ShouldListenTo = _ => true,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = a =>
            {
                var text = $"{a.DisplayName} {a.StatusDescription} {string.Join(' ', a.TagObjects)} {string.Join(' ', a.Baggage)} {string.Join(' ', a.Events.SelectMany(e => e.Tags))}";
                var isOwnQuestion = text.Contains(" t where t::text ilike ", StringComparison.Ordinal);
                if (!isOwnQuestion && (text.Contains(domain, StringComparison.Ordinal) || text.Contains("Planted", StringComparison.OrdinalIgnoreCase))) spans.Enqueue(text);
            },
        };
        ActivitySource.AddActivityListener(listener);
        var bad = $"mail_account,password,mail_capacity\nuser01,Planted,\nUSER01,{Planted},x\nuser02,{Planted}Ａ,\nuser03,{Planted},1,{Planted}\nuser04,{Planted[..7]}\u0001,\nu,{domain}Planted,";
        var answers = new StringBuilder();
        async Task<Reply> AskAsync(string path)
        {
            var reply = await accounts.SendAsync(HttpMethod.Get, path, null, null, ("Accept-Language", "ja"));
            answers.AppendLine(reply.Text);
            return reply;
        }

        async Task EndsAsync(string job, string state)
        {
            await Eventually.Async(() => AskAsync(job), r => r.Body?["state"]?.GetValue<string>() == state, TimeSpan.FromSeconds(60));
            await AskAsync($"{job}/events");
        }

        await ScalarAsync(database, "create function fail() returns trigger language plpgsql as $$ begin raise exception 'Not today'; end $$");
        await ScalarAsync(database, "create trigger fail before insert on mt_doc_address_reservation for each row execute function fail()");
        var givenUp = await SendAsync(accounts, domain, "imports", File(Planted, 10), answers);
        await ScalarAsync(database, "update bulk_job set faults = 4"); // the last but one that it may have
        Assert.Empty(await TablesWithAsync(database, "Planted"));
        await using var worker = Worker(accounts, "--Logging:Console:LogLevel:Default=Trace");
        await EndsAsync(givenUp, "failed");
        var reference = (await AskAsync(givenUp)).Body!["reference"]!.GetValue<string>();
        await ScalarAsync(database, "drop trigger fail on mt_doc_address_reservation");
        foreach (var (what, good) in new[] { ("imports", File(Planted, 10)), ("bulk-changes", File($"{Planted}2", 20)) })
        {
            await EndsAsync(await SendAsync(accounts, domain, what, bad, answers), "failed");
            await ScalarAsync(database, "create trigger fail before insert or update on mt_doc_credential for each row execute function fail()");
            var job = await SendAsync(accounts, domain, what, good, answers);
            await Eventually.Async(async () => await ScalarAsync(database, "select faults from bulk_job") is > 0, TimeSpan.FromSeconds(60));
            Assert.Empty(await TablesWithAsync(database, "Planted"));
            await ScalarAsync(database, "drop trigger fail on mt_doc_credential");
            await EndsAsync(job, "succeeded");
        }

        Assert.True((await accounts.VerifyAsync($"user05@{domain}", $"{Planted}2"))["verified"]!.GetValue<bool>());
        foreach (var path in new[] { "/api/v1/jobs", $"/api/v1/domains/{domain}/accounts.csv", $"/api/v1/accounts/user05@{domain}/history" }) await AskAsync(path);
        await Eventually.Async(async () => await ScalarAsync(database,
            "select (select max(seq_id) from mt_events) - (select last_seq_id from mt_event_progression where name like 'publisher%')") is 0L);
        await worker.ShutDownAsync();
        var texts = new Dictionary<string, string>
        {
            ["Not today"] = await worker.OutputAsync(int.MaxValue),
            ["/imports"] = log.ToString(),
            ["/bulk-changes"] = string.Join('\n', spans),
            ["user05"] = answers.ToString(),
            ["MailAccountPasswordChanged"] = await bus.UntilAsync($"user{Rows - 1:00}@{domain}"),
            ["$argon2id$"] = await nodes.UntilAsync($"user{Rows - 1:00}@{domain}"),
        };
        Assert.All(texts, t => Assert.Contains(t.Key, t.Value, StringComparison.OrdinalIgnoreCase)); // it is where the password could be
        Assert.All(texts, t => Assert.DoesNotContain("Planted", t.Value, StringComparison.OrdinalIgnoreCase));
        Assert.Contains(reference, texts["Not today"], StringComparison.Ordinal);
        Assert.Contains("mt_events", await TablesWithAsync(database, "user05"));
        Assert.Empty(await TablesWithAsync(database, "Planted"));
    }

    // A worker of its own process takes the job; it is killed (SIGKILL) when so many rows are reserved and done, and another one goes on.
    private static async Task DoneAsync(AccountsService accounts, NpgsqlDataSource database, string job, int? killAt)
    {
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

        await using var worker = Worker(accounts);
        var end = await Eventually.Async(() => accounts.GetAsync(job), r => r.Body?["finishedAt"] is not null, TimeSpan.FromSeconds(60));
        Assert.Equal("succeeded", end.Body!["state"]!.GetValue<string>());
        Assert.Equal(1L, await ScalarAsync(database, $"select count(*) from notice where job_id = '{id}'"));
        await NoPasswordAsync(worker);
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

    private static async Task<(int Accounts, int Mb)> NumbersAsync(AccountsService accounts, string domain)
    {
        var read = (await accounts.GetAsync($"/api/v1/domains/{domain}")).Body!;
        return (read["accounts"]!.GetValue<int>(), read["capacityMb"]!.GetValue<int>());
    }

    private static GuardedProcess Worker(AccountsService accounts, params string[] more)
    {
        var folder = Directory.CreateTempSubdirectory("hikyaku-test-worker-").FullName;
        return new(folder, "root", "KILL", new Dictionary<string, string>(),
            ["dotnet", Path.Combine(AppContext.BaseDirectory, "Accounts.dll"), .. accounts.Settings, "--Hikyaku:BulkJobsAtOnce=1",
             $"--Hikyaku:BulkRows={RowsAtOnce}", "--Hikyaku:BulkLeaseSeconds=2", .. more]);
    }

    private static string File(string password, int capacityMb)
        => "mail_account,password,mail_capacity\n" + string.Join('\n', Enumerable.Range(0, Rows).Select(i => $"user{i:00},{password},{capacityMb}"));

    private static async Task<string> SendAsync(AccountsService accounts, string domain, string what, string text, StringBuilder? answers = null)
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(text)) { Headers = { ContentType = new MediaTypeHeaderValue("text/csv") } };
        var reply = await accounts.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/{what}", content);
        Assert.Equal(HttpStatusCode.Accepted, reply.Status);
        answers?.AppendLine(reply.Text);
        return reply.Location!;
    }

    // Also as bytes, as which uploads are kept.
    private static async Task<List<string>> TablesWithAsync(NpgsqlDataSource database, string text)
    {
        var found = new List<string>();
        var tables = (string)(await ScalarAsync(database, "select string_agg(tablename, ' ') from pg_tables where schemaname = 'public'"))!;
        foreach (var table in tables.Split(' '))
        {
            var rows = await ScalarAsync(database, $"select count(*) from {table} t where t::text ilike '%{text}%' or t::text like '%{Convert.ToHexStringLower(Encoding.UTF8.GetBytes(text))}%'");
            if (rows is > 0L) found.Add(table);
        }

        return found;
    }

    private static async Task<object?> ScalarAsync(NpgsqlDataSource database, string sql)
    {
#pragma warning disable CA2100 // the tests' own statements
        await using var command = database.CreateCommand(sql);
#pragma warning restore CA2100
        return await command.ExecuteScalarAsync();
    }

    /// <summary>All that a service in this process logs, from trace level on.</summary>
    private sealed class LogOf : ILoggerProvider, ILogger
    {
        private readonly ConcurrentQueue<string> _lines = new();

        public LogOf(AccountsService accounts) => accounts.Get<ILoggerFactory>().AddProvider(this);

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
        {
            _lines.Enqueue($"{state}");
            return null;
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            => _lines.Enqueue($"{formatter(state, exception)} {exception}");

        public override string ToString() => string.Join('\n', _lines);

        public void Dispose()
        {
            // nothing is held
        }
    }

    /// <summary>Copies of what is published in a virtual host.</summary>
    private sealed class TracedMessages(IConnection connection, IChannel channel) : IAsyncDisposable
    {
        private readonly StringBuilder _bodies = new();

        public static async Task<TracedMessages> OfAsync(string virtualHost)
        {
            var connection = await new ConnectionFactory { Uri = new(virtualHost) }.CreateConnectionAsync();
            var channel = await connection.CreateChannelAsync();
            await channel.QueueDeclareAsync("traced");
            await channel.QueueBindAsync("traced", "amq.rabbitmq.trace", "publish.#");
            return new(connection, channel);
        }

        public Task<string> UntilAsync(string text) => Eventually.Async(async () =>
        {
            while (await channel.BasicGetAsync("traced", autoAck: true) is { } message) _bodies.AppendLine(Encoding.UTF8.GetString(message.Body.Span));
            return _bodies.ToString();
        }, bodies => bodies.Contains(text, StringComparison.Ordinal));

        public async ValueTask DisposeAsync()
        {
            await channel.DisposeAsync();
            await connection.DisposeAsync();
        }
    }
}
