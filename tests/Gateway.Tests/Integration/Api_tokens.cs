using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Hikyaku.Platform.Testing;

namespace Hikyaku.Gateway.Tests.Integration;

/// <summary>Programs that ask with a token, against the real services.</summary>
[Trait("Rule", "GWY-2")]
public sealed class Api_tokens(Deployment deployment)
{
    private const string NewPassword = "Kaze-tachinu-34";
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);
    private readonly Client _client = deployment.Client;

    [Theory]
    [InlineData("operator")]
    [InlineData("admin")]
    [InlineData("user")]
    public async Task A_token_is_shown_once_and_does_what_its_owner_may(string role)
    {
        var tenant = await deployment.TenantAsync();
        var session = await SignInAsync(tenant, role);
        var made = await MakeAsync(session, ["accounts:read", "spam:write"]);
        var (id, text) = (made["id"]!.GetValue<string>(), made["token"]!.GetValue<string>());
        Assert.StartsWith("hky_", text, StringComparison.Ordinal);

        Assert.Equal(role, (await _client.GetAsync("/api/v1/me", text)).Body!["role"]!.GetValue<string>());
        Assert.Equal(HttpStatusCode.OK, (await _client.GetAsync($"/api/v1/accounts/{tenant.User}", text)).Status);
        await _client.MustAsync(HttpStatusCode.OK, HttpMethod.Put, $"/api/v1/accounts/{tenant.User}/spam", text, new { tagSubject = true, sortToJunk = false });

        var read = await _client.GetAsync($"/api/v1/tokens/{id}", session);
        Assert.Equal("127.0.0.1", read.Body!["lastUsedAddress"]!.GetValue<string>());
        Assert.NotNull(read.Body["lastUsedAt"]);
        var list = await _client.GetAsync("/api/v1/tokens", session);
        Assert.Contains(list.Body!["items"]!.AsArray(), t => t!["id"]!.GetValue<string>() == id);
        Assert.DoesNotContain(text[4..], read.Text + list.Text, StringComparison.Ordinal);
        Assert.Null(read.Body["token"]);
        await _client.MustAsync(HttpStatusCode.NoContent, HttpMethod.Delete, $"/api/v1/tokens/{id}", session);
    }

    [Fact]
    public async Task A_dry_run_names_all_that_is_wrong_and_makes_nothing()
    {
        var tenant = await deployment.TenantAsync();
        var user = await SignInAsync(tenant, "user");
        var dry = await _client.MustAsync(HttpStatusCode.Created, HttpMethod.Post, "/api/v1/tokens?dryRun=true", user, new { name = "x", scopes = new[] { "spam:read" } });
        Assert.Null(dry.Body!["token"]);

        var wrong = await _client.SendAsync(HttpMethod.Post, "/api/v1/tokens", user, new { name = "", scopes = new[] { "domains:read" }, domains = new[] { tenant.Domain } }, ("Accept-Language", "ja"));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, wrong.Status);
        Assert.Equal(["tokens.name-missing", "tokens.scope-unknown", "tokens.domain-unknown"], wrong.Body!["errors"]!.AsArray().Select(e => e!["code"]!.GetValue<string>()));
        Assert.Contains("トークンの名前を入力してください。", wrong.Text, StringComparison.Ordinal);
        Assert.Empty((await _client.GetAsync("/api/v1/tokens", user)).Body!["items"]!.AsArray());
    }

    [Fact]
    public async Task A_revoked_token_ends_within_a_second_and_is_revoked_once()
    {
        var tenant = await deployment.TenantAsync();
        var (owner, stranger) = (await SignInAsync(tenant, "user"), await _client.SignInAsync(tenant.OtherUser, Deployment.Password));
        var made = await MakeAsync(owner, ["accounts:read"]);
        var (path, text) = ($"/api/v1/tokens/{made["id"]!.GetValue<string>()}", made["token"]!.GetValue<string>());
        Assert.Equal(HttpStatusCode.OK, (await _client.GetAsync("/api/v1/me", text)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await _client.GetAsync(path, stranger)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await _client.SendAsync(HttpMethod.Delete, path, stranger)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await _client.SendAsync(HttpMethod.Delete, "/api/v1/tokens/x", owner)).Status);

        var twice = await Task.WhenAll(_client.SendAsync(HttpMethod.Delete, path, owner), _client.SendAsync(HttpMethod.Delete, path, owner));

        Assert.Equal([HttpStatusCode.NoContent, HttpStatusCode.NotFound], twice.Select(r => r.Status).Order());
        await Eventually.Async(async () => (await _client.GetAsync("/api/v1/me", text)).Code == "tokens.revoked", TimeSpan.FromSeconds(1.5));
        Assert.Equal(HttpStatusCode.NotFound, (await _client.GetAsync(path, owner)).Status);
        Assert.Equal(HttpStatusCode.OK, (await _client.GetAsync("/api/v1/me", owner)).Status);
    }

    [Fact]
    public async Task A_token_that_does_not_count_is_401_with_the_reason_and_no_cookie_helps()
    {
        var tenant = await deployment.TenantAsync();
        var owner = await SignInAsync(tenant, "user");
        var wrong = await _client.GetAsync("/api/v1/me", "hky_" + new string('A', 43), ("Cookie", $"hikyaku-user={owner}"));
        Assert.Equal((HttpStatusCode.Unauthorized, "tokens.wrong"), (wrong.Status, wrong.Code));

        var made = await _client.MustAsync(HttpStatusCode.Created, HttpMethod.Post, "/api/v1/tokens", owner, new { name = "short", scopes = new[] { "spam:read" }, expiresAt = DateTimeOffset.UtcNow.AddSeconds(3) });
        var text = made.Body!["token"]!.GetValue<string>();
        Assert.Equal(HttpStatusCode.Unauthorized, (await _client.GetAsync("/api/v1/me", null, ("Cookie", $"hikyaku-user={text}"))).Status);
        await Eventually.Async(async () => (await _client.GetAsync("/api/v1/me", text)).Code == "tokens.expired", Soon);
    }

    [Fact, Trait("Rule", "ROLE-3")]
    public async Task History_names_the_token()
    {
        var tenant = await deployment.TenantAsync();
        var admin = await SignInAsync(tenant, "admin");
        var text = (await MakeAsync(admin, ["accounts:write"], "夜間バッチ"))["token"]!.GetValue<string>();

        await _client.MustAsync(HttpStatusCode.OK, HttpMethod.Patch, $"/api/v1/accounts/{tenant.User}", text, new { capacityMb = 11 });

        var newest = (await _client.GetAsync($"/api/v1/accounts/{tenant.User}/history", admin)).Body!["items"]![0]!;
        Assert.Equal(("token:夜間バッチ", tenant.Admin), (newest["via"]!.GetValue<string>(), newest["by"]!["login"]!.GetValue<string>()));
    }

    [Fact, Trait("Rule", "ROLE-2")]
    public async Task A_token_for_one_domain_reaches_no_other_of_its_owner()
    {
        var (first, second) = (await deployment.TenantAsync(), await deployment.TenantAsync());
        var boss = await deployment.OperatorAsync();
        await _client.MustAsync(HttpStatusCode.Created, HttpMethod.Post, $"/api/v1/domains/{second.Domain}/administrators", boss, new { login = first.Admin });
        var admin = await SignInAsync(first, "admin");
        var limited = (await MakeAsync(admin, ["accounts:read", "domains:read"], domains: [second.Domain]))["token"]!.GetValue<string>();

        Assert.Equal(HttpStatusCode.OK, (await _client.GetAsync($"/api/v1/accounts/{second.User}", limited)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await _client.GetAsync($"/api/v1/accounts/{first.User}", limited)).Status);
        Assert.Equal([second.Domain], (await _client.GetAsync("/api/v1/domains", limited)).Body!["items"]!.AsArray().Select(d => d!["name"]!.GetValue<string>()));

        var made = await MakeAsync(boss, ["accounts:read", "domains:read"], domains: [second.Domain]);
        var operators = made["token"]!.GetValue<string>();
        Assert.Equal(HttpStatusCode.OK, (await _client.GetAsync($"/api/v1/accounts/{second.User}", operators)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await _client.GetAsync($"/api/v1/accounts/{first.User}", operators)).Status);
        Assert.Equal("tokens.domains-only", (await _client.GetAsync("/api/v1/domains", operators)).Code);
        await _client.MustAsync(HttpStatusCode.NoContent, HttpMethod.Delete, $"/api/v1/tokens/{made["id"]!.GetValue<string>()}", boss);
    }

    [Fact, Trait("Rule", "ROLE-2")]
    public async Task A_dismissed_administrators_token_loses_the_domain_and_ends_with_the_last_one()
    {
        var (first, second) = (await deployment.TenantAsync(), await deployment.TenantAsync());
        var boss = await deployment.OperatorAsync();
        await _client.MustAsync(HttpStatusCode.Created, HttpMethod.Post, $"/api/v1/domains/{second.Domain}/administrators", boss, new { login = first.Admin });
        var text = (await MakeAsync(await SignInAsync(first, "admin"), ["accounts:read"]))["token"]!.GetValue<string>();
        Assert.Equal(HttpStatusCode.OK, (await _client.GetAsync($"/api/v1/accounts/{first.User}", text)).Status);

        await _client.MustAsync(HttpStatusCode.NoContent, HttpMethod.Delete, $"/api/v1/domains/{first.Domain}/administrators/{first.Admin}", boss);
        await Eventually.Async(async () => (await _client.GetAsync($"/api/v1/accounts/{first.User}", text)).Status == HttpStatusCode.NotFound, Soon);
        Assert.Equal(HttpStatusCode.OK, (await _client.GetAsync($"/api/v1/accounts/{second.User}", text)).Status);

        await _client.MustAsync(HttpStatusCode.NoContent, HttpMethod.Delete, $"/api/v1/domains/{second.Domain}/administrators/{first.Admin}", boss);
        await Eventually.Async(async () => (await _client.GetAsync("/api/v1/me", text)).Code == "tokens.revoked", Soon);
        await _client.MustAsync(HttpStatusCode.Created, HttpMethod.Post, $"/api/v1/domains/{first.Domain}/administrators", boss, new { login = first.Admin });
        var again = await SignInAsync(first, "admin");
        await Eventually.Async(async () => (await _client.GetAsync($"/api/v1/accounts/{first.User}", again)).Status == HttpStatusCode.OK, Soon);
        Assert.Equal("tokens.revoked", (await _client.GetAsync("/api/v1/me", text)).Code);
        Assert.Empty((await _client.GetAsync("/api/v1/tokens", again)).Body!["items"]!.AsArray());
    }

    [Theory, Trait("Rule", "ACC-7")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task All_tokens_end_with_the_password_whoever_changes_it(bool byOwner)
    {
        var tenant = await deployment.TenantAsync();
        var (owner, admin) = (await SignInAsync(tenant, "user"), await SignInAsync(tenant, "admin"));
        var text = (await MakeAsync(owner, ["spam:read"]))["token"]!.GetValue<string>();
        var others = (await MakeAsync(admin, ["accounts:read"]))["token"]!.GetValue<string>();

        if (byOwner) await _client.MustAsync(HttpStatusCode.NoContent, HttpMethod.Put, "/api/v1/me/password", owner, new JsonObject { ["current"] = Deployment.Password, ["new"] = NewPassword });
        else await _client.MustAsync(HttpStatusCode.NoContent, HttpMethod.Put, $"/api/v1/accounts/{tenant.User}/password", admin, new { @new = NewPassword });

        await Eventually.Async(async () => (await _client.GetAsync("/api/v1/me", text)).Code == "tokens.revoked", Soon);
        Assert.Equal(HttpStatusCode.OK, (await _client.GetAsync("/api/v1/me", others)).Status);
    }

    [Fact, Trait("Rule", "ACC-5")]
    public async Task A_deleted_accounts_token_is_nobodys()
    {
        var tenant = await deployment.TenantAsync();
        var text = (await MakeAsync(await SignInAsync(tenant, "user"), ["spam:read"]))["token"]!.GetValue<string>();
        var id = await deployment.AccountIdAsync(tenant.User);
        Assert.Equal(HttpStatusCode.OK, (await _client.GetAsync("/api/v1/me", text)).Status);

        await _client.MustAsync(HttpStatusCode.Accepted, HttpMethod.Delete, $"/api/v1/accounts/{tenant.User}", await SignInAsync(tenant, "admin"));

        await Eventually.Async(async () => (await _client.GetAsync("/api/v1/me", text)).Code == "tokens.wrong", Soon);
        await Eventually.Async(() => deployment.HasErasedAsync(id), Soon);
    }

    [Fact, Trait("Rule", "OPS-2")]
    public async Task A_stream_ends_with_the_token_that_began_it()
    {
        var tenant = await deployment.TenantAsync();
        var admin = await SignInAsync(tenant, "admin");
        var made = await MakeAsync(admin, ["events:read"]);
        using var http = new HttpClient();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_client.Address, "/api/v1/events"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", made["token"]!.GetValue<string>());
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await using var stream = await response.Content.ReadAsStreamAsync(limit.Token);
        Assert.True(await stream.ReadAsync(new byte[1], limit.Token) > 0); // it goes on

        await _client.MustAsync(HttpStatusCode.NoContent, HttpMethod.Delete, $"/api/v1/tokens/{made["id"]!.GetValue<string>()}", admin);

        Assert.True(await EndsAsync(stream, limit.Token));
    }

    [Fact]
    public async Task A_program_that_asks_too_often_is_told_to_wait_as_a_session_is()
    {
        var gateway = await deployment.NewGatewayAsync(deployment.AccountsAddress, "--Hikyaku:Throttle:SessionRequestsPerSecond=5");
        using var client = new Client(gateway.Urls.First());
        var boss = await client.SignInAsync("operator", Deployment.OperatorPassword);
        var made = await client.MustAsync(HttpStatusCode.Created, HttpMethod.Post, "/api/v1/tokens", boss, new { name = "x", scopes = new[] { "domains:read" } });
        var text = made.Body!["token"]!.GetValue<string>();

        var replies = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => client.GetAsync("/api/v1/me", text)));

        Assert.Contains(replies, r => r.Status == HttpStatusCode.OK);
        Assert.Contains(replies, r => r.Status == HttpStatusCode.TooManyRequests && r["Retry-After"] is not null);
    }

    private static async Task<bool> EndsAsync(Stream stream, CancellationToken limit)
    {
        try
        {
            while (await stream.ReadAsync(new byte[4096], limit) > 0) { }
        }
        catch (IOException)
        {
            // the gateway has hung up
        }

        return true;
    }

    private Task<string> SignInAsync(Tenant tenant, string role) => role switch
    {
        "operator" => deployment.OperatorAsync(),
        "admin" => _client.SignInAsync(tenant.Admin, Deployment.Password),
        _ => _client.SignInAsync(tenant.User, Deployment.Password),
    };

    private async Task<JsonNode> MakeAsync(string session, string[] scopes, string name = "backup", string[]? domains = null)
        => (await _client.MustAsync(HttpStatusCode.Created, HttpMethod.Post, "/api/v1/tokens", session, new { name, scopes, domains })).Body!;
}
