using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Hikyaku.Accounts.Tests.Integration;

/// <summary>Files as programs send them: declared charsets, forms with a new boundary each time, exports that were filled in.</summary>
public sealed class Uploading_files(AccountsWithANode node) : IClassFixture<AccountsWithANode>
{
    private const string Header = "mail_account,password,mail_capacity,comment\n";
    private static readonly byte[] TwoKana = [0xD8, 0xB5]; // of CP932 ﾘｵ, of UTF-8 ص
    private readonly AccountsService _accounts = node.Accounts;

    [Theory, Trait("Rule", "ACC-12")]
    [InlineData("text/csv; charset=Shift_JIS", "ﾘｵ")]
    [InlineData("text/csv; charset=\"windows-31j\"", "ﾘｵ")]
    [InlineData("text/csv; charset=utf-8", "ص")]
    [InlineData("text/csv", "ص")]
    public async Task A_declared_charset_counts(string type, string comment)
    {
        var domain = await _accounts.DomainAsync();
        await DoneAsync(await SendAsync(domain, Content(type, TwoKana)));
        Assert.Equal(comment, (string)(await _accounts.GetAsync($"/api/v1/accounts/taro@{domain}")).Body!["comment"]!);
    }

    [Fact, Trait("Rule", "ACC-12")]
    public async Task The_charset_of_a_forms_part_counts_too()
    {
        var domain = await _accounts.DomainAsync();
        await DoneAsync(await SendAsync(domain, new MultipartFormDataContent { { Content("text/csv; charset=shift_jis", TwoKana), "file", "a.csv" } }));
        Assert.Equal("ﾘｵ", (string)(await _accounts.GetAsync($"/api/v1/accounts/taro@{domain}")).Body!["comment"]!);
    }

    [Fact, Trait("Rule", "ACC-12")]
    public async Task An_unknown_charset_is_415_with_the_known_ones_and_a_wrong_one_is_named()
    {
        var domain = await _accounts.DomainAsync();
        var unknown = await SendAsync(domain, Content("text/csv; charset=euc-jp", TwoKana));
        Assert.Equal((HttpStatusCode.UnsupportedMediaType, "bulk.charset-unknown"), (unknown.Status, unknown.Codes.Single()));
        Assert.Contains("windows-31j", unknown.Text, StringComparison.Ordinal);
    }

    [Theory, Trait("Rule", "ACC-12")]
    [InlineData("utf-8", new byte[] { 0x61, 0x8D, 0x82 }, "line 2, byte 22 (8D)")]
    [InlineData("us-ascii", new byte[] { 0xE3, 0x81, 0x82 }, "line 2, byte 21 (E3)")]
    [InlineData("shift_jis", new byte[] { 0x82, 0xA0, 0xFD }, "line 2, byte 23 (FD)")]
    public async Task A_charset_that_the_file_does_not_have_is_named_with_the_place(string charset, byte[] comment, string place)
    {
        var lie = await SendAsync(await _accounts.DomainAsync(), Content($"text/csv; charset={charset}", comment));
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "bulk.not-in-charset"), (lie.Status, lie.Codes.Single()));
        Assert.Contains(place, lie.Text, StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "ACC-15")]
    public async Task Names_with_a_full_width_at_and_with_ideographic_blanks_are_read()
    {
        var domain = await _accounts.DomainAsync();
        var file = Encoding.UTF8.GetBytes($"{Header}taro＠{domain},Hatsukoi-12ab,,\n\u3000jiro\u3000,Hatsukoi-12ab,,\n");
        await DoneAsync(await SendAsync(domain, new ByteArrayContent(file) { Headers = { ContentType = MediaTypeHeaderValue.Parse("text/csv") } }));
        foreach (var name in new[] { "taro", "jiro" }) Assert.Equal(HttpStatusCode.OK, (await _accounts.GetAsync($"/api/v1/accounts/{name}@{domain}")).Status);
    }

    [Fact, Trait("Rule", "ACC-15")]
    public async Task Blanks_around_names_are_left_out_everywhere()
    {
        var domain = $"d{Guid.NewGuid():N}"[..12] + ".example.jp";
        var added = await _accounts.SendAsync(HttpMethod.Post, "/api/v1/domains", new { name = $"\u3000{domain} ", maxAccounts = 10, maxCapacityMb = 1000, defaultCapacityMb = 10 });
        Assert.Equal((HttpStatusCode.Created, domain), (added.Status, (string)added.Body!["name"]!));
        var account = await _accounts.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/accounts", new { name = " taro\u3000", password = "Hatsukoi-12ab" });
        Assert.Equal((HttpStatusCode.Created, $"taro@{domain}"), (account.Status, (string)account.Body!["address"]!));
        var login = $"a{Guid.NewGuid():N}"[..12];
        var appointed = await _accounts.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/administrators", new { login = $" {login} ", password = "Kanrisha-56ef" });
        Assert.Equal((HttpStatusCode.Created, login), (appointed.Status, (string)appointed.Body!["login"]!));
    }

    [Fact, Trait("Rule", "ACC-12")]
    public async Task A_file_is_as_large_as_what_was_sent_whatever_it_takes_as_utf_8()
    {
        var domain = await _accounts.DomainAsync();
        var rows = Enumerable.Repeat(Encoding.ASCII.GetBytes("taro,Hatsukoi-12ab,,").Concat(Enumerable.Repeat<byte>(0xB1, 4000)).Append((byte)'\n').ToArray(), 6500);
        byte[] file = [.. Encoding.ASCII.GetBytes(Header), .. rows.SelectMany(r => r)];
        Assert.InRange(file.Length, 26_000_000, 35 << 20); // three times that in UTF-8
        var reply = await SendAsync(domain, new ByteArrayContent(file) { Headers = { ContentType = MediaTypeHeaderValue.Parse("text/csv; charset=shift_jis") } });
        Assert.Equal(HttpStatusCode.Accepted, reply.Status);
        var codes = (await node.JobAsync(reply.Location!, "failed")).Body!["errors"]!.AsArray().Select(e => (string)e!["code"]!).Distinct();
        Assert.Contains("accounts.comment-too-long", codes); // it was read
    }

    [Fact, Trait("Rule", "ACC-12")]
    public async Task Where_both_readings_are_possible_the_answer_says_which_one_counts()
    {
        var domain = await _accounts.DomainAsync();
        foreach (var (bytes, said) in new[] { (TwoKana, "utf-8"), ("abc"u8.ToArray(), null), (Encoding.UTF8.GetBytes("あ"), (string?)null) })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/domains/{domain}/imports?dryRun=true") { Content = Content("text/csv", bytes) };
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _accounts.Keys.Token(AccountsService.Operator));
            using var answer = await _accounts.Http.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(said, answer.Headers.TryGetValues("X-Read-As", out var values) ? values.Single() : null);
        }
    }

    [Theory, Trait("Rule", "ACC-12"), Trait("Rule", "GWY-4")]
    [InlineData("imports")]
    [InlineData("bulk-changes")]
    [InlineData("imports?dryRun=true")]
    public async Task Which_reading_counts_is_told_again_to_the_same_key_and_with_the_result(string what)
    {
        var domain = await _accounts.DomainAsync();
        var (first, again) = (await ReadAsAsync("kana", TwoKana), await ReadAsAsync("kana", TwoKana));
        Assert.Equal(("utf-8", "utf-8", first.Location), (first.Headers["X-Read-As"].Single(), again.Headers["X-Read-As"].Single(), again.Location));
        Assert.Equal("utf-8", (string)(await node.JobAsync(first.Location, "succeeded")).Body!["result"]!["readAs"]!);

        var sure = await ReadAsAsync("sure", "abc"u8.ToArray(), "jiro");
        Assert.DoesNotContain("X-Read-As", sure.Headers.Keys);
        Assert.Null((await node.JobAsync(sure.Location, "succeeded")).Body!["result"]!["readAs"]);

        async Task<(string Location, Dictionary<string, IEnumerable<string>> Headers)> ReadAsAsync(string key, byte[] comment, string name = "taro")
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/domains/{domain}/{what}") { Content = Content("text/csv", comment, name) };
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _accounts.Keys.Token(AccountsService.Operator));
            request.Headers.Add("Idempotency-Key", $"{key}-{domain}");
            using var answer = await _accounts.Http.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
            return (answer.Headers.Location!.ToString(), answer.Headers.ToDictionary(h => h.Key, h => h.Value));
        }
    }

    [Theory, Trait("Rule", "GWY-4"), Trait("Rule", "ACC-12")]
    [InlineData("text/csv; charset=Shift_JIS", "text/csv; charset=\"shift_jis\"", true)]
    [InlineData("text/csv; charset=Shift_JIS", "text/csv; charset=utf-8", false)]
    [InlineData("text/csv; charset=Shift_JIS", "text/csv", false)]
    [InlineData("text/csv", "text/csv; charset=utf-8", false)]
    public async Task The_same_bytes_in_another_declared_charset_are_another_file(string first, string second, bool isSame)
    {
        var domain = await _accounts.DomainAsync();
        var (begun, again) = (await KeyedAsync(first), await KeyedAsync(second));
        Assert.Equal(HttpStatusCode.Accepted, begun.Status);
        if (isSame) Assert.Equal((HttpStatusCode.Accepted, begun.Text), (again.Status, again.Text));
        else Assert.Equal((HttpStatusCode.UnprocessableEntity, "request.idempotency-key-reused"), (again.Status, again.Codes.Single()));

        Task<Reply> KeyedAsync(string type) => _accounts.SendAsync(
            HttpMethod.Post, $"/api/v1/domains/{domain}/imports", Content(type, TwoKana), headers: ("Idempotency-Key", $"charset-{domain}"));
    }

    [Fact, Trait("Rule", "GWY-4")]
    public async Task Json_is_the_same_with_and_without_its_usual_charset()
    {
        var domain = await _accounts.DomainAsync();
        var replies = new List<Reply>();
        foreach (var type in new[] { "application/json", "application/json; charset=UTF-8", "application/json; charset=us-ascii" })
        {
            var body = new ByteArrayContent("""{"name":"taro","password":"Hatsukoi-12ab"}"""u8.ToArray()) { Headers = { ContentType = MediaTypeHeaderValue.Parse(type) } };
            replies.Add(await _accounts.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/accounts", body, headers: ("Idempotency-Key", $"json-{domain}")));
        }

        Assert.Equal([HttpStatusCode.Created, HttpStatusCode.Created, HttpStatusCode.UnprocessableEntity], replies.Select(r => r.Status));
    }

    [Fact, Trait("Rule", "GWY-4")]
    public async Task The_same_form_with_another_boundary_is_the_same_request()
    {
        var domain = await _accounts.DomainAsync();
        var first = await FormAsync("one", "taro");
        var again = await FormAsync("another-boundary", "taro");
        Assert.Equal((HttpStatusCode.Accepted, first.Text), (again.Status, again.Text));
        Assert.Equal(["request.idempotency-key-reused"], (await FormAsync("third", "jiro")).Codes);

        Task<Reply> FormAsync(string boundary, string name) => _accounts.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/imports",
            new MultipartFormDataContent(boundary) { { new ByteArrayContent(Encoding.UTF8.GetBytes($"{Header}{name},Hatsukoi-12ab,,\n")), "file", "a.csv" } }, headers: ("Idempotency-Key", $"form-{domain}"));
    }

    [Fact, Trait("Rule", "GWY-4")]
    public async Task A_key_that_is_too_long_is_refused_with_the_limit()
    {
        var refused = await _accounts.SendAsync(HttpMethod.Post, "/api/v1/domains", new { }, headers: ("Idempotency-Key", new string('k', 255)));
        Assert.Equal((HttpStatusCode.BadRequest, "request.idempotency-key-too-long"), (refused.Status, refused.Codes.Single()));
        Assert.Contains("200", refused.Text, StringComparison.Ordinal);
    }

    [Theory, Trait("Rule", "ACC-12")]
    [InlineData("", "skipped")]
    [InlineData("Shin-kaisha-34cd", "changed")]
    public async Task A_filled_in_export_is_registered_and_its_postmaster_set_or_skipped(string password, string counted)
    {
        var domain = await _accounts.DomainAsync();
        var file = $"mail_account,mail_password,comment,amount_of_mail_box,spam,forward,auto,pop,mail_capacity\r\npostmaster,{password},,0,0,0,0,1,100\r\ntaro,Hatsukoi-12ab,,0,0,0,0,1,100\r\n";
        var job = await DoneAsync(await SendAsync(domain, new ByteArrayContent(Encoding.UTF8.GetBytes(file)) { Headers = { ContentType = MediaTypeHeaderValue.Parse("text/csv") } }));
        Assert.Equal((1, 1), ((int)job.Body!["result"]!["registered"]!, (int)job.Body["result"]![counted]!));
        Assert.Equal(password.Length > 0, (bool)(await _accounts.VerifyAsync($"postmaster@{domain}", "Shin-kaisha-34cd"))["verified"]!);
    }

    [Theory, Trait("Rule", "ACC-12"), Trait("Rule", "ACC-13")]
    [InlineData("Shin-kaisha-34cd,250,総務", 250, "総務", 350)]
    [InlineData("Shin-kaisha-34cd,50,", 50, null, 150)]
    [InlineData("Shin-kaisha-34cd,,総務", 100, "総務", 200)]
    [InlineData(",250,総務", 100, null, 200)] // without a password it is skipped
    public async Task Capacity_and_comment_of_postmasters_row_are_applied_and_counted(string cells, int mb, string? comment, int inUse)
    {
        var domain = await _accounts.DomainAsync();
        await DoneAsync(await SendAsync(domain, File($"{Header}postmaster,{cells}\ntaro,Hatsukoi-12ab,100,\n")));
        var account = (await _accounts.GetAsync($"/api/v1/accounts/postmaster@{domain}")).Body!;
        Assert.Equal((mb, comment), ((int)account["capacityMb"]!, (string?)account["comment"]));
        Assert.Equal((2, inUse), await BulkWork.NumbersAsync(_accounts, domain));
    }

    [Theory, Trait("Rule", "ACC-12"), Trait("Rule", "ACC-13")]
    [InlineData("Hatsukoi-12ab,1001,", "accounts.capacity-range")]
    [InlineData("Hatsukoi-12ab,901,", "accounts.domain-capacity-exceeded")] // with taro's 100 one too many
    [InlineData("Hatsukoi-12ab,x,", "accounts.capacity-range")]
    public async Task A_capacity_of_postmaster_that_cannot_be_is_refused_and_nothing_is_done(string cells, string code)
    {
        var domain = await _accounts.DomainAsync();
        await _accounts.SendAsync(HttpMethod.Patch, $"/api/v1/domains/{domain}", new { maxCapacityMb = 1000 });
        var reply = await SendAsync(domain, File($"{Header}postmaster,{cells}\ntaro,Hatsukoi-12ab,100,\n"));
        var error = Assert.Single((await node.JobAsync(reply.Location!, "failed")).Body!["errors"]!.AsArray());
        Assert.Equal((code, 2, "mail_capacity"), ((string)error!["code"]!, (int)error["line"]!, (string)error["column"]!));
        Assert.Equal((1, 100), await BulkWork.NumbersAsync(_accounts, domain));
        await DoneAsync(await SendAsync(domain, File($"{Header}postmaster,Hatsukoi-12ab,900,\ntaro,Hatsukoi-12ab,100,\n"))); // to the last MB
        Assert.Equal((2, 1000), await BulkWork.NumbersAsync(_accounts, domain));
    }

    [Fact, Trait("Rule", "ACC-12"), Trait("Rule", "ACC-8")]
    public async Task None_of_postmasters_last_passwords_is_set_by_a_file_after_a_forced_change()
    {
        var domain = await _accounts.DomainAsync();
        const string former = "Tsukimi.7soba+Kx";
        await _accounts.SendAsync(HttpMethod.Put, $"/api/v1/accounts/postmaster@{domain}/password", new { @new = former });
        await _accounts.SendAsync(HttpMethod.Post, $"/api/v1/accounts/postmaster@{domain}/force-password-change", new { reason = "mass sending" });
        foreach (var (password, code) in new[] { (former, "accounts.password-recent"), ("Password-1234", "accounts.password-guessable") })
        {
            var reply = await SendAsync(domain, File($"{Header}postmaster,{password},,\ntaro,Hatsukoi-12ab,,\n"));
            var error = Assert.Single((await node.JobAsync(reply.Location!, "failed")).Body!["errors"]!.AsArray());
            Assert.Equal((code, 2, "password"), ((string)error!["code"]!, (int)error["line"]!, (string)error["column"]!));
        }

        var job = await DoneAsync(await SendAsync(domain, File($"{Header}postmaster,Rashomon~90gh,,\ntaro,Hatsukoi-12ab,,\n")));
        Assert.Equal((1, 1), ((int)job.Body!["result"]!["registered"]!, (int)job.Body["result"]!["changed"]!));
        Assert.True((bool)(await _accounts.VerifyAsync($"postmaster@{domain}", "Rashomon~90gh"))["verified"]!);
    }

    [Fact, Trait("Rule", "ACC-12"), Trait("Rule", "ACC-2")]
    public async Task A_bad_password_of_postmaster_is_refused_like_any_other()
    {
        var domain = await _accounts.DomainAsync();
        var reply = await SendAsync(domain, new ByteArrayContent(Encoding.UTF8.GetBytes($"{Header}postmaster,short,,\n")) { Headers = { ContentType = MediaTypeHeaderValue.Parse("text/csv") } });
        var job = await node.JobAsync(reply.Location!, "failed");
        Assert.Contains(job.Body!["errors"]!.AsArray(), e => ((string)e!["code"]!, (int)e["line"]!, (string)e["column"]!) == ("accounts.password-too-short", 2, "password"));
    }

    private static ByteArrayContent Content(string type, byte[] comment, string name = "taro")
        => new([.. Encoding.ASCII.GetBytes($"{Header}{name},Hatsukoi-12ab,,"), .. comment, (byte)'\n']) { Headers = { ContentType = MediaTypeHeaderValue.Parse(type) } };

    private static ByteArrayContent File(string text) => new(Encoding.UTF8.GetBytes(text)) { Headers = { ContentType = MediaTypeHeaderValue.Parse("text/csv") } };

    private Task<Reply> SendAsync(string domain, HttpContent content) => _accounts.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/imports", content);

    private Task<Reply> DoneAsync(Reply queued)
    {
        Assert.True(queued.Status == HttpStatusCode.Accepted, queued.Text);
        return node.JobAsync(queued.Location!, "succeeded");
    }
}
