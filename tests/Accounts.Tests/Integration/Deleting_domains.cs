using System.Collections.Concurrent;
using System.Net;
using Hikyaku.Accounts.Contracts;
using Hikyaku.Platform.Testing;
using MassTransit;

namespace Hikyaku.Accounts.Tests.Integration;

[Trait("Rule", "GWY-1")]
public sealed class Deleting_domains(AccountsWithANode node) : IClassFixture<AccountsWithANode>
{
    private readonly AccountsService _accounts = node.Accounts;

    [Fact, Trait("Rule", "ACC-5")]
    public async Task A_deleted_domain_is_gone_at_once_and_its_name_is_free_when_all_have_erased_it()
    {
        var domain = await _accounts.DomainAsync();
        await AppointAsync(domain, "boss");
        var postmaster = (await _accounts.TargetAsync($"postmaster@{domain}"))!;

        var deleted = await DeleteAsync(domain);

        Assert.Equal((HttpStatusCode.Accepted, "domain-deletion"), (deleted.Status, deleted.Body!["kind"]!.GetValue<string>()));
        foreach (var path in new[] { "", "/dns", "/administrators", "/administrators/boss", "/history", "/accounts", "/accounts.csv" })
            Assert.Equal(HttpStatusCode.NotFound, (await _accounts.GetAsync($"/api/v1/domains/{domain}{path}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await _accounts.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/accounts", new { name = "taro", password = AccountsService.GoodPassword })).Status);
        Assert.Null(await _accounts.TargetAsync($"postmaster@{domain}"));
        Assert.DoesNotContain(domain, (await _accounts.VerifyAsync("boss", AccountsService.GoodPassword)).ToJsonString(), StringComparison.Ordinal);
        Assert.Equal(["domains.being-deleted"], (await AddAsync(domain)).Codes);
        Assert.Equal(deleted.Location, (await DeleteAsync(domain)).Location);

        await node.ErasedAsync(postmaster.AccountId);
        await node.JobAsync(deleted.Location!, "succeeded");

        Assert.Equal(HttpStatusCode.NotFound, (await DeleteAsync(domain)).Status);
        var added = await AddAsync(domain);
        Assert.Equal(HttpStatusCode.Created, added.Status);
        Assert.Equal(added.ETag, (await _accounts.GetAsync($"/api/v1/domains/{domain}")).ETag);
        Assert.Empty((await _accounts.GetAsync($"/api/v1/domains/{domain}/administrators")).Body!["items"]!.AsArray());
        Assert.Equal(2, (await _accounts.TargetAsync($"postmaster@{domain}"))!.Life);
        Assert.Equal(1, (await _accounts.GetAsync($"/api/v1/domains/{domain}")).Body!["accounts"]!.GetValue<int>());
        await _accounts.AccountAsync(domain);
    }

    [Fact]
    public async Task A_domain_with_accounts_is_not_deleted_and_says_how_many()
    {
        var domain = await _accounts.DomainAsync();
        var taro = await _accounts.AccountAsync(domain);
        var refused = await DeleteAsync(domain);
        Assert.Equal((HttpStatusCode.Conflict, "domains.has-accounts"), (refused.Status, refused.Codes.Single()));
        Assert.Contains(" 1 account", refused.Text, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await _accounts.GetAsync($"/api/v1/domains/{domain}")).Status);

        await _accounts.SendAsync(HttpMethod.Delete, $"/api/v1/accounts/{taro}"); // what is being deleted does not hinder
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await _accounts.SendAsync(HttpMethod.Delete, $"/api/v1/domains/{domain}", headers: ("If-Match", "\"99\""))).Status);
        Assert.Equal(HttpStatusCode.OK, (await _accounts.GetAsync($"/api/v1/domains/{domain}")).Status);
        Assert.Equal(HttpStatusCode.Accepted, (await DeleteAsync(domain)).Status);
    }

    [Fact]
    public async Task Of_two_deletions_at_once_one_begins_and_both_name_its_job()
    {
        var domain = await _accounts.DomainAsync();

        var both = await Task.WhenAll(DeleteAsync(domain), DeleteAsync(domain));

        Assert.All(both, r => Assert.Equal(HttpStatusCode.Accepted, r.Status));
        Assert.Equal(both[0].Location, both[1].Location);
    }

    [Fact]
    public async Task An_account_that_is_created_meanwhile_either_hinders_the_deletion_or_is_refused()
    {
        for (var round = 0; round < 10; round++)
        {
            var domain = await _accounts.DomainAsync();

            var create = _accounts.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/accounts", new { name = "taro", password = AccountsService.GoodPassword });
            var delete = DeleteAsync(domain);
            var (created, deleted) = (await create, await delete);

            if (created.Status == HttpStatusCode.Created) Assert.Equal(HttpStatusCode.Conflict, deleted.Status);
            else Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.Accepted), (created.Status, deleted.Status));
        }
    }

    [Fact, Trait("Rule", "ROLE-1")]
    public async Task An_administrator_of_two_domains_keeps_the_other_one()
    {
        var (first, second) = (await _accounts.DomainAsync(), await _accounts.DomainAsync());
        await AppointAsync(first, "both");
        var again = await _accounts.SendAsync(HttpMethod.Post, $"/api/v1/domains/{second}/administrators", new { login = "both" });
        Assert.Equal(HttpStatusCode.Created, again.Status);

        await DeleteAsync(first);

        var verified = await _accounts.VerifyAsync("both", AccountsService.GoodPassword);
        Assert.Equal([second], verified["domains"]!.AsArray().Select(d => d!.GetValue<string>()));
    }

    [Fact, Trait("Rule", "NOD-3")]
    public async Task Nodes_are_told_a_tombstone_and_later_the_next_domain_of_the_name()
    {
        var states = new ConcurrentQueue<DomainState>();
        var told = new ConcurrentQueue<DomainDeletionStarted>();
        await using var nodes = await Telling_others.ListenAsync(_accounts.NodeVirtualHost, e => e.Handler<DomainState>(c => { states.Enqueue(c.Message); return Task.CompletedTask; }));
        await using var others = await Telling_others.ListenAsync(_accounts.VirtualHost, e => e.Handler<DomainDeletionStarted>(c => { told.Enqueue(c.Message); return Task.CompletedTask; }));
        var domain = await _accounts.DomainAsync();
        var added = await Eventually.Async(() => states.FirstOrDefault(s => s.Domain == domain), s => s is not null);
        var postmaster = (await _accounts.TargetAsync($"postmaster@{domain}"))!;

        var job = (await DeleteAsync(domain)).Location!;
        var tombstone = await Eventually.Async(() => states.FirstOrDefault(s => s.Domain == domain && s.Deleted), s => s is not null);
        Assert.True(tombstone!.Version > added!.Version);
        Assert.Equal((false, null), (tombstone.Served, tombstone.Dkim));
        await Eventually.Async(() => told.Any(t => t.Domain == domain && job.EndsWith(t.JobId, StringComparison.Ordinal)));

        await node.ErasedAsync(postmaster.AccountId);
        await node.JobAsync(job, "succeeded");
        await AddAsync(domain);
        var again = await Eventually.Async(() => states.LastOrDefault(s => s.Domain == domain), s => s is { Deleted: false } && s.Version > tombstone.Version);
        Assert.NotNull(again!.Dkim);
    }

    private Task<Reply> DeleteAsync(string domain) => _accounts.SendAsync(HttpMethod.Delete, $"/api/v1/domains/{domain}");

    private Task<Reply> AddAsync(string domain)
        => _accounts.SendAsync(HttpMethod.Post, "/api/v1/domains", new { name = domain, maxAccounts = 5, maxCapacityMb = 500, defaultCapacityMb = 10 });

    private async Task AppointAsync(string domain, string login)
        => Assert.Equal(HttpStatusCode.Created, (await _accounts.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/administrators", new { login, password = AccountsService.GoodPassword })).Status);
}
