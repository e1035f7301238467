using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using Hikyaku.Platform.Testing;
using Microsoft.Extensions.Logging;
using Npgsql;
using RabbitMQ.Client;
using static Hikyaku.Accounts.Tests.Integration.BulkWork;

namespace Hikyaku.Accounts.Tests.Integration;

/// <summary>Passwords come in files and go nowhere but into their hashes.</summary>
public sealed class Passwords_of_files
{
    private const string Planted = "Planted-Secret.77x";

    [Fact, Trait("Rule", "SEC-4")]
    public async Task Whatever_becomes_of_a_file_its_passwords_are_in_no_log_table_message_or_answer()
    {
        var rabbit = await RabbitServer.SharedAsync();
        string[] hosts = [await rabbit.AddVirtualHostAsync(traced: true), await rabbit.AddVirtualHostAsync(traced: true)];
        await using var bus = await TracedMessages.OfAsync(hosts[0]);
        await using var nodes = await TracedMessages.OfAsync(hosts[1]);
        await using var accounts = new AccountsService { More = ["--Hikyaku:BulkJobsAtOnce=0", "--Logging:LogLevel:Default=Trace", "--Logging:Console:LogLevel:Default=None"] };
        await accounts.StartAsync(await PostgresServer.NewDatabaseAsync(), hosts[0], hosts[1]);
        using var log = new LogOf(accounts.Get<ILoggerFactory>());
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
