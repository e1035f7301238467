using System.Collections.Concurrent;
using System.Net;
using Hikyaku.Accounts.Contracts;
using Hikyaku.Accounts.Nodes;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using Marten;
using MassTransit;
using Npgsql;

namespace Hikyaku.Accounts.Tests.Integration;

[Trait("Rule", "ACC-5")]
public sealed class Deleting_accounts(AccountsWithANode node) : IClassFixture<AccountsWithANode>
{
    private readonly AccountsService _accounts = node.Accounts;

    [Fact]
    public async Task A_deleted_account_is_gone_at_once_and_its_name_is_free_when_all_have_erased_it()
    {
        var domain = await _accounts.DomainAsync();
        var address = await _accounts.AccountAsync(domain, capacityMb: 50);
        var (target, user) = ((await _accounts.TargetAsync(address))!, await _accounts.UserAsync(address));

        var deleted = await _accounts.SendAsync(HttpMethod.Delete, $"/api/v1/accounts/{address}", caller: AccountsService.Admin(domain));

        Assert.Equal((HttpStatusCode.Accepted, "running"), (deleted.Status, deleted.Body!["state"]!.GetValue<string>()));
        Assert.Equal($"/api/v1/jobs/{deleted.Body["id"]!.GetValue<string>()}", deleted.Location);
        foreach (var (method, path, body) in new (HttpMethod, string, object?)[]
        {
            (HttpMethod.Get, "", null), (HttpMethod.Get, "/history", null), (HttpMethod.Patch, "", new { comment = "x" }),
            (HttpMethod.Put, "/password", new { current = AccountsService.GoodPassword, @new = "Betsu-no-98yz" }),
            (HttpMethod.Delete, "/mail", null), (HttpMethod.Delete, "", null),
        })
        {
            // The gateway may still believe that the address means it.
            Assert.Equal(HttpStatusCode.NotFound, (await _accounts.SendAboutAsync(target, method, $"/api/v1/accounts/{address}{path}", body, body is { } && method == HttpMethod.Put ? user : null)).Status);
        }

        Assert.Null(await _accounts.TargetAsync(address));
        Assert.False((await _accounts.VerifyAsync(address, AccountsService.GoodPassword))["verified"]!.GetValue<bool>());
        Assert.DoesNotContain(address, (await _accounts.GetAsync($"/api/v1/domains/{domain}/accounts")).Text, StringComparison.Ordinal);
        var view = (await _accounts.GetAsync($"/api/v1/domains/{domain}")).Body!;
        Assert.Equal((1, 100), (view["accounts"]!.GetValue<int>(), view["capacityMb"]!.GetValue<int>()));
        Assert.Equal(["accounts.being-deleted"], (await CreateAsync(domain)).Codes);

        await node.ErasedByNodeAsync(target.AccountId);
        await node.ErasedByNodeAsync("0190000000007000800000000000dead"); // of an account that nobody deletes
        await node.ErasedByNodeAsync(target.AccountId);
        Assert.Equal("running", (await _accounts.GetAsync(deleted.Location!)).Body!["state"]!.GetValue<string>());
        await node.ErasedByGatewayAsync(target.AccountId);

        var job = (await node.JobAsync(deleted.Location!, "succeeded")).Body!;
        Assert.Equal((1, 1, 1), (job["progress"]!["done"]!.GetValue<int>(), job["progress"]!["total"]!.GetValue<int>(), job["result"]!["deleted"]!.GetValue<int>()));
        Assert.NotNull(job["finishedAt"]);

        Assert.Equal(HttpStatusCode.Created, (await CreateAsync(domain)).Status);
        var reborn = (await _accounts.TargetAsync(address))!;
        Assert.NotEqual(target.AccountId, reborn.AccountId);
        Assert.Equal(2, reborn.Life);
        Assert.Single((await _accounts.GetAsync($"/api/v1/accounts/{address}/history")).Body!["items"]!.AsArray());
        // What still means the former account stays without an answer.
        Assert.Equal(HttpStatusCode.NotFound, (await _accounts.SendAboutAsync(target, HttpMethod.Get, $"/api/v1/accounts/{address}")).Status);
    }

    [Fact, Trait("Rule", "ACC-4")]
    public async Task A_bulk_deletion_with_a_hindrance_names_each_of_them_and_deletes_none()
    {
        var (domain, other) = (await _accounts.DomainAsync(), await _accounts.DomainAsync());
        var (taro, jiro) = (await _accounts.AccountAsync(domain), await _accounts.AccountAsync(domain, "jiro"));
        var stranger = await _accounts.AccountAsync(other, "hanako");
        await _accounts.SendAsync(HttpMethod.Delete, $"/api/v1/accounts/{jiro}");

        var refused = await DeleteAsync(domain, taro, $"postmaster@{domain}", jiro, $"nobody@{domain}", stranger, "not an address");

        Assert.Equal(HttpStatusCode.Conflict, refused.Status);
        Assert.Equal(
            ["accounts.being-deleted", "accounts.no-such-account", "accounts.no-such-account", "accounts.no-such-account", "accounts.postmaster-cannot-be-deleted"],
            refused.Codes.Order());
        Assert.Equal(
            ["addresses[1]", "addresses[2]", "addresses[3]", "addresses[4]", "addresses[5]"],
            refused.Body!["errors"]!.AsArray().Select(e => e!["field"]!.GetValue<string>()));
        Assert.Equal(HttpStatusCode.OK, (await _accounts.GetAsync($"/api/v1/accounts/{taro}")).Status);
        Assert.Equal(2, (await _accounts.GetAsync($"/api/v1/domains/{domain}")).Body!["accounts"]!.GetValue<int>());
        Assert.Equal(["accounts.postmaster-cannot-be-deleted"], (await _accounts.SendAsync(HttpMethod.Delete, $"/api/v1/accounts/postmaster@{domain}")).Codes);
    }

    [Fact]
    public async Task The_number_of_accounts_is_bounded_and_one_that_is_named_twice_counts_once()
    {
        var domain = await _accounts.DomainAsync();
        var taro = await _accounts.AccountAsync(domain);
        Assert.Equal(["accounts.deletion-count"], (await DeleteAsync(domain)).Codes);
        Assert.Equal(["accounts.deletion-count"], (await DeleteAsync(domain, [.. Enumerable.Range(0, 1001).Select(i => $"a{i}@{domain}")])).Codes);

        var deleted = await DeleteAsync(domain, taro, taro.ToUpperInvariant());

        Assert.Equal((HttpStatusCode.Accepted, 1), (deleted.Status, deleted.Body!["progress"]!["total"]!.GetValue<int>()));
    }

    [Fact]
    public async Task Five_hundred_at_once_are_gone_at_once_and_the_job_counts_them()
    {
        var domain = await _accounts.DomainAsync(maxAccounts: 600);
        var addresses = Enumerable.Range(0, 500).Select(i => $"u{i:000}@{domain}").ToArray();
        await Parallel.ForEachAsync(addresses, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (a, _) => await _accounts.AccountAsync(domain, a[..4], capacityMb: 1));
        var ids = new ConcurrentBag<string>();
        await Parallel.ForEachAsync(addresses, async (a, _) => ids.Add((await _accounts.TargetAsync(a))!.AccountId));

        Assert.Equal(["accounts.postmaster-cannot-be-deleted"], (await DeleteAsync(domain, [.. addresses, $"postmaster@{domain}"])).Codes);
        Assert.Equal(501, (await _accounts.GetAsync($"/api/v1/domains/{domain}")).Body!["accounts"]!.GetValue<int>());
        var deleted = await DeleteAsync(domain, addresses);

        Assert.Equal(1, (await _accounts.GetAsync($"/api/v1/domains/{domain}")).Body!["accounts"]!.GetValue<int>());
        foreach (var id in ids.Take(250)) await node.ErasedAsync(id);
        await Eventually.Async(() => _accounts.GetAsync(deleted.Location!), j => j.Body!["progress"]!["done"]!.GetValue<int>() == 250);
        foreach (var id in ids) await node.ErasedAsync(id); // some for the second time
        Assert.Equal(500, (await node.JobAsync(deleted.Location!, "succeeded")).Body!["result"]!["deleted"]!.GetValue<int>());
    }

    [Fact]
    public async Task Of_several_deletions_of_one_account_at_once_one_is_done()
    {
        var domain = await _accounts.DomainAsync();
        var address = await _accounts.AccountAsync(domain);
        var target = await _accounts.TargetAsync(address);

        var replies = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => _accounts.SendAboutAsync(target, HttpMethod.Delete, $"/api/v1/accounts/{address}")));

        Assert.Single(replies, r => r.Status == HttpStatusCode.Accepted);
        Assert.Equal(7, replies.Count(r => r.Status == HttpStatusCode.NotFound));
        Assert.Equal(1, (await _accounts.GetAsync($"/api/v1/domains/{domain}")).Body!["accounts"]!.GetValue<int>());
    }

    [Fact, Trait("Rule", "GWY-4")]
    public async Task A_repeated_request_answers_the_same_job_and_a_stale_version_deletes_nothing()
    {
        var domain = await _accounts.DomainAsync();
        var address = await _accounts.AccountAsync(domain);
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await _accounts.SendAsync(HttpMethod.Delete, $"/api/v1/accounts/{address}", null, null, ("If-Match", "\"7\""))).Status);

        var (path, body, key) = ($"/api/v1/domains/{domain}/accounts/delete", new { addresses = new[] { address } }, ("Idempotency-Key", "delete-1"));
        var first = await _accounts.SendAsync(HttpMethod.Post, path, body, null, key);
        var second = await _accounts.SendAsync(HttpMethod.Post, path, body, null, key);

        Assert.Equal((HttpStatusCode.Accepted, HttpStatusCode.Accepted), (first.Status, second.Status));
        Assert.Equal(first.Text, second.Text);
    }

    [Fact, Trait("Rule", "NOD-5")]
    public async Task A_node_without_a_lease_is_not_waited_for_and_without_any_node_nothing_is_done()
    {
        await using var own = new AccountsWithANode();
        await own.InitializeAsync();
        var domain = await own.Accounts.DomainAsync();
        var id = (await own.Accounts.TargetAsync(await own.Accounts.AccountAsync(domain)))!.AccountId;
        await LeaseAsync(own.Accounts, "mail2", DateTimeOffset.UtcNow.AddMinutes(5));
        var deleted = await own.Accounts.SendAsync(HttpMethod.Delete, $"/api/v1/accounts/taro@{domain}");
        await own.ErasedAsync(id);

        await LeaseAsync(own.Accounts, AccountsService.Node, DateTimeOffset.UtcNow.AddSeconds(-1));
        await LeaseAsync(own.Accounts, "mail2", DateTimeOffset.UtcNow.AddSeconds(-1));
        await Eventually.Async(() => ReportsAsync(own.Accounts, id), n => n == 2);
        Assert.Equal("running", (await own.Accounts.GetAsync(deleted.Location!)).Body!["state"]!.GetValue<string>());

        await LeaseAsync(own.Accounts, AccountsService.Node, DateTimeOffset.UtcNow.AddMinutes(5));
        await own.JobAsync(deleted.Location!, "succeeded");
    }

    [Fact]
    public async Task A_service_that_was_killed_in_between_goes_on()
    {
        await using var own = new AccountsWithANode();
        await own.InitializeAsync();
        var domain = await own.Accounts.DomainAsync();
        var id = (await own.Accounts.TargetAsync(await own.Accounts.AccountAsync(domain)))!.AccountId;
        await LeaseAsync(own.Accounts, "mail2", DateTimeOffset.UtcNow.AddMinutes(5)); // another node has yet to erase it
        var deleted = await own.Accounts.SendAsync(HttpMethod.Delete, $"/api/v1/accounts/taro@{domain}");
        await own.ErasedAsync(id);
        await Eventually.Async(() => ReportsAsync(own.Accounts, id), n => n == 2);
        Assert.Equal("running", (await own.Accounts.GetAsync(deleted.Location!)).Body!["state"]!.GetValue<string>());

        await LeaseAsync(own.Accounts, "mail2", DateTimeOffset.UtcNow.AddSeconds(-1));
        await own.Accounts.StopAsync();
        await own.Accounts.StartAgainAsync();

        await own.JobAsync(deleted.Location!, "succeeded");
    }

    [Fact, Trait("Rule", "OPS-6")]
    public async Task Nothing_personal_is_left_of_it_anywhere_and_ids_times_and_kinds_stay()
    {
        var domain = await _accounts.DomainAsync();
        var name = $"z{Guid.NewGuid():N}"[..20];
        var address = await _accounts.AccountAsync(domain, name, comment: $"comment-{name}");
        var (target, user) = ((await _accounts.TargetAsync(address))!, (await _accounts.UserAsync(address)) with { Address = "203.0.113.77" });
        await _accounts.SendAsync(HttpMethod.Patch, $"/api/v1/accounts/{address}", new { comment = $"later-{name}" }, AccountsService.Admin(domain));
        Assert.Equal(HttpStatusCode.NoContent, (await _accounts.SendAsync(
            HttpMethod.Put, $"/api/v1/accounts/{address}/password", new { current = AccountsService.GoodPassword, @new = "Betsu-no-98yz" }, user)).Status);
        Assert.Equal(HttpStatusCode.Accepted, (await _accounts.SendAsync(HttpMethod.Delete, $"/api/v1/accounts/{address}/mail", caller: user)).Status);
        // Files that fail because of it, and because of others.
        var file = await BulkWork.SendAsync(_accounts, domain, "imports", $"mail_account,password\n{name},{AccountsService.GoodPassword}\nother,x\n");
        var failed = (await node.JobAsync(file, "failed")).Body!["errors"]!.AsArray();
        Assert.Contains(failed, e => e!["detail"]!.GetValue<string>().Contains(address, StringComparison.Ordinal));
        Assert.NotEmpty(await TablesWithAsync(name));
        Assert.NotEmpty(await TablesWithAsync("203.0.113.77"));

        var deleted = await _accounts.SendAsync(HttpMethod.Delete, $"/api/v1/accounts/{address}", caller: AccountsService.Admin(domain));
        await node.ErasedAsync(target.AccountId);
        await node.JobAsync(deleted.Location!, "succeeded");

        Assert.Empty(await TablesWithAsync(name));
        Assert.Empty(await TablesWithAsync("203.0.113.77"));
        var forgotten = (await node.JobAsync(file, "failed")).Body!;
        Assert.Equal((failed.Count, 1), (forgotten["errors"]!.AsArray().Count + 1, forgotten["moreErrors"]!.GetValue<int>()));
        await using var session = _accounts.Get<IDocumentStore>().QuerySession();
        var events = await session.Events.FetchStreamAsync(target.AccountId);
        Assert.Equal(
            ["MailAccountCreated", "MailAccountCommentChanged", "MailAccountPasswordChanged", "MailDataDeletionStarted", "MailAccountDeletionStarted", "MailAccountDeleted"],
            events.Select(e => e.Data.GetType().Name));
        Assert.Equal(
            [("operator", "operator"), ("admin", "admin1"), ("user", ""), ("user", ""), ("admin", "admin1"), ("system", "system")],
            events.Select(e => EventHeaders.CallerOf(e)).Select(c => (c.Role, c.Login)));
        Assert.Equal(target.AccountId, ((Hikyaku.Accounts.MailAccounts.MailAccountCreated)events[0].Data).AccountId);
    }

    [Fact, Trait("Rule", "NOD-3")]
    public async Task Nodes_are_told_of_a_tombstone_and_list_it_until_all_is_erased()
    {
        var states = new ConcurrentQueue<MailboxState>();
        await using var listening = await Telling_others.ListenAsync(_accounts.NodeVirtualHost, e => e.Handler<MailboxState>(c => { states.Enqueue(c.Message); return Task.CompletedTask; }));
        var domain = await _accounts.DomainAsync();
        var id = (await _accounts.TargetAsync(await _accounts.AccountAsync(domain)))!.AccountId;

        var deleted = await _accounts.SendAsync(HttpMethod.Delete, $"/api/v1/accounts/taro@{domain}");

        var tombstone = await Eventually.Async(() => states.FirstOrDefault(s => s.AccountId == id && s.Deleted), s => s is not null);
        Assert.Equal((null, $"taro@{domain}", 2L), (tombstone!.PasswordHash, tombstone.Address, tombstone.Version));
        Assert.True((await ListedAsync(id))!.Deleted);
        await node.ErasedAsync(id);
        await node.JobAsync(deleted.Location!, "succeeded");
        Assert.Null(await ListedAsync(id));
        Assert.True((await Eventually.Async(() => states.FirstOrDefault(s => s.AccountId == id && s.Version == 3), s => s is not null))!.Deleted);
    }

    private async Task<MailboxState?> ListedAsync(string id)
    {
        await using var connection = await _accounts.Get<NpgsqlDataSource>().OpenConnectionAsync();
        await foreach (var state in _accounts.Get<NodeStates>().All(connection, 1, default))
        {
            if (state is MailboxState m && m.AccountId == id) return m;
        }

        return null;
    }

    // Looks for a text in every table.
    private async Task<List<string>> TablesWithAsync(string text)
    {
        var database = _accounts.Get<NpgsqlDataSource>();
        var (tables, found) = (new List<string>(), new List<string>());
        await using (var names = database.CreateCommand("select table_name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'"))
        await using (var row = await names.ExecuteReaderAsync())
        {
            while (await row.ReadAsync()) tables.Add(row.GetString(0));
        }

        Assert.Contains("mt_events", tables);
        foreach (var table in tables)
        {
            await using var rows = database.CreateCommand($"select count(*) from \"{table}\" t where t::text ilike $1");
            rows.Parameters.Add(new() { Value = $"%{text}%" });
            if (await rows.ExecuteScalarAsync() is > 0L) found.Add(table);
        }

        return found;
    }

    private Task<Reply> CreateAsync(string domain)
        => _accounts.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/accounts", new { name = "taro", password = AccountsService.GoodPassword });

    private Task<Reply> DeleteAsync(string domain, params string[] addresses)
        => _accounts.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/accounts/delete", new { addresses });

    private static async Task LeaseAsync(AccountsService accounts, string name, DateTimeOffset until)
    {
        await using var session = accounts.Get<IDocumentStore>().LightweightSession();
        session.Store(new NodeLease { Id = name, Until = until, Applied = new Dictionary<string, long> { ["accounts"] = long.MaxValue }, Listed = true });
        await session.SaveChangesAsync();
    }

    private static async Task<long> ReportsAsync(AccountsService accounts, string id)
    {
        await using var command = accounts.Get<NpgsqlDataSource>().CreateCommand("select count(*) from deletion_report where account_id = $1");
        command.Parameters.Add(new() { Value = id });
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
