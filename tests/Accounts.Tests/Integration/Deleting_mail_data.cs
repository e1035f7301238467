using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Hikyaku.Accounts.Contracts;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using Npgsql;

namespace Hikyaku.Accounts.Tests.Integration;

[Trait("Rule", "ACC-6"), Trait("Rule", "GWY-5")]
public sealed class Deleting_mail_data(AccountsWithANode node) : IClassFixture<AccountsWithANode>
{
    private readonly AccountsService _accounts = node.Accounts;

    [Fact]
    public async Task A_job_tells_its_progress_and_ends_once_with_what_was_freed()
    {
        var (address, id) = await AccountAsync();
        var begun = await DeleteAsync(address);
        Assert.Equal((HttpStatusCode.Accepted, "mail-data-deletion", "running", address),
            (begun.Status, begun.Body!["kind"]!.GetValue<string>(), begun.Body["state"]!.GetValue<string>(), begun.Body["account"]!.GetValue<string>()));
        var job = begun.Body["id"]!.GetValue<string>();
        Assert.Equal(job, (await DeleteAsync(address)).Body!["id"]!.GetValue<string>()); // one at a time

        await node.TellAsync(new MailDataDeletionProgressed(AccountsService.Node, id, job, 400, 1000));
        await Eventually.Async(() => _accounts.GetAsync(begun.Location!), j => j.Body!["progress"]!.ToJsonString() == """{"done":400,"total":1000}""");
        await node.TellAsync(new MailDataDeletionProgressed(AccountsService.Node, id, job, 200, 1000)); // an older one
        var end = new MailDataDeleted(AccountsService.Node, id, job, DateTimeOffset.UtcNow, 1001, 5_000_000);
        await node.TellAsync(end);
        await node.TellAsync(end);

        var ended = (await node.JobAsync(begun.Location!, "succeeded")).Body!;
        Assert.Equal("""{"messages":1001,"freedBytes":5000000}""", ended["result"]!.ToJsonString());
        await node.TellAsync(end);
        var again = await Eventually.Async(() => DeleteAsync(address), r => r.Body!["id"]!.GetValue<string>() != job);
        Assert.Equal("running", again.Body!["state"]!.GetValue<string>());
        var history = (await _accounts.GetAsync($"/api/v1/accounts/{address}/history")).Body!["items"]!.AsArray();
        Assert.Single(history, h => h!["type"]!.GetValue<string>() == "accounts.mail-data-deletion-finished");
    }

    [Fact]
    public async Task A_stalled_job_is_given_up_can_be_repeated_and_its_late_end_does_not_count()
    {
        var (address, id) = await AccountAsync();
        var begun = await DeleteAsync(address);
        var job = begun.Body!["id"]!.GetValue<string>();
        await GiveUpAsync(job);

        var failed = (await _accounts.GetAsync(begun.Location!)).Body!;
        Assert.Equal("failed", failed["state"]!.GetValue<string>());
        Assert.Matches("^[0-9a-f]{32}$", failed["reference"]!.GetValue<string>());
        var second = await DeleteAsync(address);
        Assert.NotEqual(job, second.Body!["id"]!.GetValue<string>());
        await node.TellAsync(new MailDataDeleted(AccountsService.Node, id, job, DateTimeOffset.UtcNow, 1, 1));
        await node.TellAsync(new MailDataDeleted(AccountsService.Node, id, second.Body["id"]!.GetValue<string>(), DateTimeOffset.UtcNow, 2, 2));
        await node.JobAsync(second.Location!, "succeeded");
        Assert.Equal("failed", (await _accounts.GetAsync(begun.Location!)).Body!["state"]!.GetValue<string>());
    }

    [Theory, Trait("Rule", "NOD-3")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Nodes_are_told_to_delete_until_the_job_has_ended_and_not_any_more(bool done)
    {
        var (address, id) = await AccountAsync();
        var begun = await DeleteAsync(address);
        var job = begun.Body!["id"]!.GetValue<string>();
        Assert.Equal(job, await ToldAsync());
        if (done) await node.TellAsync(new MailDataDeleted(AccountsService.Node, id, job, DateTimeOffset.UtcNow, 1, 1));
        else await GiveUpAsync(job);
        await node.JobAsync(begun.Location!, done ? "succeeded" : "failed");
        await Eventually.Async(async () => await ToldAsync() is null);

        async Task<string?> ToldAsync()
        {
            var (states, _) = await Comparing_with_nodes.ListAsync(_accounts, "");
            return states.OfType<MailboxState>().Single(m => m.AccountId == id).MailDeletion?.JobId;
        }
    }

    [Fact, Trait("Rule", "ROLE-2")]
    public async Task A_job_is_seen_by_those_who_may_see_everything_in_it_and_by_nobody_else()
    {
        var (address, _) = await AccountAsync();
        var (other, _) = await AccountAsync();
        var domain = address.Split('@')[1];
        var begun = await DeleteAsync(address, await _accounts.UserAsync(address));
        var deletion = await _accounts.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/accounts/delete", new { addresses = new[] { await _accounts.AccountAsync(domain, "jiro") } });
        Caller[] may = [AccountsService.Operator, AccountsService.Admin(domain), await _accounts.UserAsync(address)];
        Caller[] mayNot = [AccountsService.Admin(other.Split('@')[1]), await _accounts.UserAsync(other)];

        foreach (var caller in may)
        {
            Assert.Equal(HttpStatusCode.OK, (await _accounts.GetAsync(begun.Location!, caller)).Status);
            Assert.Contains(begun.Body!["id"]!.GetValue<string>(), (await _accounts.GetAsync("/api/v1/jobs?limit=500", caller)).Text, StringComparison.Ordinal);
            Assert.Equal(["jobs.not-cancellable"], (await _accounts.SendAsync(HttpMethod.Delete, begun.Location!, caller: caller)).Codes);
        }

        foreach (var caller in mayNot)
        {
            foreach (var path in new[] { begun.Location!, deletion.Location!, $"{begun.Location}/events" })
                Assert.Equal(HttpStatusCode.NotFound, (await _accounts.GetAsync(path, caller)).Status);
            Assert.Equal(HttpStatusCode.NotFound, (await _accounts.SendAsync(HttpMethod.Delete, begun.Location!, caller: caller)).Status);
            Assert.DoesNotContain(begun.Body!["id"]!.GetValue<string>(), (await _accounts.GetAsync("/api/v1/jobs?limit=500", caller)).Text, StringComparison.Ordinal);
        }

        Assert.Equal(HttpStatusCode.NotFound, (await _accounts.GetAsync(deletion.Location!, may[2])).Status); // of others, in the same domain
    }

    [Fact, Trait("Rule", "ROLE-2"), Trait("Rule", "ACC-5")]
    public async Task The_job_of_a_user_whose_account_is_erased_is_no_other_users()
    {
        var (address, id) = await AccountAsync();
        var begun = await DeleteAsync(address, await _accounts.UserAsync(address));
        var deletion = await _accounts.SendAsync(HttpMethod.Delete, $"/api/v1/accounts/{address}");
        await node.ErasedAsync(id);
        await node.JobAsync(deletion.Location!, "succeeded");

        var stranger = await _accounts.UserAsync((await AccountAsync()).Address);
        Assert.Equal(HttpStatusCode.NotFound, (await _accounts.GetAsync(begun.Location!, stranger)).Status);
        Assert.Empty(Ids(await _accounts.GetAsync("/api/v1/jobs", stranger)));
        Assert.Equal(HttpStatusCode.OK, (await _accounts.GetAsync(begun.Location!)).Status);
    }

    [Fact]
    public async Task Jobs_are_listed_newest_first_by_pages_and_filters()
    {
        var (address, _) = await AccountAsync();
        var domain = address.Split('@')[1];
        var admin = AccountsService.Admin(domain);
        var ids = new List<string> { (await DeleteAsync(address)).Body!["id"]!.GetValue<string>() };
        foreach (var name in new[] { "jiro", "hanako" })
        {
            var gone = await _accounts.AccountAsync(domain, name);
            ids.Insert(0, (await _accounts.SendAsync(HttpMethod.Delete, $"/api/v1/accounts/{gone}")).Body!["id"]!.GetValue<string>());
        }

        var first = await _accounts.GetAsync("/api/v1/jobs?limit=2", admin);
        var second = await _accounts.GetAsync($"/api/v1/jobs?limit=2&cursor={first.Body!["next"]!.GetValue<string>()}", admin);

        Assert.Equal(ids, Ids(first).Concat(Ids(second)));
        Assert.Null(second.Body!["next"]);
        Assert.Equal(ids[..2], Ids(await _accounts.GetAsync($"/api/v1/jobs?kind=account-deletion&state=running&domain={domain.ToUpperInvariant()}", admin)));
        Assert.Empty(Ids(await _accounts.GetAsync("/api/v1/jobs?state=failed", admin)));
        foreach (var bad in new[] { "state=perhaps", "limit=0", "cursor=x", "domain=-" })
            Assert.Equal(HttpStatusCode.BadRequest, (await _accounts.GetAsync($"/api/v1/jobs?{bad}", admin)).Status);
    }

    [Fact]
    public async Task A_job_is_followed_until_its_end_and_whoever_comes_again_gets_it_as_it_is()
    {
        var (address, id) = await AccountAsync();
        var begun = await DeleteAsync(address);
        var job = begun.Body!["id"]!.GetValue<string>();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{begun.Location}/events");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _accounts.Keys.Token(AccountsService.Operator, null));
        using var answer = await _accounts.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType!.MediaType);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync());

        Assert.Equal("running", (await NextAsync(reader))!["state"]!.GetValue<string>());
        await node.TellAsync(new MailDataDeletionProgressed(AccountsService.Node, id, job, 1, 2));
        Assert.Equal(1, (await NextAsync(reader))!["progress"]!["done"]!.GetValue<int>());
        await node.TellAsync(new MailDataDeleted(AccountsService.Node, id, job, DateTimeOffset.UtcNow, 2, 10));
        Assert.Equal("succeeded", (await NextAsync(reader))!["state"]!.GetValue<string>());
        Assert.Null(await NextAsync(reader)); // it ends by itself
    }

    private static async Task<JsonNode?> NextAsync(StreamReader reader)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (await reader.ReadLineAsync(limit.Token) is { } line)
        {
            if (line.StartsWith("data: ", StringComparison.Ordinal)) return JsonNode.Parse(line["data: ".Length..]);
        }

        return null;
    }

    private static IEnumerable<string> Ids(Reply reply) => reply.Body!["items"]!.AsArray().Select(i => i!["id"]!.GetValue<string>());

    // As if it had not moved for an hour.
    private async Task GiveUpAsync(string job)
    {
        await using (var older = _accounts.Get<NpgsqlDataSource>().CreateCommand("update job set moved_at = now() - interval '61 minutes' where id = $1"))
        {
            older.Parameters.Add(new() { Value = job });
            Assert.Equal(1, await older.ExecuteNonQueryAsync());
        }

        await _accounts.Get<StuckJobs>().FailStuckAsync(default);
    }

    private async Task<(string Address, string Id)> AccountAsync()
    {
        var address = await _accounts.AccountAsync(await _accounts.DomainAsync());
        return (address, (await _accounts.TargetAsync(address))!.AccountId);
    }

    private Task<Reply> DeleteAsync(string address, Caller? caller = null) => _accounts.SendAsync(HttpMethod.Delete, $"/api/v1/accounts/{address}/mail", caller: caller);
}
