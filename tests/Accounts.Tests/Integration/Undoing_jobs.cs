using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;

namespace Hikyaku.Accounts.Tests.Integration;

[Trait("Rule", "OPS-3"), Trait("Rule", "GWY-5")]
public sealed class Undoing_jobs(AccountsWithANode node) : IClassFixture<AccountsWithANode>
{
    private const string Other = "Betsu-no-98yz";
    private readonly AccountsService _accounts = node.Accounts;

    [Fact]
    public async Task Undoing_a_bulk_change_names_the_passwords_and_later_changes_that_stay()
    {
        var domain = await _accounts.DomainAsync();
        foreach (var name in new[] { "taro", "jiro", "saburo", "shiro" }) await _accounts.AccountAsync(domain, name, comment: "old");
        var change = await SendAsync(domain, "bulk-changes", $"mail_account,password,mail_capacity,comment\ntaro,,200,new\njiro,,200,new\nsaburo,{Other},,\nshiro,,200,\n");
        await _accounts.SendAsync(HttpMethod.Patch, $"/api/v1/accounts/jiro@{domain}", new { capacityMb = 300 }, AccountsService.Admin(domain));
        await _accounts.SendAsync(HttpMethod.Delete, $"/api/v1/accounts/shiro@{domain}");

        var begun = await UndoAsync(change, AccountsService.Admin(domain));
        Assert.Equal((HttpStatusCode.Accepted, "undo", "queued"), (begun.Status, begun.Body!["kind"]!.GetValue<string>(), begun.Body["state"]!.GetValue<string>()));
        var result = (await node.JobAsync(begun.Location!, "succeeded")).Body!["result"]!;

        Assert.Equal((2, 3), (result["undone"]!.GetValue<int>(), result["leftCount"]!.GetValue<int>()));
        Assert.Equal(
            [$"jiro@{domain} history.changed-since", $"saburo@{domain} accounts.password-not-undoable", $"shiro@{domain} accounts.no-such-account"],
            result["left"]!.AsArray().Select(l => $"{l!["address"]} {l["code"]}"));
        Assert.Equal((100, "old"), await SettingsAsync($"taro@{domain}"));
        Assert.Equal((300, "old"), await SettingsAsync($"jiro@{domain}"));
        Assert.True((await _accounts.VerifyAsync($"saburo@{domain}", Other))["verified"]!.GetValue<bool>());
        Assert.Equal((100, "old"), await SettingsAsync($"saburo@{domain}")); // what was blank in the file was not changed
        Assert.Equal(600, (await _accounts.GetAsync($"/api/v1/domains/{domain}")).Body!["capacityMb"]!.GetValue<int>()); // postmaster, taro, jiro, saburo
        var undone = (await _accounts.GetAsync($"/api/v1/accounts/taro@{domain}/history?limit=1")).Body!["items"]![0]!;
        Assert.Equal(("admin1", begun.Body["id"]!.GetValue<string>()), (undone["by"]!["login"]!.GetValue<string>(), undone["job"]!.GetValue<string>()));

        var again = await UndoAsync(change, AccountsService.Admin(domain));
        Assert.Equal((HttpStatusCode.Conflict, "jobs.already-undone"), (again.Status, again.Codes.Single()));
        var undoOfUndo = await UndoAsync(begun.Location!, AccountsService.Admin(domain));
        Assert.Equal((HttpStatusCode.Conflict, "jobs.not-undoable"), (undoOfUndo.Status, undoOfUndo.Codes.Single()));
    }

    [Fact, Trait("Rule", "ACC-13")]
    public async Task What_was_swapped_in_a_full_domain_is_swapped_back_whoever_comes_first()
    {
        await using var accounts = new AccountsService { More = ["--Hikyaku:BulkRows=1"] };
        await accounts.InitializeAsync();
        await accounts.RenewLeaseAsync(applied: long.MaxValue);
        var domain = await accounts.DomainAsync();
        string[] names = ["ichiro", "jiro", "saburo", "shiro"];
        foreach (var name in names) await accounts.AccountAsync(domain, name);
        await accounts.SendAsync(HttpMethod.Patch, $"/api/v1/domains/{domain}", new { maxCapacityMb = 500 });
        // By their ids, which grow with time, those that grow would be first.
        var change = await BulkWork.SendAsync(accounts, domain, "bulk-changes", "mail_account,mail_capacity\nichiro,50\njiro,150\nsaburo,50\nshiro,150\n");
        await Eventually.Async(() => accounts.GetAsync(change), r => r.Body?["state"]?.GetValue<string>() == "succeeded");
        var undo = (await accounts.SendAsync(HttpMethod.Post, $"{change}/undo")).Location!;
        var result = (await Eventually.Async(() => accounts.GetAsync(undo), r => r.Body?["state"]?.GetValue<string>() == "succeeded")).Body!["result"]!;
        Assert.Equal((4, 0), (result["undone"]!.GetValue<int>(), result["leftCount"]!.GetValue<int>()));
        foreach (var name in names) Assert.Equal(100, (await accounts.GetAsync($"/api/v1/accounts/{name}@{domain}")).Body!["capacityMb"]!.GetValue<int>());
        Assert.Equal(500, (await BulkWork.NumbersAsync(accounts, domain)).Mb);
    }

    [Fact]
    public async Task A_registration_is_undone_but_for_accounts_that_hold_mail_which_are_named()
    {
        var domain = await _accounts.DomainAsync();
        var import = await SendAsync(domain, "imports", $"mail_account,password\ntaro,{Other}\njiro,{Other}\nsaburo,{Other}\n");
        var jiro = (await _accounts.TargetAsync($"jiro@{domain}"))!.AccountId;
        node.Mail[jiro] = 1; // which it has not told yet

        var result = (await node.JobAsync((await UndoAsync(import)).Location!, "succeeded")).Body!["result"]!;

        Assert.Equal((2, 1), (result["undone"]!.GetValue<int>(), result["leftCount"]!.GetValue<int>()));
        Assert.Equal([$"jiro@{domain} accounts.holds-mail"], result["left"]!.AsArray().Select(l => $"{l!["address"]} {l["code"]}"));
        Assert.Null(await _accounts.TargetAsync($"taro@{domain}"));
        Assert.Null(await _accounts.TargetAsync($"saburo@{domain}"));
        Assert.NotNull(await _accounts.TargetAsync($"jiro@{domain}"));
        var read = (await _accounts.GetAsync($"/api/v1/domains/{domain}")).Body!;
        Assert.Equal((2, 200), (read["accounts"]!.GetValue<int>(), read["capacityMb"]!.GetValue<int>()));
        var deletion = (await _accounts.GetAsync($"/api/v1/jobs?kind=account-deletion&domain={domain}")).Body!["items"]!.AsArray().Single()!;
        Assert.Equal(2, deletion["progress"]!["total"]!.GetValue<int>());
    }

    [Theory, Trait("Rule", "ACC-12")]
    [InlineData("", 100, 1, "")] // nothing of postmaster was changed
    [InlineData(Other, 100, 1, "accounts.password-not-undoable")]
    [InlineData(Other, 300, 2, "accounts.password-not-undoable")]
    public async Task Of_postmaster_a_registration_is_undone_as_a_change_is(string password, int mb, int undone, string left)
    {
        var domain = await _accounts.DomainAsync();
        var comment = mb == 100 ? "" : "new";
        var import = await SendAsync(domain, "imports", $"mail_account,password,mail_capacity,comment\npostmaster,{password},{mb},{comment}\ntaro,{Other},,\n");

        var result = (await node.JobAsync((await UndoAsync(import)).Location!, "succeeded")).Body!["result"]!;

        string[] named = left.Length > 0 ? [$"postmaster@{domain} {left}"] : [];
        Assert.Equal((undone, named.Length), (result["undone"]!.GetValue<int>(), result["leftCount"]!.GetValue<int>()));
        Assert.Equal(named, result["left"]!.AsArray().Select(l => $"{l!["address"]} {l["code"]}"));
        Assert.Equal((100, null), await SettingsAsync($"postmaster@{domain}"));
        Assert.Null(await _accounts.TargetAsync($"taro@{domain}"));
        Assert.Equal((1, 100), await BulkWork.NumbersAsync(_accounts, domain));
    }

    [Fact, Trait("Rule", "NOD-2")]
    public async Task Accounts_of_which_no_node_says_whether_they_hold_mail_are_left_and_named()
    {
        await using var accounts = new AccountsService { More = ["--Hikyaku:UndoPatienceSeconds=1"] };
        await accounts.InitializeAsync();
        await accounts.RenewLeaseAsync(applied: long.MaxValue);
        var domain = await accounts.DomainAsync();
        var import = await BulkWork.SendAsync(accounts, domain, "imports", $"mail_account,password\ntaro,{Other}\njiro,{Other}\n");
        await Eventually.Async(() => accounts.GetAsync(import), r => r.Body?["state"]?.GetValue<string>() == "succeeded");
        var taro = (await accounts.TargetAsync($"taro@{domain}"))!.AccountId;
        await using var node = await AccountsWithANode.AnswerAsync(accounts, id => id == taro ? 0 : null);

        var undo = (await accounts.SendAsync(HttpMethod.Post, $"{import}/undo")).Location!;
        var result = (await Eventually.Async(() => accounts.GetAsync(undo), r => r.Body?["state"]?.GetValue<string>() == "succeeded")).Body!["result"]!;
        Assert.Equal([$"jiro@{domain} accounts.mail-not-known"], result["left"]!.AsArray().Select(l => $"{l!["address"]} {l["code"]}"));
        Assert.Null(await accounts.TargetAsync($"taro@{domain}"));
        Assert.NotNull(await accounts.TargetAsync($"jiro@{domain}"));
    }

    [Fact]
    public async Task One_of_several_undos_of_a_job_counts_and_strangers_learn_nothing_of_it()
    {
        var (domain, others) = (await _accounts.DomainAsync(), await _accounts.DomainAsync());
        var address = await _accounts.AccountAsync(domain);
        var user = await _accounts.UserAsync(address);
        var change = await SendAsync(domain, "bulk-changes", "mail_account,mail_capacity\ntaro,200\n");
        var dry = await SendAsync(domain, "bulk-changes?dryRun=true", "mail_account,mail_capacity\ntaro,300\n");
        var deletion = await _accounts.SendAsync(HttpMethod.Delete, $"/api/v1/accounts/{await _accounts.AccountAsync(domain, "jiro")}");
        var own = await _accounts.SendAsync(HttpMethod.Delete, $"/api/v1/accounts/{address}/mail", caller: user);
        Assert.Equal(HttpStatusCode.Forbidden, (await UndoAsync(own.Location!, user)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await UndoAsync(change, user)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await UndoAsync("/api/v1/jobs/accounts-0", user)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await UndoAsync(change, AccountsService.Admin(others))).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await UndoAsync("/api/v1/jobs/accounts-0", AccountsService.Operator)).Status);
        foreach (var no in new[] { dry, deletion.Location! }) Assert.Equal("jobs.not-undoable", (await UndoAsync(no)).Codes.Single());

        var replies = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => UndoAsync(change)));

        var one = Assert.Single(replies, r => r.Status == HttpStatusCode.Accepted);
        Assert.All(replies.Where(r => r != one), r => Assert.Equal("jobs.already-undone", Assert.Single(r.Codes)));
        await node.JobAsync(one.Location!, "succeeded");
        Assert.Equal(100, (await SettingsAsync($"taro@{domain}")).Item1);
    }

    private async Task<(int, string?)> SettingsAsync(string address)
    {
        var account = (await _accounts.GetAsync($"/api/v1/accounts/{address}")).Body!;
        return (account["capacityMb"]!.GetValue<int>(), account["comment"]?.GetValue<string>());
    }

    private Task<Reply> UndoAsync(string job, Caller? caller = null) => _accounts.SendAsync(HttpMethod.Post, $"{job}/undo", null, caller);

    // The job, when it has succeeded.
    private async Task<string> SendAsync(string domain, string what, string text)
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(text)) { Headers = { ContentType = new MediaTypeHeaderValue("text/csv") } };
        var reply = await _accounts.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/{what}", content);
        Assert.Equal(HttpStatusCode.Accepted, reply.Status);
        await node.JobAsync(reply.Location!, "succeeded");
        return reply.Location!;
    }
}
