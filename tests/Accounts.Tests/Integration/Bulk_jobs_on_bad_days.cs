using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Hikyaku.Platform.Testing;
using Npgsql;

namespace Hikyaku.Accounts.Tests.Integration;

/// <summary>The broker is away, or the worker is killed: a job is done once, and to its end.</summary>
public sealed class Bulk_jobs_on_bad_days
{
    private const int Rows = 90;
    private const int RowsAtOnce = 9;
    private static readonly int Points = Campaign.Size("kills", everyDay: 4);

    [Fact, Trait("Rule", "REL-5"), Trait("Rule", "SEC-4"), Trait("Rule", "ACC-9"), Trait("Rule", "ACC-10"), Trait("Size", "kills")]
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

            var read = (await accounts.GetAsync($"/api/v1/domains/{domain}")).Body!;
            Assert.Equal((Rows + 1, 100 + (Rows * 20)), (read["accounts"]!.GetValue<int>(), read["capacityMb"]!.GetValue<int>()));
            Assert.Equal(Rows + 1L, await ScalarAsync(database, $"select count(*) from mail_account_list where domain = '{domain}'"));
            Assert.Equal(Rows * (isChange ? 3L : 1L), await ScalarAsync(database,
                $"select count(*) from mt_events e join mail_account_list l on l.account_id = e.stream_id where l.domain = '{domain}' and l.address not like 'postmaster@%'"));
            Assert.True((await accounts.VerifyAsync($"user{point * 7 % Rows:00}@{domain}", "Betsu-no-98yz"))["verified"]!.GetValue<bool>());
        }

        Assert.Equal(0L, await ScalarAsync(database, "select count(*) from mt_doc_address_reservation where data ->> 'ReservedBy' is not null"));
    }

    [Fact, Trait("Rule", "GWY-5")]
    public async Task With_the_broker_down_between_upload_and_start_the_job_is_done_all_the_same()
    {
        await using var rabbit = await RabbitServer.StartDedicatedAsync();
        await using var accounts = new AccountsService();
        await accounts.StartAsync(await PostgresServer.NewDatabaseAsync(), await rabbit.AddVirtualHostAsync(), await rabbit.AddVirtualHostAsync());
        await accounts.RenewLeaseAsync(applied: long.MaxValue);
        var domain = await accounts.DomainAsync();

        await rabbit.ShutDownAsync();
        var job = await SendAsync(accounts, domain, "imports", File(AccountsService.GoodPassword, 10));
        await Eventually.Async(() => accounts.GetAsync(job), r => r.Body?["state"]?.GetValue<string>() == "succeeded", TimeSpan.FromSeconds(60));
        Assert.Equal(Rows + 1, (await accounts.GetAsync($"/api/v1/domains/{domain}")).Body!["accounts"]!.GetValue<int>());
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
        var read = (await accounts.GetAsync($"/api/v1/domains/{domain}")).Body!;
        Assert.Equal((1, 100), (read["accounts"]!.GetValue<int>(), read["capacityMb"]!.GetValue<int>()));
        Assert.Equal((long)Rows, await ScalarAsync(database, $"select sum(total)::bigint from job where kind = 'account-deletion' and domain = '{domain}'"));
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
        }

        await using var worker = Worker(accounts);
        var end = await Eventually.Async(() => accounts.GetAsync(job), r => r.Body?["finishedAt"] is not null, TimeSpan.FromSeconds(60));
        Assert.Equal("succeeded", end.Body!["state"]!.GetValue<string>());
        var log = await worker.OutputAsync();
        Assert.DoesNotContain("Betsu-no-98yz", log, StringComparison.Ordinal);
        Assert.DoesNotContain(AccountsService.GoodPassword, log, StringComparison.Ordinal);
    }

    private static GuardedProcess Worker(AccountsService accounts)
    {
        var folder = Directory.CreateTempSubdirectory("hikyaku-test-worker-").FullName;
        return new(folder, "root", "KILL", new Dictionary<string, string>(),
            ["dotnet", Path.Combine(AppContext.BaseDirectory, "Accounts.dll"), .. accounts.Settings, "--Hikyaku:BulkJobsAtOnce=1",
             $"--Hikyaku:BulkRows={RowsAtOnce}", "--Hikyaku:BulkLeaseSeconds=2"]);
    }

    private static string File(string password, int capacityMb)
        => "mail_account,password,mail_capacity\n" + string.Join('\n', Enumerable.Range(0, Rows).Select(i => $"user{i:00},{password},{capacityMb}"));

    private static async Task<string> SendAsync(AccountsService accounts, string domain, string what, string text)
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(text)) { Headers = { ContentType = new MediaTypeHeaderValue("text/csv") } };
        var reply = await accounts.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/{what}", content);
        Assert.Equal(HttpStatusCode.Accepted, reply.Status);
        return reply.Location!;
    }

    private static async Task<object?> ScalarAsync(NpgsqlDataSource database, string sql)
    {
#pragma warning disable CA2100 // the tests' own statements
        await using var command = database.CreateCommand(sql);
#pragma warning restore CA2100
        return await command.ExecuteScalarAsync();
    }
}
