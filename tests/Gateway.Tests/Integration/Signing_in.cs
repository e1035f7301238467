using System.Diagnostics;
using System.Net;
using System.Text;

namespace Hikyaku.Gateway.Tests.Integration;

[Trait("Rule", "GWY-2")]
public sealed class Signing_in(Deployment deployment)
{
    private readonly Client _client = deployment.Client;

    [Fact, Trait("Rule", "ACC-15")]
    public async Task A_login_is_read_in_any_width_and_with_blanks_around_it()
    {
        var tenant = await deployment.TenantAsync();
        var wide = string.Concat(tenant.User.Split('@')[1].Select(c => (char)(c + 0xFEE0)));
        foreach (var (login, read) in new[]
        {
            ($" {tenant.User} ", tenant.User), ($"taro@{wide}", tenant.User), ($"TARO\uFF20{tenant.Domain.Replace(".", "\u3002", StringComparison.Ordinal)}\u3000", tenant.User),
            ($" {tenant.Admin.ToUpperInvariant()}\u3000", tenant.Admin),
        })
        {
            var signedIn = await _client.TrySignInAsync(login, Deployment.Password);
            Assert.Equal((HttpStatusCode.Created, read), (signedIn.Status, (string?)signedIn.Body!["login"]));
        }
    }

    [Fact]
    public async Task An_operator_an_administrator_and_a_user_sign_in_and_learn_who_they_are()
    {
        var tenant = await deployment.TenantAsync();
        foreach (var (login, password, role, domains) in new[]
        {
            ("Operator", Deployment.OperatorPassword, "operator", "[]"),
            (tenant.Admin.ToUpperInvariant(), Deployment.Password, "admin", $"[\"{tenant.Domain}\"]"),
            (tenant.User.ToUpperInvariant(), Deployment.Password, "user", "[]"),
        })
        {
            var signedIn = await _client.TrySignInAsync(login, password);
            Assert.Equal(HttpStatusCode.Created, signedIn.Status);
            Assert.Equal(role, signedIn.Body!["role"]!.GetValue<string>());
            Assert.Equal(login.ToLowerInvariant(), signedIn.Body["login"]!.GetValue<string>());
            Assert.Equal(role != "user", signedIn.Body["passwordChangeRequired"]!.GetValue<bool>());
            Assert.InRange(signedIn.Body["expiresAt"]!.GetValue<DateTimeOffset>(), DateTimeOffset.UtcNow.AddHours(11), DateTimeOffset.UtcNow.AddHours(13));

            var me = await _client.GetAsync("/api/v1/me", signedIn.Body["token"]!.GetValue<string>());
            Assert.Equal(role, me.Body!["role"]!.GetValue<string>());
            Assert.Equal(domains, me.Body["domains"]!.ToJsonString());
        }
    }

    [Fact, Trait("Rule", "ACC-15")]
    public async Task A_user_of_a_Japanese_domain_signs_in_with_either_spelling()
    {
        var unique = $"d{Guid.NewGuid():N}";
        await deployment.TenantAsync($"{unique}.日本語.jp");

        var signedIn = await _client.TrySignInAsync($"Taro@{unique}.日本語.jp", Deployment.Password);
        var token = await _client.SignInAsync($"taro@{unique}.xn--wgv71a119e.jp", Deployment.Password);

        Assert.Equal($"taro@{unique}.xn--wgv71a119e.jp", signedIn.Body!["login"]!.GetValue<string>());
        foreach (var path in new[] { $"taro@{unique}.xn--wgv71a119e.jp", $"TARO%40{unique}.%E6%97%A5%E6%9C%AC%E8%AA%9E.jp" })
            Assert.Equal($"taro@{unique}.xn--wgv71a119e.jp", (await _client.GetAsync($"/api/v1/accounts/{path}", token)).Body!["address"]!.GetValue<string>());
    }

    [Fact, Trait("Rule", "RST-7"), Trait("Rule", "GWY-3")]
    public async Task Unknown_logins_and_wrong_passwords_are_refused_alike_in_the_readers_language()
    {
        var tenant = await deployment.TenantAsync();
        string[] logins = ["operator", tenant.Admin, tenant.User, $"postmaster@{tenant.Domain}", $"nobody@{tenant.Domain}", "nobody@nowhere.example", "nobody", "a b", "@"];
        var english = new List<Reply>();
        foreach (var login in logins) english.Add(await _client.TrySignInAsync(login, "Wrong-password-1"));
        var japanese = await _client.TrySignInAsync("nobody", "Wrong-password-1", ("Accept-Language", "ja"));

        Assert.All(english, r => Assert.Equal(HttpStatusCode.Unauthorized, r.Status));
        Assert.Single(english.Select(r => r.Text).Distinct());
        Assert.Single(english.Select(r => string.Join(",", r.Headers.Keys.Order(StringComparer.Ordinal))).Distinct());
        Assert.Equal("sessions.wrong-credentials", english[0].Code);
        Assert.Equal("Login ID or password is not right.", english[0].Body!["detail"]!.GetValue<string>());
        Assert.Equal("ログイン ID またはパスワードが正しくありません。", japanese.Body!["detail"]!.GetValue<string>());
        Assert.Equal("ja", japanese["Content-Language"]);
        Assert.Null(english[0]["Set-Cookie"]);
    }

    [Fact, Trait("Rule", "SEC-5"), Trait("Rule", "RST-7")]
    public async Task The_eleventh_wrong_password_is_told_to_wait_whether_the_login_exists_or_not()
    {
        var tenant = await deployment.TenantAsync();
        foreach (var login in new[] { tenant.User, $"nobody@{tenant.Domain}" })
        {
            for (var i = 0; i < 10; i++) Assert.Equal(HttpStatusCode.Unauthorized, (await _client.TrySignInAsync(login, $"wrong{i}")).Status);
            for (var i = 0; i < 3; i++) Assert.Equal(HttpStatusCode.TooManyRequests, (await _client.TrySignInAsync(login, "wrong0")).Status);

            var refused = await _client.TrySignInAsync(login.ToUpperInvariant(), Deployment.Password);
            Assert.Equal(HttpStatusCode.TooManyRequests, refused.Status);
            Assert.Equal("sessions.too-many-attempts", refused.Code);
            Assert.InRange(int.Parse(refused["Retry-After"]!, System.Globalization.CultureInfo.InvariantCulture), 1, 600);
        }

        await _client.SignInAsync(tenant.OtherUser, Deployment.Password);
    }

    [Fact, Trait("Rule", "SEC-5")]
    public async Task A_network_that_fails_with_many_logins_is_stopped()
    {
        var gateway = await deployment.NewGatewayAsync(deployment.AccountsAddress, "--Hikyaku:Throttle:DistinctLogins=5");
        using var client = new Client(gateway.Urls.First());
        for (var i = 0; i < 5; i++) await client.TrySignInAsync($"nobody{i}", "same");

        Assert.Equal(HttpStatusCode.TooManyRequests, (await client.TrySignInAsync("operator", Deployment.OperatorPassword)).Status);
    }

    [Theory, Trait("Rule", "SEC-6")]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"login\":\"x\"}")]
    [InlineData("{\"login\":\"\",\"password\":\"x\"}")]
    [InlineData("{\"login\":1,\"password\":\"x\"}")]
    [InlineData("{\"login\":\"x\",\"password\":[\"x\"]}")]
    [InlineData("{\"login\":\"x\",\"password\":\"x\",\"role\":\"operator\"}")]
    [InlineData("{\"login\":\"x\",\"login\":\"y\",\"password\":\"x\"}")]
    [InlineData("{\"login\":\"a\\u0000b\",\"password\":\"x\"}")]
    [InlineData("{\"login\":\"\\ud800\",\"password\":\"x\"}")]
    [InlineData("{\"login\":\"x\",\"password\":\"\\ud800\"}")]
    public async Task A_body_that_cannot_be_read_is_400(string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        var reply = await _client.SendAsync(HttpMethod.Post, "/api/v1/sessions", null, content);

        Assert.Equal((HttpStatusCode.BadRequest, "request.malformed"), (reply.Status, reply.Code));
    }

    [Fact, Trait("Rule", "SEC-6")]
    public async Task Bytes_that_are_no_UTF8_are_400_and_another_type_is_415()
    {
        using var bytes = new ByteArrayContent([.. "{\"login\":\"x"u8, 0xff, 0xfe, .. "\",\"password\":\"x\"}"u8]);
        bytes.Headers.ContentType = new("application/json");
        Assert.Equal(HttpStatusCode.BadRequest, (await _client.SendAsync(HttpMethod.Post, "/api/v1/sessions", null, bytes)).Status);

        using var form = new FormUrlEncodedContent([new("login", "x")]);
        var reply = await _client.SendAsync(HttpMethod.Post, "/api/v1/sessions", null, form);
        Assert.Equal((HttpStatusCode.UnsupportedMediaType, "request.unsupported-media-type"), (reply.Status, reply.Code));
    }

    [Fact, Trait("Rule", "RST-3")]
    public async Task A_wrong_current_password_counts_as_a_failed_login_and_the_same_one_counts_once()
    {
        var tenant = await deployment.TenantAsync();
        var token = await _client.SignInAsync(tenant.User, Deployment.Password);
        var path = $"/api/v1/accounts/{tenant.User}/password";
        for (var i = 0; i < 15; i++) Assert.Equal(HttpStatusCode.UnprocessableEntity, (await ChangeAsync("The-same-wrong-1")).Status);
        for (var i = 0; i < 9; i++)
        {
            var refused = await ChangeAsync($"Wrong-number-{i}");
            Assert.Equal((HttpStatusCode.UnprocessableEntity, "accounts.current-password-wrong"), (refused.Status, refused.Code));
            Assert.DoesNotContain(refused.Headers.Keys, h => h.StartsWith("X-Hikyaku", StringComparison.OrdinalIgnoreCase));
        }

        Assert.Equal((HttpStatusCode.TooManyRequests, "sessions.too-many-attempts"), ((await ChangeAsync("Wrong-once-more")).Status, (await ChangeAsync(Deployment.Password)).Code));
        Assert.Equal(HttpStatusCode.TooManyRequests, (await _client.TrySignInAsync(tenant.User, Deployment.Password)).Status);

        Task<Reply> ChangeAsync(string current) => _client.SendAsync(HttpMethod.Put, path, token, new { current, @new = "Betsu-no-98yz" });
    }

    [Fact, Trait("Rule", "ACC-7")]
    public async Task A_missing_current_password_counts_as_no_failed_login()
    {
        var tenant = await deployment.TenantAsync();
        var token = await _client.SignInAsync(tenant.User, Deployment.Password);
        var path = $"/api/v1/accounts/{tenant.User}/password";
        object[] missing = [new { @new = "Betsu-no-98yz" }, new { current = "", @new = "Betsu-no-98yz" }];
        foreach (var body in missing) Assert.Equal(HttpStatusCode.UnprocessableEntity, (await _client.SendAsync(HttpMethod.Put, path, token, body)).Status);
        for (var i = 0; i < 9; i++) await _client.SendAsync(HttpMethod.Put, path, token, new { current = $"Wrong-number-{i}", @new = "Betsu-no-98yz" });

        Assert.Equal(HttpStatusCode.NoContent, (await _client.SendAsync(HttpMethod.Put, path, token, new { current = Deployment.Password, @new = "Betsu-no-98yz" })).Status);
    }

    [Fact, Trait("Rule", "ACC-7"), Trait("Rule", "ROLE-1")]
    public async Task An_operator_and_an_administrator_set_many_passwords_at_the_same_time()
    {
        var tenant = await deployment.TenantAsync();
        foreach (var token in new[] { await deployment.OperatorAsync(), await _client.SignInAsync(tenant.Admin, Deployment.Password) })
        {
            var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i =>
                _client.SendAsync(HttpMethod.Put, $"/api/v1/accounts/{(i % 2 == 0 ? tenant.User : tenant.OtherUser)}/password", token, new { @new = "Betsu-no-98yz" })));
            Assert.All(answers, a => Assert.True(a.Status == HttpStatusCode.NoContent, a.Text));
        }
    }

    [Fact, Trait("Rule", "SEC-5")]
    public async Task Known_and_unknown_logins_take_the_same_time()
    {
        var tenant = await deployment.TenantAsync();
        var (known, unknown) = (new List<double>(), new List<double>());
        for (var i = 0; i < 60; i++)
        {
            known.Add(await TimeAsync(tenant.User));
            unknown.Add(await TimeAsync($"nobody@{tenant.Domain}"));
        }

        // Low cost of hashes here: what is not the hash would show. A busy machine is allowed for.
        var (a, b) = (known.Order().ElementAt(15), unknown.Order().ElementAt(15));
        TestContext.Current.SendDiagnosticMessage("known {0:0.00} ms, unknown {1:0.00} ms (lower quartile)", a, b);
        Assert.InRange(a / b, 0.5, 2);
    }

    private async Task<double> TimeAsync(string login)
    {
        var since = Stopwatch.GetTimestamp();
        await _client.TrySignInAsync(login, "Always-the-same-1");
        return Stopwatch.GetElapsedTime(since).TotalMilliseconds;
    }
}
