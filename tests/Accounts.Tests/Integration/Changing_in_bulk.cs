using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Hikyaku.Platform.Testing;

namespace Hikyaku.Accounts.Tests.Integration;

[Trait("Rule", "ACC-10"), Trait("Rule", "GWY-5")]
public sealed class Changing_in_bulk(AccountsWithANode node) : IClassFixture<AccountsWithANode>
{
    private const string Other = "Betsu-no-98yz";
    private readonly AccountsService _accounts = node.Accounts;

    [Fact]
    public async Task What_is_blank_stays_who_is_not_there_is_skipped_and_the_rest_is_changed()
    {
        var domain = await DomainAsync("taro", "jiro", "saburo");
        var begun = await ChangeAsync(domain, $"mail_account,mail_password,mail_capacity,comment\ntaro,{Other},,\nJIRO@{domain},,200,総務部\nnobody,,50,\nsaburo,{AccountsService.GoodPassword},100,\n");

        var job = (await node.JobAsync(begun.Location!, "succeeded")).Body!;
        Assert.Equal("""{"changed":2,"skipped":1,"readAs":"utf-8"}""", job["result"]!.ToJsonString());
        Assert.Equal(["check", "change", "in-force"], job["stages"]!.AsArray().Select(s => s!["name"]!.GetValue<string>()));
        Assert.True((await _accounts.VerifyAsync($"taro@{domain}", Other))["verified"]!.GetValue<bool>());
        var jiro = (await _accounts.GetAsync($"/api/v1/accounts/jiro@{domain}")).Body!;
        Assert.Equal((200, "総務部"), (jiro["capacityMb"]!.GetValue<int>(), jiro["comment"]!.GetValue<string>()));
        Assert.True((await _accounts.VerifyAsync($"jiro@{domain}", AccountsService.GoodPassword))["verified"]!.GetValue<bool>());
        Assert.Single((await _accounts.GetAsync($"/api/v1/accounts/saburo@{domain}/history")).Body!["items"]!.AsArray());
        Assert.Equal(500, await UsedAsync(domain));
    }

    [Fact]
    public async Task Any_error_changes_nothing_and_a_dry_run_says_the_same()
    {
        var domain = await DomainAsync("taro", "jiro");
        var file = $"mail_account,password,mail_capacity\ntaro,{Other},150\njiro,weak,\ntaro@{domain},,1x\n";
        foreach (var dryRun in new[] { true, false })
        {
            var job = (await node.JobAsync((await ChangeAsync(domain, file, dryRun)).Location!, "failed")).Body!;
            var codes = job["errors"]!.AsArray().Select(e => $"{e!["line"]} {e["column"]} {e["code"]}").ToList();
            Assert.Contains("3 password accounts.password-too-short", codes);
            Assert.Contains("4 mail_account csv.duplicate", codes);
            Assert.Contains("4 mail_capacity accounts.capacity-range", codes);
        }

        Assert.True((await _accounts.VerifyAsync($"taro@{domain}", AccountsService.GoodPassword))["verified"]!.GetValue<bool>());
        Assert.Equal(300, await UsedAsync(domain));
        var dry = await node.JobAsync((await ChangeAsync(domain, "mail_account,password,mail_capacity\ntaro,,150\nnobody,,1\n", dryRun: true)).Location!, "succeeded");
        Assert.Equal("""{"changed":1,"skipped":1}""", dry.Body!["result"]!.ToJsonString());
        Assert.Equal(300, await UsedAsync(domain));
    }

    [Fact, Trait("Rule", "ACC-13")]
    public async Task What_some_give_back_others_take_whatever_the_order_and_not_more()
    {
        var domain = await DomainAsync("taro", "jiro");
        await _accounts.SendAsync(HttpMethod.Patch, $"/api/v1/domains/{domain}", new { maxCapacityMb = 300 });
        var swapped = await ChangeAsync(domain, "mail_account,password,mail_capacity\ntaro,,150\njiro,,50\n");
        await node.JobAsync(swapped.Location!, "succeeded");
        Assert.Equal(300, await UsedAsync(domain));

        var tooMuch = (await node.JobAsync((await ChangeAsync(domain, "mail_account,password,mail_capacity\njiro,,51\ntaro,,150\n")).Location!, "failed")).Body!;
        Assert.Equal("accounts.domain-capacity-exceeded", tooMuch["errors"]![0]!["code"]!.GetValue<string>());
        Assert.Equal(2, tooMuch["errors"]![0]!["line"]!.GetValue<int>());
        await node.JobAsync((await ChangeAsync(domain, "mail_account,password,mail_capacity\ntaro,,10\n")).Location!, "succeeded");
        Assert.Equal(160, await UsedAsync(domain));
    }

    [Fact, Trait("Rule", "ACC-8")]
    public async Task A_password_that_was_forced_is_not_set_back_by_a_file()
    {
        var domain = await DomainAsync("taro");
        await _accounts.SendAsync(HttpMethod.Post, $"/api/v1/accounts/taro@{domain}/force-password-change", new { reason = "abuse" });
        var job = (await node.JobAsync((await ChangeAsync(domain, $"mail_account,password,mail_capacity\ntaro,{AccountsService.GoodPassword},\n")).Location!, "failed")).Body!;
        Assert.Contains("accounts.password-recent", job.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_files_about_the_same_accounts_at_once_are_both_done()
    {
        var names = Enumerable.Range(0, 30).Select(i => $"user{i:00}").ToArray();
        var domain = await DomainAsync(names);
        string File(IEnumerable<string> of, int mb) => "mail_account,password,mail_capacity,comment\n" + string.Join('\n', of.Select(n => $"{n},,{mb},{mb}"));
        var jobs = await Task.WhenAll(ChangeAsync(domain, File(names, 50)), ChangeAsync(domain, File(names.Reverse(), 60)));
        foreach (var job in jobs) Assert.Equal("succeeded", (await node.JobAsync(job.Location!, "succeeded")).Body!["state"]!.GetValue<string>());

        var seen = (await _accounts.GetAsync($"/api/v1/domains/{domain}/accounts?limit=500")).Body!["items"]!.AsArray()
            .Where(a => a!["name"]!.GetValue<string>() != "postmaster").Select(a => (Mb: a!["capacityMb"]!.GetValue<int>(), Comment: a["comment"]!.GetValue<string>())).Distinct().ToList();
        var one = Assert.Single(seen); // the later one's, in all accounts
        Assert.Equal($"{one.Mb}", one.Comment);
        Assert.Equal(100 + 30 * one.Mb, await UsedAsync(domain));
    }

    [Fact]
    public async Task Cancelled_at_any_moment_it_is_all_or_nothing()
    {
        var names = Enumerable.Range(0, 60).Select(i => $"user{i:00}").ToArray();
        var domain = await DomainAsync(names);
        var mb = 100;
        foreach (var stage in new[] { "queued", "check", "change" })
        {
            var begun = await ChangeAsync(domain, "mail_account,password,mail_capacity\n" + string.Join('\n', names.Select(n => $"{n},,{mb + 1}")));
            await Eventually.Async(() => _accounts.GetAsync(begun.Location!), r => stage == "queued" || r.Body!["finishedAt"] is not null || StateOf(r, stage) is not "waiting");
            var answer = await _accounts.SendAsync(HttpMethod.Delete, begun.Location!);

            var end = await Eventually.Async(() => _accounts.GetAsync(begun.Location!), r => r.Body?["finishedAt"] is not null);
            var isCancelled = answer.Status == HttpStatusCode.OK;
            if (!isCancelled) Assert.Equal(["jobs.not-cancellable"], answer.Codes);
            Assert.Equal(isCancelled ? "cancelled" : "succeeded", end.Body!["state"]!.GetValue<string>());
            if (!isCancelled) mb++;
            var seen = (await _accounts.GetAsync($"/api/v1/domains/{domain}/accounts?limit=500")).Body!["items"]!.AsArray();
            Assert.All(seen.Where(a => a!["name"]!.GetValue<string>() != "postmaster"), a => Assert.Equal(mb, a!["capacityMb"]!.GetValue<int>()));
            Assert.Equal(100 + (names.Length * mb), await UsedAsync(domain));
        }

        static string? StateOf(Reply job, string stage) => job.Body!["stages"]?.AsArray().Single(s => s!["name"]!.GetValue<string>() == stage)!["state"]!.GetValue<string>();
    }

    private async Task<string> DomainAsync(params string[] names)
    {
        var domain = await _accounts.DomainAsync();
        foreach (var name in names) await _accounts.AccountAsync(domain, name, capacityMb: 100);
        return domain;
    }

    private async Task<int> UsedAsync(string domain) => (await _accounts.GetAsync($"/api/v1/domains/{domain}")).Body!["capacityMb"]!.GetValue<int>();

    private async Task<Reply> ChangeAsync(string domain, string text, bool dryRun = false)
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(text)) { Headers = { ContentType = new MediaTypeHeaderValue("text/csv") } };
        var reply = await _accounts.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/bulk-changes{(dryRun ? "?dryRun=true" : "")}", content);
        Assert.Equal(HttpStatusCode.Accepted, reply.Status);
        return reply;
    }
}
