using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Hikyaku.Platform.Testing;
using Npgsql;

namespace Hikyaku.Accounts.Tests.Integration;

[Trait("Rule", "ACC-9"), Trait("Rule", "GWY-5")]
public sealed class Registering_in_bulk(AccountsWithANode node) : IClassFixture<AccountsWithANode>
{
    private const string Header = "mail_account,password,mail_capacity,comment\n";
    private const string Planted = "Planted-Secret.77x";
    private readonly AccountsService _accounts = node.Accounts;

    [Fact]
    public async Task A_file_becomes_accounts_whose_history_names_who_registered_them_and_the_job()
    {
        var domain = await _accounts.DomainAsync(maxAccounts: 2000);
        var rows = Enumerable.Range(0, 1200).Select(i => $"user{i:0000},Kokoro-{i:0000}xY,{(i % 2 == 0 ? 20 : "")},\"営業部, {i}\"");
        var begun = await ImportAsync(domain, Header + string.Join("\r\n", rows));
        Assert.Equal((HttpStatusCode.Accepted, "bulk-registration"), (begun.Status, begun.Body!["kind"]!.GetValue<string>()));

        var job = (await node.JobAsync(begun.Location!, "succeeded")).Body!;
        Assert.Equal("""{"registered":1200,"readAs":"utf-8"}""", job["result"]!.ToJsonString());
        Assert.Equal("""{"done":1200,"total":1200}""", job["progress"]!.ToJsonString());
        Assert.All(job["stages"]!.AsArray(), s => Assert.Equal("done", s!["state"]!.GetValue<string>()));
        foreach (var i in new[] { 0, 499, 500, 1199 })
            Assert.True((await _accounts.VerifyAsync($"user{i:0000}@{domain}", $"Kokoro-{i:0000}xY"))["verified"]!.GetValue<bool>());

        var seen = (await _accounts.GetAsync($"/api/v1/accounts/user0001@{domain}")).Body!;
        Assert.Equal((100, "営業部, 1", true), (seen["capacityMb"]!.GetValue<int>(), seen["comment"]!.GetValue<string>(), seen["inForce"]!.GetValue<bool>()));
        var read = (await _accounts.GetAsync($"/api/v1/domains/{domain}")).Body!;
        Assert.Equal((1201, 100 + 600 * 120), (read["accounts"]!.GetValue<int>(), read["capacityMb"]!.GetValue<int>()));
        var created = (await _accounts.GetAsync($"/api/v1/accounts/user0001@{domain}/history")).Body!["items"]!.AsArray().Single()!;
        Assert.Equal(("csv", "operator"), (created["via"]!.GetValue<string>(), created["by"]!["login"]!.GetValue<string>()));
        Assert.Equal(1200L + 2, await ScalarAsync($"select count(*) from mt_events where headers ->> 'job' = '{job["id"]}'"));
        Assert.Equal(0L, await ScalarAsync("select count(*) from bulk_job"));
        Assert.Equal(0L, await ScalarAsync("select count(*) from mt_doc_address_reservation where data ->> 'ReservedBy' is not null"));
    }

    [Theory, Trait("Rule", "SEC-4")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_bad_file_registers_nothing_and_each_problem_is_told_without_a_password(bool dryRun)
    {
        var domain = await _accounts.DomainAsync();
        await _accounts.AccountAsync(domain);
        var begun = await ImportAsync(domain, Header + $"good,{Planted},,\nTARO,{Planted},,\ngood@{domain},{Planted},x,\nbad..name,{Planted[..6]},,\nwide,パスワードパスワード12,,\n", dryRun);

        var job = (await node.JobAsync(begun.Location!, "failed")).Body!;
        Assert.Equal(
            [
                "3 mail_account accounts.already-exists", "4 mail_account csv.duplicate", "4 mail_capacity accounts.capacity-range",
                "5 mail_account accounts.name-dots", "5 password accounts.password-no-digit", "5 password accounts.password-no-symbol",
                "5 password accounts.password-too-short", "6 password accounts.password-characters", "6 password accounts.password-no-lower",
                "6 password accounts.password-no-symbol", "6 password accounts.password-no-upper",
            ],
            Errors(job).Order(StringComparer.Ordinal));
        Assert.Null(job["reference"]);
        var japanese = await _accounts.SendAsync(HttpMethod.Get, begun.Location!, null, null, ("Accept-Language", "ja"));
        Assert.Contains($"taro@{domain} はすでに登録されています。", japanese.Text, StringComparison.Ordinal);
        Assert.Null(await _accounts.TargetAsync($"good@{domain}"));
        Assert.Equal(2, (await _accounts.GetAsync($"/api/v1/domains/{domain}")).Body!["accounts"]!.GetValue<int>());
        Assert.DoesNotContain(Planted, japanese.Text, StringComparison.Ordinal);
        Assert.Equal(0L, await ScalarAsync($"select count(*) from job_problems where problems::text like '%{Planted}%'"));
        Assert.Equal(0L, await ScalarAsync($"select count(*) from mt_events where data::text like '%{Planted}%' or headers::text like '%{Planted}%'"));
        Assert.Equal(0L, await ScalarAsync($"select count(*) from job where job::text like '%{Planted}%'"));
    }

    [Fact]
    public async Task Of_more_than_a_thousand_problems_a_thousand_are_told_and_the_rest_counted()
    {
        var domain = await _accounts.DomainAsync(maxAccounts: 2000);
        var begun = await ImportAsync(domain, Header + string.Concat(Enumerable.Range(0, 1500).Select(i => $"user{i},{AccountsService.GoodPassword},１,\n")));
        var job = (await node.JobAsync(begun.Location!, "failed")).Body!;
        Assert.Equal((1000, 500), (job["errors"]!.AsArray().Count, job["moreErrors"]!.GetValue<int>()));
    }

    [Theory, Trait("Rule", "GWY-4")]
    [InlineData("Content-Type: text/csv\r\nContent-Length: 1000\r\n\r\n")]
    [InlineData("Content-Type: text/csv\r\nTransfer-Encoding: chunked\r\n\r\n1000\r\n")]
    [InlineData("Content-Type: multipart/form-data; boundary=b\r\nTransfer-Encoding: chunked\r\n\r\n1000\r\n--b\r\nContent-Disposition: form-data; name=file\r\n\r\n")]
    public async Task A_client_that_is_gone_during_its_upload_leaves_nothing_and_may_send_it_again(string begin)
    {
        var (domain, text) = (await _accounts.DomainAsync(), $"{Header}taro,{AccountsService.GoodPassword},,\n");
        using (var client = new TcpClient("127.0.0.1", _accounts.Http.BaseAddress!.Port))
        {
            var head = $"POST /api/v1/domains/{domain}/imports HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {_accounts.Keys.Token(AccountsService.Operator)}\r\nIdempotency-Key: gone\r\n";
            await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(head + begin + text));
        }

        var again = await Eventually.Async(() => ImportAsync(domain, text, headers: ("Idempotency-Key", "gone")), r => r.Status == HttpStatusCode.Accepted);
        Assert.Equal(1, (await node.JobAsync(again.Location!, "succeeded")).Body!["result"]!["registered"]!.GetValue<int>());
        Assert.Equal(1L, await ScalarAsync($"select count(*) from job where domain = '{domain}'"));
        Assert.Equal(0L, await ScalarAsync("select count(*) from bulk_job"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("PK\u0003\u0004rest")]
    [InlineData("mail_account,password,mail_capacity\nta\0ro,x,")]
    [InlineData("name,password,mail_capacity\ntaro,x,")]
    [InlineData("mail_account,password,mail_capacity\ntaro,x,,y")]
    public async Task A_file_that_is_none_is_told_so(string text)
    {
        var begun = await ImportAsync(await _accounts.DomainAsync(), text);
        Assert.Contains(Errors((await node.JobAsync(begun.Location!, "failed")).Body!), e => e.Contains(" csv.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_dry_run_says_the_same_and_changes_nothing()
    {
        var domain = await _accounts.DomainAsync();
        var begun = await ImportAsync(domain, Header + $"taro,{AccountsService.GoodPassword},,\n", dryRun: true);
        var job = (await node.JobAsync(begun.Location!, "succeeded")).Body!;
        Assert.Equal((1, true), (job["result"]!["registered"]!.GetValue<int>(), job["dryRun"]!.GetValue<bool>()));
        Assert.Null(await _accounts.TargetAsync($"taro@{domain}"));
        Assert.Equal(1, (await _accounts.GetAsync($"/api/v1/domains/{domain}")).Body!["accounts"]!.GetValue<int>());
    }

    [Fact]
    public async Task A_form_is_taken_and_what_is_neither_form_nor_text_or_is_too_large_is_refused()
    {
        var domain = await _accounts.DomainAsync();
        using var form = new MultipartFormDataContent { { new StringContent("x"), "other" }, { new StringContent($"{Header}taro,{AccountsService.GoodPassword},,\n"), "file", "a.csv" } };
        await node.JobAsync((await PostAsync(domain, form)).Location!, "succeeded");

        using var without = new MultipartFormDataContent { { new StringContent("x"), "other" } };
        Assert.Equal(["bulk.file-missing"], (await PostAsync(domain, without)).Codes);
        using var json = new StringContent("{}", Encoding.UTF8, "application/json");
        Assert.Equal((HttpStatusCode.UnsupportedMediaType, "bulk.media-type"), await StatusAsync(domain, json));
        using var large = Csv(new byte[(35 << 20) + 1]);
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "request.too-large"), await StatusAsync(domain, large));
        using var elsewhere = Csv("x"u8.ToArray());
        Assert.Equal(HttpStatusCode.NotFound, (await _accounts.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/imports", elsewhere, AccountsService.Admin("other.example.jp"))).Status);
    }

    [Fact, Trait("Rule", "GWY-4")]
    public async Task A_repeated_upload_with_the_same_key_is_one_job()
    {
        var domain = await _accounts.DomainAsync();
        var text = $"{Header}taro,{AccountsService.GoodPassword},,\n";
        var first = await ImportAsync(domain, text, headers: ("Idempotency-Key", "k1"));
        Assert.Equal(first.Location, (await ImportAsync(domain, text, headers: ("Idempotency-Key", "k1"))).Location);
        Assert.Equal(["request.idempotency-key-reused"], (await ImportAsync(domain, text + "\n", headers: ("Idempotency-Key", "k1"))).Codes);
    }

    [Fact, Trait("Rule", "ACC-13")]
    public async Task One_of_two_files_with_the_same_accounts_is_registered_and_the_other_is_not()
    {
        var domain = await _accounts.DomainAsync(maxAccounts: 2000);
        string File(int from) => Header + string.Join('\n', Enumerable.Range(from, 800).Select(i => $"user{i:0000},{AccountsService.GoodPassword},10,"));
        var jobs = await Task.WhenAll(ImportAsync(domain, File(0)), ImportAsync(domain, File(400)));

        var ends = await Task.WhenAll(jobs.Select(j => Eventually.Async(() => _accounts.GetAsync(j.Location!), r => r.Body?["finishedAt"] is not null, TimeSpan.FromSeconds(60))));
        Assert.Equal(["failed", "succeeded"], ends.Select(e => e.Body!["state"]!.GetValue<string>()).Order());
        Assert.Equal(801, (await _accounts.GetAsync($"/api/v1/domains/{domain}")).Body!["accounts"]!.GetValue<int>());
        Assert.Equal(800L + 1, await ScalarAsync($"select count(*) from mail_account_list where domain = '{domain}'"));
        Assert.Equal(0L, await ScalarAsync("select count(*) from mt_doc_address_reservation where data ->> 'ReservedBy' is not null"));
    }

    [Fact]
    public async Task Cancelled_at_any_moment_it_is_all_or_nothing()
    {
        await using var notices = await RaisedNotices.ListenAsync(_accounts.VirtualHost);
        for (var n = 0; n < 6; n++)
        {
            var domain = await _accounts.DomainAsync(maxAccounts: 2000);
            var begun = await ImportAsync(domain, Header + string.Join('\n', Enumerable.Range(0, 600).Select(i => $"user{i:0000},{AccountsService.GoodPassword},10,")));
            string[] moments = ["queued", "check", "reserve", "register"];
            await Eventually.Async(() => _accounts.GetAsync(begun.Location!), r => n == 0 || r.Body!["finishedAt"] is not null || Array.IndexOf(moments, StageOf(r.Body)) >= n % moments.Length);
            var answer = await _accounts.SendAsync(HttpMethod.Delete, begun.Location!);

            var end = await Eventually.Async(() => _accounts.GetAsync(begun.Location!), r => r.Body?["finishedAt"] is not null, TimeSpan.FromSeconds(30));
            var isCancelled = answer.Status == HttpStatusCode.OK;
            if (!isCancelled) Assert.Equal(["jobs.not-cancellable"], answer.Codes);
            Assert.Equal(isCancelled ? "cancelled" : "succeeded", end.Body!["state"]!.GetValue<string>());
            Assert.Equal(isCancelled ? 1 : 601, (await _accounts.GetAsync($"/api/v1/domains/{domain}")).Body!["accounts"]!.GetValue<int>());
            var notice = await notices.OfJobAsync(begun.Body!["id"]!.GetValue<string>());
            Assert.Equal((domain, true), (notice.Domain, notice.Audience.Administrators));
            Assert.EndsWith(isCancelled ? ": Cancelled; nothing was changed." : ": 600 mail accounts registered.", notice.Texts["en"], StringComparison.Ordinal);
            Assert.Equal(isCancelled ? 1L : 601L, await ScalarAsync($"select count(*) from mt_doc_address_reservation where id like '%@{domain}'"));
        }
    }

    [Fact]
    public async Task Whoever_follows_a_job_and_comes_again_is_told_only_what_is_new()
    {
        var begun = await ImportAsync(await _accounts.DomainAsync(), Header + $"taro,{AccountsService.GoodPassword},,\n");
        await node.JobAsync(begun.Location!, "succeeded");
        var all = await _accounts.GetAsync($"{begun.Location}/events");
        var id = all.Text.Split('\n').Single(l => l.StartsWith("id: ", StringComparison.Ordinal))["id: ".Length..];
        Assert.Contains("\"state\":\"succeeded\"", all.Text, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NoContent, (await _accounts.SendAsync(HttpMethod.Get, $"{begun.Location}/events", null, null, ("Last-Event-ID", id))).Status);
        Assert.Equal(all.Text, (await _accounts.SendAsync(HttpMethod.Get, $"{begun.Location}/events", null, null, ("Last-Event-ID", "1"))).Text);
    }

    [Fact, Trait("Rule", "ROLE-2")]
    public async Task Who_started_a_job_sees_it_also_when_the_domain_is_theirs_no_more()
    {
        var domain = await _accounts.DomainAsync();
        using var content = Csv(Encoding.UTF8.GetBytes($"{Header}taro,{AccountsService.GoodPassword},,\n"));
        var begun = await _accounts.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/imports", content, AccountsService.Admin(domain) with { Login = "starter" });
        Assert.Equal(HttpStatusCode.OK, (await _accounts.GetAsync(begun.Location!, AccountsService.Admin() with { Login = "starter" })).Status); // a login of its own: what it starts is on its board
        Assert.Equal(HttpStatusCode.NotFound, (await _accounts.GetAsync(begun.Location!, AccountsService.Admin() with { Login = "somebody" })).Status);
    }

    private static string StageOf(JsonNode job) => job["state"]!.GetValue<string>() == "queued"
        ? "queued"
        : job["stages"]!.AsArray().FirstOrDefault(s => s!["state"]!.GetValue<string>() == "running")?["name"]!.GetValue<string>() ?? "";

    private static string[] Errors(JsonNode job) => [.. job["errors"]!.AsArray().Select(e => $"{e!["line"]} {e["column"]} {e["code"]}")];

    private static ByteArrayContent Csv(byte[] file) => new(file) { Headers = { ContentType = new MediaTypeHeaderValue("text/csv") } };

    private async Task<Reply> ImportAsync(string domain, string text, bool dryRun = false, params (string, string)[] headers)
    {
        using var content = Csv(Encoding.UTF8.GetBytes(text));
        return await _accounts.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/imports{(dryRun ? "?dryRun=true" : "")}", content, null, headers);
    }

    private Task<Reply> PostAsync(string domain, HttpContent content) => _accounts.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/imports", content);

    private async Task<(HttpStatusCode, string)> StatusAsync(string domain, HttpContent content)
    {
        var reply = await PostAsync(domain, content);
        return (reply.Status, reply.Codes.Single());
    }

    private async Task<object?> ScalarAsync(string sql)
    {
        await using var database = NpgsqlDataSource.Create(_accounts.Database);
#pragma warning disable CA2100 // the tests' own statements
        await using var command = database.CreateCommand(sql);
#pragma warning restore CA2100
        return await command.ExecuteScalarAsync();
    }
}
