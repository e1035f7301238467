using System.Diagnostics;
using System.Net;
using Hikyaku.Platform.Testing;

namespace Hikyaku.Gateway.Tests.Integration;

[Trait("Rule", "GWY-2")]
public sealed class Second_factor_at_sign_in(Deployment deployment)
{
    private readonly Client _client = deployment.Client;

    [Fact, Trait("Rule", "RST-7"), Trait("Rule", "GWY-3")]
    public async Task A_code_is_asked_for_only_after_the_right_password()
    {
        var (tenant, _, phone, _) = await deployment.EnrolledAsync();

        var asked = await _client.TrySignInAsync(tenant.Admin, Deployment.Password);
        Assert.Equal((HttpStatusCode.Unauthorized, "sessions.second-factor-required"), (asked.Status, asked.Code));
        Assert.Null(asked["Set-Cookie"]);
        var blank = await _client.TrySignInAsync(tenant.Admin, Deployment.Password, "");
        Assert.Equal("sessions.second-factor-required", blank.Code);
        var wrong = await _client.TrySignInAsync(tenant.Admin, Deployment.Password, "abc", ("Accept-Language", "ja"));
        Assert.Equal((HttpStatusCode.Unauthorized, "sessions.second-factor-wrong", "確認コードが正しくありません。"), (wrong.Status, wrong.Code, wrong.Body!["detail"]!.GetValue<string>()));

        var code = phone.Next;
        var unknown = await _client.TrySignInAsync("nobody", "Wrong-password-1", code);
        var wrongPassword = await _client.TrySignInAsync(tenant.Admin, "Wrong-password-1", code);
        Assert.Equal((HttpStatusCode.Unauthorized, "sessions.wrong-credentials", unknown.Text), (wrongPassword.Status, wrongPassword.Code, wrongPassword.Text));

        var right = await _client.TrySignInAsync(tenant.Admin, Deployment.Password, code);
        Assert.Equal(HttpStatusCode.Created, right.Status);
        Assert.False(right.Body!["secondFactorEnrolmentRequired"]!.GetValue<bool>());
        Assert.Equal("sessions.second-factor-wrong", (await _client.TrySignInAsync(tenant.Admin, Deployment.Password, code)).Code);
    }

    [Fact, Trait("Rule", "SEC-5")]
    public async Task Of_two_sign_ins_with_one_code_at_once_one_gets_a_session()
    {
        var (tenant, _, phone, recovery) = await deployment.EnrolledAsync();
        foreach (var code in new[] { phone.Next, recovery[0] })
        {
            var replies = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => _client.TrySignInAsync(tenant.Admin, Deployment.Password, code)));
            Assert.Equal([HttpStatusCode.Created, HttpStatusCode.Unauthorized], replies.Select(r => r.Status).Order());
        }
    }

    [Fact, Trait("Rule", "SEC-5")]
    public async Task Wrong_codes_count_like_wrong_passwords_and_missing_ones_do_not()
    {
        var (tenant, _, phone, _) = await deployment.EnrolledAsync();
        for (var i = 0; i < 12; i++) Assert.Equal("sessions.second-factor-required", (await _client.TrySignInAsync(tenant.Admin, Deployment.Password)).Code);
        for (var i = 0; i < 6; i++) Assert.Equal("sessions.second-factor-wrong", (await _client.TrySignInAsync(tenant.Admin, Deployment.Password, "000 00x")).Code);
        for (var i = 0; i < 4; i++) Assert.Equal("sessions.wrong-credentials", (await _client.TrySignInAsync(tenant.Admin, $"wrong{i}")).Code);

        foreach (var code in new[] { phone.Next, null })
        {
            var refused = await _client.TrySignInAsync(tenant.Admin, Deployment.Password, code);
            Assert.Equal((HttpStatusCode.TooManyRequests, "sessions.too-many-attempts"), (refused.Status, refused.Code));
        }
    }

    [Fact, Trait("Rule", "SEC-5")]
    public async Task Turning_it_off_with_wrong_codes_counts_like_signing_in()
    {
        var (tenant, token, _, recovery) = await deployment.EnrolledAsync();
        for (var i = 0; i < 5; i++) await _client.MustAsync(HttpStatusCode.UnprocessableEntity, HttpMethod.Delete, SecondFactors.Own, token, new { password = Deployment.Password, code = "x" });
        for (var i = 0; i < 5; i++) await _client.MustAsync(HttpStatusCode.UnprocessableEntity, HttpMethod.Delete, SecondFactors.Own, token, new { password = $"wrong{i}", code = "x" });

        await _client.MustAsync(HttpStatusCode.TooManyRequests, HttpMethod.Delete, SecondFactors.Own, token, new { password = Deployment.Password, code = recovery[0] });
        Assert.Equal(HttpStatusCode.TooManyRequests, (await _client.TrySignInAsync(tenant.Admin, Deployment.Password, recovery[0])).Status);
    }

    [Fact]
    public async Task Users_have_none_and_their_sign_in_ignores_a_code()
    {
        var tenant = await deployment.TenantAsync();
        var signedIn = await _client.TrySignInAsync(tenant.User, Deployment.Password, "123456");
        Assert.Equal(HttpStatusCode.Created, signedIn.Status);
        await _client.MustAsync(HttpStatusCode.Forbidden, HttpMethod.Post, SecondFactors.Own, (string?)signedIn.Body!["token"], new { });
        Assert.Equal(HttpStatusCode.Created, (await _client.TrySignInAsync(tenant.Admin, Deployment.Password, "123456")).Status);
    }

    [Fact, Trait("Rule", "RST-1"), Trait("Rule", "RST-7")]
    public async Task A_locked_account_is_told_so_whatever_code_comes_along()
    {
        var tenant = await deployment.TenantAsync();
        await LockAsync(tenant.User);
        var locked = await Eventually.Async(() => _client.TrySignInAsync(tenant.User, Deployment.Password, "123456"), r => r.Status != HttpStatusCode.Created);
        Assert.Equal(((HttpStatusCode)423, "sessions.account-locked"), (locked.Status, locked.Code));
        Assert.Equal("sessions.wrong-credentials", (await _client.TrySignInAsync(tenant.User, "Wrong-password-1", "123456")).Code);
    }

    [Fact, Trait("Rule", "SEC-6")]
    public async Task A_code_that_is_no_text_or_too_long_is_malformed()
    {
        var tenant = await deployment.TenantAsync();
        foreach (var code in new[] { new string('1', 65), "12\u000034", "\ud83d" })
            Assert.Equal(HttpStatusCode.BadRequest, (await _client.TrySignInAsync(tenant.Admin, Deployment.Password, code)).Status);
    }

    [Fact]
    public async Task Turning_it_on_ends_what_was_signed_in_without_it()
    {
        var tenant = await deployment.TenantAsync();
        var (mine, other) = (await _client.SignInAsync(tenant.Admin, Deployment.Password), await _client.SignInAsync(tenant.Admin, Deployment.Password));
        await _client.EnrolAsync(mine);

        await Eventually.Async(async () => await MeAsync(other) == HttpStatusCode.Unauthorized, TimeSpan.FromSeconds(5));
        Assert.Equal(HttpStatusCode.OK, await MeAsync(mine));
        Assert.True((await _client.GetAsync("/api/v1/me", mine)).Body!["passwordChangeRequired"]!.GetValue<bool>());
    }

    [Fact]
    public async Task An_operators_reset_ends_every_session_and_the_password_is_enough_again()
    {
        var (tenant, token, _, _) = await deployment.EnrolledAsync();
        var boss = await deployment.OperatorAsync();
        await _client.MustAsync(HttpStatusCode.NoContent, HttpMethod.Delete, $"/api/v1/domains/{tenant.Domain}/administrators/{tenant.Admin}/second-factor", boss, new { reason = "telephone lost" });

        await Eventually.Async(async () => await MeAsync(token) == HttpStatusCode.Unauthorized, TimeSpan.FromSeconds(5));
        Assert.Equal(HttpStatusCode.OK, await MeAsync(await _client.SignInAsync(tenant.Admin, Deployment.Password)));
        Assert.Equal(HttpStatusCode.OK, await MeAsync(boss));
    }

    [Fact, Trait("Rule", "NTC-1")]
    public async Task Its_owner_alone_is_told_of_it_on_the_board()
    {
        var (tenant, token, _, recovery) = await deployment.EnrolledAsync();
        await _client.TrySignInAsync(tenant.Admin, Deployment.Password, recovery[0]);

        const string board = "/api/v1/notices?kind=second-factor-changed";
        var told = await Eventually.Async(() => _client.GetAsync(board, token), b => b.Body!["items"]!.AsArray().Count == 2);
        Assert.All(told.Body!["items"]!.AsArray(), n => Assert.Contains(tenant.Admin, n!["text"]!.GetValue<string>(), StringComparison.Ordinal));
        Assert.DoesNotContain(tenant.Admin, (await _client.GetAsync(board, await deployment.OperatorAsync())).Text, StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "SEC-5"), Trait("Rule", "RST-7")]
    public async Task A_wrong_password_takes_the_same_time_whoever_the_login_is()
    {
        var (tenant, _, _, _) = await deployment.EnrolledAsync();
        var other = await deployment.TenantAsync();
        await LockAsync(tenant.User);
        string[] logins = ["nobody", other.Admin, tenant.Admin, tenant.User, other.User, $"nobody@{tenant.Domain}"];
        var times = logins.ToDictionary(l => l, _ => new List<double>());
        for (var round = 0; round < 40; round++)
        {
            foreach (var login in logins) times[login].Add(await TimeAsync(login)); // in turn, so that all have the same load beside them
        }

        // Low cost of hashes here: what is not the hash would show. A busy machine is allowed for. Names and mail addresses are known apart.
        var quartiles = logins.Select(l => (Login: l, Time: times[l].Order().ElementAt(10))).ToList();
        TestContext.Current.SendDiagnosticMessage("{0}", string.Join(", ", quartiles.Select(q => $"{q.Login} {q.Time:0.00} ms")));
        foreach (var kind in quartiles.GroupBy(q => q.Login.Contains('@', StringComparison.Ordinal)))
            Assert.InRange(kind.Max(q => q.Time) / kind.Min(q => q.Time), 1, 2);
    }

    private async Task LockAsync(string address) => await _client.MustAsync(
        HttpStatusCode.Created, HttpMethod.Post, $"/api/v1/accounts/{address}/restrictions", await deployment.OperatorAsync(), new { kind = "account-locked", reason = "guessing" });

    private async Task<double> TimeAsync(string login)
    {
        var since = Stopwatch.GetTimestamp();
        await _client.TrySignInAsync(login, "Always-the-same-1", "123456");
        return Stopwatch.GetElapsedTime(since).TotalMilliseconds;
    }

    private async Task<HttpStatusCode> MeAsync(string token) => (await _client.GetAsync("/api/v1/me", token)).Status;
}
