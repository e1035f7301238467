using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Hikyaku.Accounts.Contracts;
using Hikyaku.Contracts;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using MassTransit;
using Microsoft.Extensions.Logging;
using Npgsql;
using OtpNet;

namespace Hikyaku.Accounts.Tests.Integration;

[Trait("Rule", "GWY-2")]
public sealed class Second_factors(AccountsService accounts)
{
    private const string Own = "/api/v1/me/second-factor";

    [Fact]
    public async Task It_is_on_after_a_code_has_confirmed_the_newest_offer()
    {
        var admin = await AdministratorAsync();
        Assert.False((await OkAsync(accounts.GetAsync(Own, admin)))["enabled"]!.GetValue<bool>());
        Assert.Equal(["second-factor.not-begun"], (await accounts.SendAsync(HttpMethod.Post, Own, new { code = "123456" }, admin)).Codes);

        var first = await OkAsync(accounts.SendAsync(HttpMethod.Post, Own, new { }, admin));
        var second = await OkAsync(accounts.SendAsync(HttpMethod.Post, Own, new { }, admin));
        Assert.StartsWith($"otpauth://totp/Hikyaku:{admin.Login}?", second["uri"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Contains(second["secret"]!.GetValue<string>(), second["uri"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.True((await VerifyAsync(admin.Login)).Verified, "nothing is on before the confirmation");
        var refused = await accounts.SendAsync(HttpMethod.Post, Own, new { code = OfSecret(first).Now }, admin);
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "second-factor.code-wrong"), (refused.Status, Assert.Single(refused.Codes)));

        var confirmed = await OkAsync(accounts.SendAsync(HttpMethod.Post, Own, new { code = OfSecret(second).Now }, admin));
        Assert.Equal(10, confirmed["recoveryCodes"]!.AsArray().Count);
        var state = await OkAsync(accounts.GetAsync(Own, admin));
        Assert.Equal((true, 10), (state["enabled"]!.GetValue<bool>(), state["recoveryCodesLeft"]!.GetValue<int>()));
        Assert.Equal(["second-factor.already-on"], (await accounts.SendAsync(HttpMethod.Post, Own, new { }, admin)).Codes);
        Assert.Equal("required", (await VerifyAsync(admin.Login)).SecondFactor);
    }

    [Fact]
    public async Task Two_confirmations_at_once_turn_it_on_once()
    {
        var admin = await AdministratorAsync();
        var code = OfSecret(await OkAsync(accounts.SendAsync(HttpMethod.Post, Own, new { }, admin))).Now;

        var replies = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => accounts.SendAsync(HttpMethod.Post, Own, new { code }, admin)));

        var confirmed = Assert.Single(replies, r => r.Status == HttpStatusCode.OK);
        Assert.All(replies.Where(r => r != confirmed), r => Assert.Equal(["second-factor.already-on"], r.Codes));
        Assert.True((await VerifyAsync(admin.Login, (string?)confirmed.Body!["recoveryCodes"]![0])).Verified);
    }

    [Fact, Trait("Rule", "SEC-5")]
    public async Task Of_many_sign_ins_with_one_code_at_once_one_is_let_in()
    {
        var (admin, phone, recovery) = await EnrolledAsync();
        foreach (var code in new[] { phone.Next, recovery[0] })
        {
            var tries = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => VerifyAsync(admin.Login, code)));
            Assert.Single(tries, t => t.Verified);
            Assert.Equal(5, tries.Count(t => t.SecondFactor == "wrong"));
        }
    }

    [Fact, Trait("Rule", "SEC-5")]
    public async Task A_code_that_was_used_is_refused_also_the_one_that_confirmed_it()
    {
        var admin = await AdministratorAsync();
        var phone = OfSecret(await OkAsync(accounts.SendAsync(HttpMethod.Post, Own, new { }, admin)));
        var (confirmation, next) = (phone.Now, phone.Next);
        await OkAsync(accounts.SendAsync(HttpMethod.Post, Own, new { code = confirmation }, admin));

        Assert.Equal("wrong", (await VerifyAsync(admin.Login, confirmation)).SecondFactor);
        Assert.True((await VerifyAsync(admin.Login, next)).Verified);
        Assert.Equal("wrong", (await VerifyAsync(admin.Login, next)).SecondFactor);
        Assert.Equal("wrong", (await VerifyAsync(admin.Login, confirmation)).SecondFactor);
    }

    [Fact]
    public async Task A_wrong_password_uses_no_code()
    {
        var (admin, phone, _) = await EnrolledAsync();
        var code = phone.Next;
        var wrong = await VerifyAsync(admin.Login, code, "Wrong-password-1");
        Assert.Equal((false, null), (wrong.Verified, wrong.SecondFactor));
        Assert.True((await VerifyAsync(admin.Login, code)).Verified);
    }

    [Fact, Trait("Rule", "ROLE-3")]
    public async Task A_recovery_code_works_once_in_any_spelling_and_the_history_tells_it()
    {
        var (admin, _, recovery) = await EnrolledAsync();
        Assert.True((await VerifyAsync(admin.Login, recovery[3].Replace("-", " ", StringComparison.Ordinal).ToUpperInvariant())).Verified);
        Assert.Equal("wrong", (await VerifyAsync(admin.Login, recovery[3])).SecondFactor);

        Assert.Equal(9, (await OkAsync(accounts.GetAsync(Own, admin)))["recoveryCodesLeft"]!.GetValue<int>());
        var newest = (await HistoryAsync(admin))[0];
        Assert.Equal(
            ("accounts.staff-recovery-code-used", 9, admin.Login, "203.0.113.7"),
            (newest["type"]!.GetValue<string>(), newest["data"]!["left"]!.GetValue<int>(), newest["by"]!["login"]!.GetValue<string>(), newest["by"]!["address"]!.GetValue<string>()));
    }

    [Fact, Trait("Rule", "SEC-5")]
    public async Task Wrong_codes_of_all_networks_together_are_limited()
    {
        var (admin, phone, _) = await EnrolledAsync();
        for (var i = 0; i < 30; i++) Assert.Equal("wrong", (await VerifyAsync(admin.Login, "abcdef")).SecondFactor);

        var refused = await VerifyAsync(admin.Login, phone.Next);
        Assert.Equal("too-many", refused.SecondFactor);
        Assert.InRange(refused.SecondFactorWaitSeconds ?? 0, 3500, 3600);
    }

    [Fact]
    public async Task It_is_turned_off_by_password_and_code_together()
    {
        var (admin, _, recovery) = await EnrolledAsync();
        Assert.Equal(["accounts.current-password-wrong"], (await RemoveAsync(admin, "Wrong-password-1", recovery[0])).Codes);
        Assert.Equal(["second-factor.code-wrong"], (await RemoveAsync(admin, AccountsService.GoodPassword, "")).Codes);
        Assert.Equal(["second-factor.code-wrong"], (await RemoveAsync(admin, AccountsService.GoodPassword, "000000x")).Codes);
        Assert.Equal("required", (await VerifyAsync(admin.Login)).SecondFactor);

        Assert.Equal(HttpStatusCode.NoContent, (await RemoveAsync(admin, AccountsService.GoodPassword, recovery[0])).Status);

        Assert.True((await VerifyAsync(admin.Login)).Verified);
        Assert.False((await OkAsync(accounts.GetAsync(Own, admin)))["enabled"]!.GetValue<bool>());
        Assert.Equal("accounts.staff-second-factor-removed", (await HistoryAsync(admin))[0]["type"]!.GetValue<string>());
        await EnrolAsync(admin); // another telephone
    }

    [Fact]
    public async Task New_recovery_codes_replace_those_that_are_left()
    {
        var (admin, _, recovery) = await EnrolledAsync();
        var renewed = await OkAsync(accounts.SendAsync(HttpMethod.Post, $"{Own}/recovery-codes", new { password = AccountsService.GoodPassword, code = recovery[0] }, admin));

        Assert.Equal("wrong", (await VerifyAsync(admin.Login, recovery[1])).SecondFactor);
        Assert.True((await VerifyAsync(admin.Login, (string?)renewed["recoveryCodes"]![1])).Verified);
        Assert.Equal(9, (await OkAsync(accounts.GetAsync(Own, admin)))["recoveryCodesLeft"]!.GetValue<int>());
    }

    [Fact, Trait("Rule", "ROLE-3")]
    public async Task An_operator_takes_it_away_and_the_history_says_who_and_why()
    {
        var (admin, _, recovery) = await EnrolledAsync();
        var path = $"/api/v1/domains/{admin.Domains[0]}/administrators/{admin.Login}/second-factor";
        Assert.Equal(HttpStatusCode.Forbidden, (await accounts.SendAsync(HttpMethod.Delete, path, new { reason = "x" }, admin)).Status);
        Assert.Equal(["accounts.reason-missing"], (await accounts.SendAsync(HttpMethod.Delete, path, new { })).Codes);
        Assert.Equal(HttpStatusCode.NotFound, (await accounts.SendAsync(HttpMethod.Delete, path.Replace(admin.Login, "nobody", StringComparison.Ordinal), new { reason = "x" })).Status);

        Assert.Equal(HttpStatusCode.NoContent, (await accounts.SendAsync(HttpMethod.Delete, path, new { reason = "telephone lost" })).Status);

        Assert.True((await VerifyAsync(admin.Login)).Verified);
        var newest = (await HistoryAsync(admin))[0];
        Assert.Equal(
            ("accounts.staff-second-factor-reset", "operator", "telephone lost"),
            (newest["type"]!.GetValue<string>(), newest["by"]!["login"]!.GetValue<string>(), newest["data"]!["reason"]!.GetValue<string>()));
        await EnrolAsync(admin);
        Assert.Equal("wrong", (await VerifyAsync(admin.Login, recovery[5])).SecondFactor);
    }

    [Fact, Trait("Rule", "SEC-4")]
    public async Task Its_secrets_are_in_no_answer_event_message_log_or_row_afterwards()
    {
        using var log = new LogOf(accounts.Get<ILoggerFactory>());
        var (notices, events) = (new System.Collections.Concurrent.ConcurrentQueue<string>(), new System.Collections.Concurrent.ConcurrentQueue<string>());
        await using var heard = await Telling_others.ListenAsync(accounts.VirtualHost, e =>
        {
            e.Handler<NoticeRaised>(c => { notices.Enqueue(System.Text.Json.JsonSerializer.Serialize(c.Message)); return Task.CompletedTask; });
            e.Handler<StaffSecondFactorEnrolled>(c => { events.Enqueue(System.Text.Json.JsonSerializer.Serialize(c.Message)); return Task.CompletedTask; });
        });
        var admin = await AdministratorAsync();
        (string, string)[] key = [("Idempotency-Key", Guid.NewGuid().ToString())];
        var offer = await OkAsync(accounts.SendAsync(HttpMethod.Post, Own, new { }, admin, key));
        var again = await OkAsync(accounts.SendAsync(HttpMethod.Post, Own, new { }, admin, key));
        Assert.NotEqual((string?)offer["secret"], (string?)again["secret"]);
        var secret = again["secret"]!.GetValue<string>();
        var recovery = (await OkAsync(accounts.SendAsync(HttpMethod.Post, Own, new { code = new Authenticator(secret).Now }, admin)))["recoveryCodes"]!.AsArray().Select(c => c!.GetValue<string>()).ToArray();
        Assert.True((await VerifyAsync(admin.Login, recovery[0])).Verified);
        await Eventually.Async(() => notices.Any(n => n.Contains("9 ", StringComparison.Ordinal) && n.Contains(admin.Login, StringComparison.Ordinal)));
        await Eventually.Async(() => events.Any(e => e.Contains(admin.Login, StringComparison.Ordinal)));

        var answers = (await accounts.GetAsync(Own, admin)).Text + string.Join('\n', (await HistoryAsync(admin)).Select(h => h.ToJsonString()));
        var bytes = Base32Encoding.ToBytes(secret);
        string[] secrets = [secret, Convert.ToBase64String(bytes), Convert.ToHexStringLower(bytes), .. recovery, .. recovery.Select(r => r.Replace("-", "", StringComparison.Ordinal))];
        var rows = await RowsAsync();
        Assert.Contains($"staff:{admin.Login}", rows, StringComparison.Ordinal);
        foreach (var place in new[] { log.ToString(), answers, rows, string.Join('\n', notices), string.Join('\n', events) })
            Assert.DoesNotContain(secrets, s => place.Contains(s, StringComparison.OrdinalIgnoreCase));
    }

    [Fact, Trait("Rule", "OPS-3")]
    public async Task A_domains_requirement_is_shown_told_and_undone()
    {
        var admin = await AdministratorAsync();
        var path = $"/api/v1/domains/{admin.Domains[0]}";
        var changed = await OkAsync(accounts.SendAsync(HttpMethod.Patch, path, new { requireSecondFactor = true }));
        Assert.True(changed["requireSecondFactor"]!.GetValue<bool>());
        Assert.Equal(admin.Domains[0], Assert.Single((await OkAsync(accounts.GetAsync(Own, admin)))["requiredBy"]!.AsArray())!.GetValue<string>());
        Assert.Equal(admin.Domains, (await VerifyAsync(admin.Login)).SecondFactorRequiredBy);
        Assert.Equal(HttpStatusCode.Forbidden, (await accounts.SendAsync(HttpMethod.Patch, path, new { requireSecondFactor = false }, admin)).Status);

        var item = (await OkAsync(accounts.GetAsync($"{path}/history")))["items"]![0]!;
        Assert.Equal("accounts.domain-second-factor-requirement-changed", item["type"]!.GetValue<string>());
        var undone = await OkAsync(accounts.SendAsync(HttpMethod.Post, $"{path}/history/{item["id"]}/undo", new { }));
        Assert.False(undone["requireSecondFactor"]!.GetValue<bool>());
        Assert.Empty((await VerifyAsync(admin.Login)).SecondFactorRequiredBy!);
    }

    [Fact]
    public async Task The_only_operator_is_helped_by_a_setting_at_the_start()
    {
        await using var first = new AccountsService();
        await first.InitializeAsync();
        var operatorCaller = AccountsService.Operator;
        var phone = OfSecret(await OkAsync(first.SendAsync(HttpMethod.Post, Own, new { }, operatorCaller)));
        await OkAsync(first.SendAsync(HttpMethod.Post, Own, new { code = phone.Now }, operatorCaller));
        Assert.False((await first.VerifyAsync("operator", "Ope-rator-1234"))["verified"]!.GetValue<bool>());

        await using var second = new AccountsService { More = ["--Hikyaku:SecondFactor:ResetOf=Operator"] };
        await second.StartAsync(first.Database, first.VirtualHost, first.NodeVirtualHost);

        Assert.True((await second.VerifyAsync("operator", "Ope-rator-1234"))["verified"]!.GetValue<bool>());
        Assert.False((await OkAsync(second.GetAsync(Own, operatorCaller)))["enabled"]!.GetValue<bool>());
    }

    private async Task<Caller> AdministratorAsync()
    {
        var domain = await accounts.DomainAsync();
        var login = $"a{Guid.NewGuid():N}"[..20];
        var reply = await accounts.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/administrators", new { login, password = AccountsService.GoodPassword });
        Assert.Equal(HttpStatusCode.Created, reply.Status);
        return new(Roles.Admin, login, "session-2", [domain], "192.0.2.2", "panel");
    }

    private async Task<(Caller Admin, Authenticator Phone, string[] Recovery)> EnrolledAsync()
    {
        var admin = await AdministratorAsync();
        var (phone, recovery) = await EnrolAsync(admin);
        return (admin, phone, recovery);
    }

    private async Task<(Authenticator Phone, string[] Recovery)> EnrolAsync(Caller admin)
    {
        var phone = OfSecret(await OkAsync(accounts.SendAsync(HttpMethod.Post, Own, new { }, admin)));
        var confirmed = await OkAsync(accounts.SendAsync(HttpMethod.Post, Own, new { code = phone.Now }, admin));
        return (phone, [.. confirmed["recoveryCodes"]!.AsArray().Select(c => c!.GetValue<string>())]);
    }

    private Task<Reply> RemoveAsync(Caller admin, string password, string code) => accounts.SendAsync(HttpMethod.Delete, Own, new { password, code }, admin);

    private async Task<List<JsonNode>> HistoryAsync(Caller admin)
        => [.. (await OkAsync(accounts.GetAsync($"/api/v1/domains/{admin.Domains[0]}/administrators/{admin.Login}/history")))["items"]!.AsArray().Select(i => i!)];

    private static Authenticator OfSecret(JsonNode offer) => new(offer["secret"]!.GetValue<string>());

    private static async Task<JsonNode> OkAsync(Task<Reply> asking)
    {
        var reply = await asking;
        Assert.True(reply.Status == HttpStatusCode.OK, reply.Text);
        return reply.Body!;
    }

    private sealed record Told(bool Verified, string? SecondFactor, int? SecondFactorWaitSeconds, string[]? SecondFactorRequiredBy);

    private async Task<Told> VerifyAsync(string login, string? secondFactor = null, string password = AccountsService.GoodPassword)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/internal/credentials/verify") { Content = JsonContent.Create(new { login, password, secondFactor, from = "203.0.113.7" }) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", accounts.Keys.Token(new Caller(Roles.Gateway, "gateway", "", [], "", "api")));
        using var answer = await accounts.Http.SendAsync(request);
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<Told>())!;
    }

    // Every row of every table of the service, as text.
    private async Task<string> RowsAsync()
    {
        await using var database = NpgsqlDataSource.Create(accounts.Database);
        var tables = await database.ListAsync($"select format('%I.%I', schemaname, tablename) from pg_tables where schemaname not in ('pg_catalog', 'information_schema')", r => r.GetString(0), CancellationToken.None);
        var rows = new System.Text.StringBuilder();
        foreach (var table in tables)
        {
            foreach (var row in await database.ListAsync($"select t::text from {table:sql} t", r => r.GetString(0), CancellationToken.None)) rows.AppendLine(row);
        }

        return rows.ToString();
    }
}
