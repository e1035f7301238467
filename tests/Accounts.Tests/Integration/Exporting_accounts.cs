using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.Accounts.Tests.Integration;

public sealed class Exporting_accounts(AccountsService accounts)
{
    [Fact, Trait("Rule", "ACC-11")]
    public async Task A_domains_accounts_are_exported_by_address_and_none_that_is_being_deleted()
    {
        var domain = await accounts.DomainAsync();
        await accounts.AccountAsync(domain, "taro", 20, "営業部, \"東京\"");
        await accounts.AccountAsync(domain, "jiro", 30, "=1+1");
        await accounts.AccountAsync(domain, "gone");
        Assert.Equal(HttpStatusCode.Accepted, (await accounts.SendAsync(HttpMethod.Delete, $"/api/v1/accounts/gone@{domain}")).Status);
        using var answer = await GetAsync($"/api/v1/domains/{domain}/accounts.csv", AccountsService.Admin(domain));
        Assert.Equal("text/csv; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
        Assert.Equal($"mail-accounts-{domain}.csv", answer.Content.Headers.ContentDisposition!.FileName!.Trim('"'));
        Assert.Equal(
            "\uFEFFmail_account,mail_password,comment,amount_of_mail_box,spam,forward,auto,pop,mail_capacity\r\n"
            + "jiro,,'=1+1,0,0,0,0,1,30\r\npostmaster,,,0,0,0,0,1,100\r\ntaro,,\"営業部, \"\"東京\"\"\",0,0,0,0,1,20\r\n",
            Encoding.UTF8.GetString(await answer.Content.ReadAsByteArrayAsync()));
    }

    [Fact, Trait("Rule", "ACC-11")]
    public async Task An_export_that_breaks_off_does_not_look_like_a_whole_one()
    {
        var domain = await accounts.DomainAsync();
        await accounts.AccountAsync(domain);
        await using var database = NpgsqlDataSource.Create(accounts.Database);
        // More than what waits on the way.
        await BulkWork.ScalarAsync(database,
            $$"""
            insert into mail_account_list select (jsonb_populate_record(l, jsonb_build_object(
                'account_id', 'many' || g, 'address', 'many' || g || '@{{domain}}', 'comment', repeat('x', 2000)))).*
            from mail_account_list l, generate_series(1, 10000) g where l.address = 'taro@{{domain}}'
            """);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/domains/{domain}/accounts.csv");
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", accounts.Keys.Token(AccountsService.Operator));
            using var answer = await accounts.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            await using var body = await answer.Content.ReadAsStreamAsync();
            Assert.True(await body.ReadAsync(new byte[1000]) > 0);

            Assert.Equal(true, await BulkWork.ScalarAsync(database,
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query like 'select address, comment, used_bytes%' and state = 'active'"));
            await Assert.ThrowsAnyAsync<IOException>(() => body.CopyToAsync(Stream.Null));
        }
        finally
        {
            await BulkWork.ScalarAsync(database, "delete from mail_account_list where account_id like 'many%'");
        }
    }

    [Fact, Trait("Rule", "ACC-11")]
    public async Task An_export_rounds_usage_up_to_MB_and_marks_forced_password_changes()
    {
        var domain = await accounts.DomainAsync();
        await accounts.AccountAsync(domain);
        Assert.Equal(HttpStatusCode.NoContent, (await accounts.SendAsync(HttpMethod.Post, $"/api/v1/accounts/taro@{domain}/force-password-change", new { reason = "abuse" })).Status);
        await using (var measured = accounts.Get<NpgsqlDataSource>().CreateCommand("update mail_account_list set used_bytes = 2 * 1048576 + 1 where address = $1"))
        {
            measured.Parameters.Add(new() { Value = $"taro@{domain}" });
            Assert.Equal(1, await measured.ExecuteNonQueryAsync());
        }

        Assert.EndsWith("\r\ntaro,,,3,0,0,0,1,100,0,password-forcibly-changed,1\r\n", (await accounts.GetAsync($"/api/v1/domains/{domain}/accounts.csv?columns=all")).Text, StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "ACC-12")]
    public async Task In_CP932_it_is_what_Japanese_Excel_reads()
    {
        var domain = await accounts.DomainAsync();
        await accounts.AccountAsync(domain, "taro", 20, "①表ソ髙～");
        using var answer = await GetAsync($"/api/v1/domains/{domain}/accounts.csv?encoding=cp932&columns=all", AccountsService.Operator);
        Assert.Equal("text/csv; charset=shift_jis", answer.Content.Headers.ContentType!.ToString());
        var text = CodePagesEncodingProvider.Instance.GetEncoding(932)!.GetString(await answer.Content.ReadAsByteArrayAsync());
        Assert.EndsWith("\r\ntaro,,①表ソ髙～,0,0,0,0,1,20,0,normal,0\r\n", text, StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "ACC-12")]
    public async Task A_character_that_CP932_lacks_is_named_with_every_account_and_nothing_is_sent()
    {
        var domain = await accounts.DomainAsync();
        await accounts.AccountAsync(domain, "taro", comment: "営業😀");
        await accounts.AccountAsync(domain, "jiro", comment: "営業");
        await accounts.AccountAsync(domain, "hanako", comment: "한국");
        var reply = await accounts.GetAsync($"/api/v1/domains/{domain}/accounts.csv?encoding=cp932");
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "application/problem+json"), (reply.Status, reply.ContentType));
        Assert.Equal(["csv.not-in-cp932", "csv.not-in-cp932"], reply.Codes);
        Assert.Contains($"hanako@{domain}", reply.Body!["errors"]![0]!["detail"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Contains($"taro@{domain}", reply.Body!["errors"]![1]!["detail"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Theory, Trait("Rule", "GWY-3")]
    [InlineData("encoding=sjis", 1)]
    [InlineData("columns=some", 1)]
    [InlineData("encoding=&columns=", 2)]
    public async Task A_parameter_that_cannot_be_read_is_named(string query, int errors)
    {
        var reply = await accounts.GetAsync($"/api/v1/domains/{await accounts.DomainAsync()}/accounts.csv?{query}");
        Assert.Equal(HttpStatusCode.BadRequest, reply.Status);
        Assert.Equal(Enumerable.Repeat("request.bad-parameter", errors), reply.Codes);
    }

    [Fact, Trait("Rule", "ROLE-2")]
    public async Task It_is_for_the_domains_staff()
    {
        var path = $"/api/v1/domains/{await accounts.DomainAsync()}/accounts.csv";
        Assert.Equal(HttpStatusCode.NotFound, (await accounts.GetAsync(path, AccountsService.Admin("other.example.jp"))).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await accounts.GetAsync("/api/v1/domains/nowhere.example.jp/accounts.csv")).Status);
    }

    [Theory, Trait("Rule", "ACC-9"), Trait("Rule", "ACC-10")]
    [InlineData("mail-accounts-sample.csv", "mail_account,password,mail_capacity,comment")]
    [InlineData("mail-password-sample.csv", "mail_account,password,mail_capacity")]
    public async Task The_samples_have_the_header_that_must_stay(string name, string header)
    {
        using var answer = await GetAsync($"/api/v1/samples/{name}", AccountsService.Admin());
        Assert.Equal(name, answer.Content.Headers.ContentDisposition!.FileName!.Trim('"'));
        Assert.StartsWith($"\uFEFF{header}\r\n", Encoding.UTF8.GetString(await answer.Content.ReadAsByteArrayAsync()), StringComparison.Ordinal);
    }

    private async Task<HttpResponseMessage> GetAsync(string path, Caller caller)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", accounts.Keys.Token(caller));
        return (await accounts.Http.SendAsync(request)).EnsureSuccessStatusCode();
    }
}
