using System.Net;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform.Testing;
using Hikyaku.Accounts.Verifying;
using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.Accounts.Tests.Integration;

/// <summary><c>./dev rebuild</c>, on a service that runs. Each test has damaged something before and finds all as it was.</summary>
[Trait("Rule", "REL-6")]
public sealed class Rebuilding(AccountsWithANode node) : IClassFixture<AccountsWithANode>
{
    // Everything that is rebuilt, and what is not and must stay, but for what Marten notes of the time of a write.
    private static readonly string[] All =
    [
        "mail_account_list", "node_mailboxes", "job", "mt_doc_mail_account", "mt_doc_domain", "mt_doc_staff_member", "mt_doc_job", "mt_doc_registered_node",
        "domain_usage", "mt_doc_address_reservation", "mt_doc_credential", "mt_doc_former_life", "mt_events", "mt_streams",
    ];

    private readonly AccountsService _accounts = node.Accounts;

    [Fact]
    public async Task What_is_right_is_not_written()
    {
        await HistoryAsync();
        var before = await DumpAsync("xmin::text");
        var rebuilt = (await RebuildReadModels.RunAsync(AccountsVerbs.All, _accounts.Database, CancellationToken.None))!;
        Assert.All(rebuilt.Tables, t => Assert.Equal((0, 0, 0), (t.Changed, t.Added, t.Removed)));
        Assert.Equal(before, await DumpAsync("xmin::text"));
        Assert.Equal(8, rebuilt.Tables.Count);
    }

    [Theory]
    [InlineData("delete from mail_account_list where domain = @domain")]
    [InlineData("update mail_account_list set comment = 'x', search = 'x', capacity_mb = 1, home_node = 'x', password_forcibly_changed = not password_forcibly_changed, credential_id = null where domain = @domain")]
    [InlineData("insert into mail_account_list (account_id, domain, address, capacity_mb, life, created_at) values ('stray', @domain, 'stray@' || @domain, 1, 1, now())")]
    [InlineData("update node_mailboxes set accounts = accounts + 5 where domain = @domain")]
    [InlineData("delete from node_mailboxes where domain = @domain")]
    [InlineData("delete from job where domain = @domain")]
    [InlineData("update job set state = 'failed', started_by = 'eve', finished_at = null where domain = @domain")]
    [InlineData("update mt_doc_mail_account set data = jsonb_set(data, '{CapacityMb}', '7') where data ->> 'Domain' = @domain")]
    [InlineData("update mt_doc_mail_account set mt_version = mt_version - 1 where data ->> 'Domain' = @domain")]
    [InlineData("delete from mt_doc_mail_account where data ->> 'Domain' = @domain")]
    [InlineData("delete from mt_doc_domain where id = @domain")]
    public async Task What_is_damaged_is_as_it_was_and_what_no_event_says_has_stayed(string damage)
    {
        var domain = await HistoryAsync();
        var before = await DumpAsync();
        await ExecuteAsync(damage, domain);
        var damaged = await DumpAsync();
        Assert.NotEqual(before, damaged);

        await RebuildReadModels.RunAsync(AccountsVerbs.All, _accounts.Database, CancellationToken.None);

        // A row that was lost has lost what only it had.
        var lost = damage.StartsWith("delete from", StringComparison.Ordinal);
        Assert.Equal(lost ? Without(before) : before, lost ? Without(await DumpAsync()) : await DumpAsync());
        Assert.Empty(await FoundAsync());

        static string[] Without(string[] dump) => [.. dump.Select(r => System.Text.RegularExpressions.Regex.Replace(r, @"""(used_bytes|used_at|done|total|stage|moved_at)"": [^,}]*", ""))];
    }

    [Fact]
    public async Task Commands_go_on_meanwhile_and_nobody_sees_fewer_accounts()
    {
        var domain = await _accounts.DomainAsync(maxAccounts: 10_000);
        await _accounts.AccountAsync(domain, "first");
        using var stop = new CancellationTokenSource();
        var created = 0;
        var creating = Task.Run(async () =>
        {
            for (; !stop.IsCancellationRequested; created++) await _accounts.AccountAsync(domain, $"user{created}", capacityMb: 1);
        });
        var looking = Task.Run(async () =>
        {
            for (long least = 0; !stop.IsCancellationRequested;)
            {
                var there = await CountAsync(domain);
                Assert.InRange(there, least, long.MaxValue);
                least = there;
            }
        });
        for (var i = 0; i < 3; i++)
        {
            await ExecuteAsync("update mail_account_list set comment = 'x' where address = 'first@' || @domain", domain);
            await RebuildReadModels.RunAsync(AccountsVerbs.All, _accounts.Database, CancellationToken.None);
        }

        await stop.CancelAsync();
        await Task.WhenAll(creating, looking);
        Assert.NotEqual(0, created);
        Assert.Equal(created + 2, await CountAsync(domain));
        Assert.Empty(await FoundAsync());
    }

    [Fact]
    public async Task One_that_breaks_off_has_changed_nothing_and_the_next_one_does_all()
    {
        var domain = await HistoryAsync();
        await ExecuteAsync("update mail_account_list set capacity_mb = 1 where domain = @domain", domain);
        await ExecuteAsync("update mt_events set data = jsonb_build_array(data) where type = 'accounts.mail-account-capacity-changed.v1' and stream_id = (select account_id from mail_account_list where address = 'taro@' || @domain)", domain);
        var damaged = await DumpAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => RebuildReadModels.RunAsync(AccountsVerbs.All, _accounts.Database, CancellationToken.None));
        Assert.Equal(damaged, await DumpAsync());

        await ExecuteAsync("update mt_events set data = data -> 0 where jsonb_typeof(data) = 'array' and @domain <> ''", domain);
        await RebuildReadModels.RunAsync(AccountsVerbs.All, _accounts.Database, CancellationToken.None);
        Assert.Empty(await FoundAsync());
    }

    [Fact]
    public async Task Of_two_at_once_one_is_refused()
    {
        var both = await Task.WhenAll(RebuildReadModels.RunAsync(AccountsVerbs.All, _accounts.Database, CancellationToken.None), RebuildReadModels.RunAsync(AccountsVerbs.All, _accounts.Database, CancellationToken.None));
        Assert.Single(both, r => r is null);
    }

    /// <summary>A domain with accounts, changed, forced, emptied, being deleted, erased; what is measured is there, too.</summary>
    private async Task<string> HistoryAsync()
    {
        var domain = await _accounts.DomainAsync();
        foreach (var name in new[] { "taro", "jiro", "hanako", "gone" }) await _accounts.AccountAsync(domain, name, 20, $"{name} 営業部");
        var (taro, jiro, hanako, gone) = ($"taro@{domain}", $"jiro@{domain}", $"hanako@{domain}", $"gone@{domain}");
        await SendAsync(HttpMethod.Patch, $"/api/v1/accounts/{taro}", new { capacityMb = 30, comment = "'second", password = "Betsu-no-98yz" });
        await SendAsync(HttpMethod.Patch, $"/api/v1/accounts/{taro}", new { comment = "" });
        await SendAsync(HttpMethod.Post, $"/api/v1/accounts/{jiro}/force-password-change", new { reason = "mass sending" });
        await SendAsync(HttpMethod.Patch, $"/api/v1/domains/{domain}", new { maxAccounts = 90 });
        await SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/administrators", new { login = domain[..20], password = AccountsService.GoodPassword });
        var (id, goneId) = ((await _accounts.TargetAsync(taro))!.AccountId, (await _accounts.TargetAsync(gone))!.AccountId);
        await node.TellAsync(new MailboxUsageMeasured(AccountsService.Node, DateTimeOffset.UtcNow, [new(id, 5_000)]));
        await SendAsync(HttpMethod.Delete, $"/api/v1/accounts/{taro}/mail");
        var emptied = await _accounts.SendAsync(HttpMethod.Delete, $"/api/v1/accounts/{gone}/mail", caller: await _accounts.UserAsync(gone));
        Assert.Equal(HttpStatusCode.Accepted, emptied.Status);
        await SendAsync(HttpMethod.Delete, $"/api/v1/accounts/{hanako}");
        var deletion = await _accounts.SendAsync(HttpMethod.Delete, $"/api/v1/accounts/{gone}");
        await node.ErasedAsync(goneId);
        await node.JobAsync(deletion.Location!, "succeeded");
        await Eventually.Async(async () => await NumberAsync("select count(*) from mail_account_list where domain = @domain and used_bytes = 5000", domain) == 1);
        return domain;
    }

    // The replica of the node is not there to be looked at.
    private async Task<IEnumerable<Disagreement>> FoundAsync()
        => (await VerifyStreams.RunAsync(AccountsVerbs.All, _accounts.Database, TimeSpan.Zero, CancellationToken.None)).Disagreements;

    private async Task SendAsync(HttpMethod method, string path, object? body = null) => Assert.InRange((int)(await _accounts.SendAsync(method, path, body)).Status, 200, 299);

    private async Task<string[]> DumpAsync(string more = "''")
    {
        await using var connection = new NpgsqlConnection(_accounts.Database);
        await connection.OpenAsync();
        var rows = new List<string>();
        foreach (var table in All)
        {
#pragma warning disable CA2100 // the tables above
            await using var command = new NpgsqlCommand($"select '{table} ' || {more} || (to_jsonb(t) - 'mt_last_modified') from {table} t", connection);
#pragma warning restore CA2100
            await using var row = await command.ExecuteReaderAsync();
            while (await row.ReadAsync()) rows.Add(row.GetString(0));
        }

        rows.Sort(StringComparer.Ordinal);
        return [.. rows];
    }

    private Task<long> CountAsync(string domain) => NumberAsync("select count(*) from mail_account_list where domain = @domain", domain);

    private async Task<long> NumberAsync(string sql, string domain)
    {
        await using var connection = new NpgsqlConnection(_accounts.Database);
        await connection.OpenAsync();
#pragma warning disable CA2100 // the tests' own statements
        await using var command = new NpgsqlCommand(sql, connection) { Parameters = { new("domain", domain) } };
#pragma warning restore CA2100
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private async Task ExecuteAsync(string sql, string domain)
    {
        await using var connection = new NpgsqlConnection(_accounts.Database);
        await connection.OpenAsync();
#pragma warning disable CA2100 // the tests' own statements
        await using var command = new NpgsqlCommand(sql, connection) { Parameters = { new("domain", domain) } };
#pragma warning restore CA2100
        Assert.NotEqual(0, await command.ExecuteNonQueryAsync());
    }
}
