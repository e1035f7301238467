using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;

namespace Hikyaku.Accounts.Tests.Integration;

[Trait("Rule", "NTC-1"), Trait("Rule", "GWY-5")]
public sealed class Notices_of_jobs(AccountsWithABoard both) : IClassFixture<AccountsWithABoard>
{
    private const string Planted = "Planted-Secret.77x";
    private static readonly Caller Boss = AccountsService.Operator with { Login = "boss" };
    private readonly AccountsWithANode _node = both.Node;
    private readonly AccountsService _accounts = both.Node.Accounts;
    private readonly MessageBoard _board = both.Board;

    [Fact, Trait("Rule", "ROLE-2"), Trait("Rule", "SEC-4")]
    public async Task The_end_of_a_job_is_told_only_to_its_starter_and_the_domains_administrators()
    {
        var (domain, others) = (await _accounts.DomainAsync(), await _accounts.DomainAsync());
        var user = await _accounts.UserAsync(await _accounts.AccountAsync(domain));
        var job = await EndedAsync(domain, "imports", $"mail_account,password\njiro,{Planted}\nsaburo,{Planted}\n", "succeeded", Boss);
        var id = job["id"]!.GetValue<string>();

        foreach (var reader in new[] { Boss, AccountsService.Admin(domain) })
        {
            var notice = await NoticeAsync(id, reader);
            Assert.Equal(("job-finished", domain, false), (notice["kind"]!.GetValue<string>(), notice["domain"]!.GetValue<string>(), notice["read"]!.GetValue<bool>()));
            Assert.Equal((job["finishedAt"]!.GetValue<DateTimeOffset>(), null), (notice["at"]!.GetValue<DateTimeOffset>(), notice["account"]));
            Assert.Equal($"Bulk registration, {domain}: 2 mail accounts registered.", notice["text"]!.GetValue<string>());
            var japanese = await _board.SendAsync(HttpMethod.Get, "/api/v1/notices?limit=500&kind=job-finished", null, reader, ("Accept-Language", "ja"));
            Assert.Contains($"一括登録({domain}): 2 件のメールアカウントを登録しました。", japanese.Text, StringComparison.Ordinal);
            Assert.DoesNotContain(Planted, japanese.Text, StringComparison.Ordinal);
        }

        foreach (var stranger in new[] { AccountsService.Operator, AccountsService.Admin(others), AccountsService.Admin(), user })
        {
            Assert.Empty(await BoardAsync(id, stranger));
            var path = $"/api/v1/notices/{(await NoticeAsync(id, Boss))["id"]}";
            Assert.Equal(HttpStatusCode.NotFound, (await _board.SendAsync(HttpMethod.Patch, path, new { read = true }, stranger)).Status);
        }

        Assert.Empty((await _board.ReadAsync(AccountsService.Admin(domain), "?kind=password-forcibly-changed"))["items"]!.AsArray());
    }

    [Fact]
    public async Task What_an_administrator_starts_is_told_to_operators_when_it_fails()
    {
        var domain = await _accounts.DomainAsync();
        var admin = AccountsService.Admin(domain);
        var failed = await EndedAsync(domain, "imports", $"mail_account,password\njiro,{Planted[..6]}\njiro,{Planted}\n", "failed", admin);
        var notice = await NoticeAsync(failed["id"]!.GetValue<string>(), AccountsService.Operator);
        Assert.Equal($"Bulk registration, {domain}: Nothing was registered because of {failed["problems"]} mistakes.", notice["text"]!.GetValue<string>());
        Assert.Equal(failed["errors"]!.AsArray().Count, failed["problems"]!.GetValue<int>());
        Assert.DoesNotContain(Planted[..6], notice.ToJsonString(), StringComparison.Ordinal);

        var dry = await EndedAsync(domain, "imports?dryRun=true", $"mail_account,password\njiro,{Planted}\n", "succeeded", admin);
        Assert.Equal($"Bulk registration, {domain}: No mistakes. 1 can be registered.", await TextAsync(dry, admin));
        Assert.Empty(await BoardAsync(dry["id"]!.GetValue<string>(), AccountsService.Operator));
    }

    [Fact, Trait("Rule", "OPS-3"), Trait("Rule", "ACC-5")]
    public async Task Ends_of_changes_undos_and_deletions_are_told_without_names_of_the_deleted()
    {
        var domain = await _accounts.DomainAsync();
        var (address, admin) = (await _accounts.AccountAsync(domain), AccountsService.Admin(domain));
        var account = (await _accounts.TargetAsync(address))!.AccountId;
        var change = await EndedAsync(domain, "bulk-changes", "mail_account,mail_capacity\ntaro,200\nnobody,200\n", "succeeded", admin);
        Assert.Equal($"Bulk editing, {domain}: 1 changed, 1 that don't exist skipped.", await TextAsync(change, admin));

        var undo = await _accounts.SendAsync(HttpMethod.Post, $"/api/v1/jobs/{change["id"]}/undo", null, admin);
        Assert.Equal($"Undo, {domain}: 1 undone, 0 left as they are.", await TextAsync((await _node.JobAsync(undo.Location!, "succeeded")).Body!, admin));

        var deletion = await _accounts.SendAsync(HttpMethod.Delete, $"/api/v1/accounts/{address}", caller: admin);
        Assert.Empty(await BoardAsync(deletion.Body!["id"]!.GetValue<string>(), admin));
        await _node.ErasedAsync(account);
        Assert.Equal($"Deletion of accounts, {domain}: 1 mail account(s) deleted.", await TextAsync((await _node.JobAsync(deletion.Location!, "succeeded")).Body!, admin));
        await _board.ReadAsync(admin, "?limit=500", b => !b.ToJsonString().Contains(address, StringComparison.Ordinal));
    }

    [Fact, Trait("Rule", "ACC-6"), Trait("Rule", "REL-3"), Trait("Rule", "ACC-5")]
    public async Task A_user_gets_one_notice_of_an_own_job_and_it_goes_with_the_account()
    {
        var domain = await _accounts.DomainAsync();
        var (address, neighbour) = (await _accounts.AccountAsync(domain), await _accounts.UserAsync(await _accounts.AccountAsync(domain, "jiro")));
        var (user, admin) = (await _accounts.UserAsync(address), AccountsService.Admin(domain));
        var jobs = new List<string>();
        foreach (var _ in new[] { 1, 2 })
        {
            var begun = await _accounts.SendAsync(HttpMethod.Delete, $"/api/v1/accounts/{address}/mail", caller: user);
            jobs.Insert(0, begun.Body!["id"]!.GetValue<string>());
            var end = new MailDataDeleted(AccountsService.Node, user.AccountId!, jobs[0], DateTimeOffset.UtcNow, 3, 5_000_000);
            foreach (var __ in new[] { 1, 2, 3 }) await _node.TellAsync(end);
            await _node.JobAsync(begun.Location!, "succeeded");
        }

        var board = await _board.ReadAsync(user, "", b => b["items"]!.AsArray().Count == 2);
        Assert.Equal(jobs, board["items"]!.AsArray().Select(i => i!["job"]!.GetValue<string>()));
        Assert.Equal((2, $"Deletion of mail data, {address}: Mail data deleted (5 MB freed)."), (board["unread"]!.GetValue<int>(), board["items"]![0]!["text"]!.GetValue<string>()));
        Assert.Empty((await _board.ReadAsync(neighbour))["items"]!.AsArray());

        var marked = await _board.SendAsync(HttpMethod.Patch, $"/api/v1/notices/{board["items"]![0]!["id"]}", new { read = true }, user);
        Assert.Equal((true, jobs[0]), (marked.Body!["read"]!.GetValue<bool>(), marked.Body["job"]!.GetValue<string>()));
        Assert.Equal(jobs[1], (await _board.ReadAsync(user, "?state=unread"))["items"]!.AsArray().Single()!["job"]!.GetValue<string>());
        Assert.Equal((address, false), ((await NoticeAsync(jobs[0], admin))["account"]!.GetValue<string>(), (await NoticeAsync(jobs[0], admin))["read"]!.GetValue<bool>()));
        await _board.SendAsync(HttpMethod.Post, "/api/v1/notices/read-all", null, user);
        Assert.Equal(0, (await _board.ReadAsync(user))["unread"]!.GetValue<int>());
        foreach (var job in jobs) Assert.False((await NoticeAsync(job, admin))["read"]!.GetValue<bool>()); // others have their own marks

        await _accounts.SendAsync(HttpMethod.Delete, $"/api/v1/accounts/{address}", caller: admin);
        await Eventually.Async(
            () => _board.ScalarAsync("select count(*) from notice where account_id = @id or job_id = any(@jobs) or started_by = @id", ("id", user.AccountId!), ("jobs", jobs.ToArray())),
            left => left is 0L);
    }

    private async Task<JsonNode> EndedAsync(string domain, string what, string text, string state, Caller caller)
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(text)) { Headers = { ContentType = new MediaTypeHeaderValue("text/csv") } };
        var begun = await _accounts.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/{what}", content, caller);
        return (await _node.JobAsync(begun.Location!, state, caller)).Body!;
    }

    private async Task<string> TextAsync(JsonNode job, Caller caller) => (await NoticeAsync(job["id"]!.GetValue<string>(), caller))["text"]!.GetValue<string>();

    // What has ended reaches the board a moment later.
    private async Task<JsonNode> NoticeAsync(string job, Caller caller) => (await Eventually.Async(() => BoardAsync(job, caller), found => found.Count > 0)).Single();

    private async Task<List<JsonNode>> BoardAsync(string job, Caller caller)
    {
        var board = await _board.ReadAsync(caller, "?limit=500");
        return [.. board["items"]!.AsArray().Where(i => i!["job"]?.GetValue<string>() == job).Select(i => i!)];
    }
}
