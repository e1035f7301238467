using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.IdentityModel.JsonWebTokens;

namespace Hikyaku.Gateway.Tests.Integration;

public sealed class What_gets_through(Deployment deployment)
{
    private readonly Client _client = deployment.Client;

    [Fact, Trait("Rule", "GWY-1")]
    public async Task Headers_that_only_the_inside_may_write_do_not_arrive()
    {
        await using var service = await StandInService.StartAsync(http => http.Response.WriteAsJsonAsync(new { }));
        var gateway = await deployment.NewGatewayAsync(service.Address);
        using var client = new Client(gateway.Urls.First());
        var token = await client.SignInAsync("operator", "x");

        await client.SendAsync(HttpMethod.Get, "/api/v1/domains?limit=5&cursor=a%2Bb", token, null,
            ("Cookie", "hikyaku-admin=x"), ("Forwarded", "for=203.0.113.9"), ("X-Forwarded-For", "203.0.113.9"), ("X-Forwarded-Proto", "https"),
            ("X-Real-IP", "203.0.113.9"), ("X-Hikyaku-Session", "admin"), ("X-Hikyaku-Caller", "operator"), ("X-Original-URL", "/internal/openapi.json"),
            ("If-Match", "\"7\""), ("Idempotency-Key", "k1"), ("Accept-Language", "ja"));

        Assert.Equal("/api/v1/domains?limit=5&cursor=a%2Bb", service.Target);
        Assert.DoesNotContain(service.Headers.Keys, k => k.StartsWith("X-", StringComparison.OrdinalIgnoreCase) || k is "Cookie" or "Forwarded");
        Assert.Equal(("\"7\"", "k1", "ja"), (service.Headers["If-Match"], service.Headers["Idempotency-Key"], service.Headers["Accept-Language"]));
        Assert.DoesNotContain(token, service.Headers["Authorization"], StringComparison.Ordinal);
        var told = new JsonWebToken(service.Headers["Authorization"]["Bearer ".Length..]);
        var caller = System.Text.Json.JsonSerializer.Deserialize<Platform.Caller>(told.GetClaim("caller").Value)!;
        Assert.Equal(("operator", "127.0.0.1", "api"), (caller.Role, caller.Address, caller.Via));
        Assert.True(told.ValidTo - DateTime.UtcNow <= TimeSpan.FromSeconds(60));
    }

    [Theory, Trait("Rule", "ACC-15")]
    [InlineData("Taro@EXAMPLE.jp")]
    [InlineData("TARO%40example.jp")]
    [InlineData("taro@%EF%BD%85xample.jp")]
    public async Task An_address_arrives_in_one_spelling_and_is_looked_up_once(string typed)
    {
        await using var service = await StandInService.StartAsync(http => http.Response.WriteAsJsonAsync(new { }));
        var gateway = await deployment.NewGatewayAsync(service.Address);
        using var client = new Client(gateway.Urls.First());
        var token = await client.SignInAsync("operator", "x");

        for (var i = 0; i < 3; i++) Assert.Equal(HttpStatusCode.OK, (await client.GetAsync($"/api/v1/accounts/{typed}", token)).Status);

        Assert.Equal("/api/v1/accounts/taro%40example.jp", service.Target);
        Assert.Equal(1, service.TargetsAsked);
    }

    [Theory, Trait("Rule", "GWY-1")]
    [InlineData("/internal/openapi.json")]
    [InlineData("/internal/targets/x@example.jp")]
    [InlineData("/INTERNAL/node-state")]
    [InlineData("//internal/openapi.json")]
    [InlineData("/%69nternal/openapi.json")]
    [InlineData("/internal%2Fopenapi.json")]
    [InlineData("/api/v1/../../internal/openapi.json")]
    [InlineData("/api/v1/%2e%2e/%2e%2e/internal/openapi.json")]
    [InlineData("/api/v1/domains/..%2f..%2f..%2finternal%2fopenapi.json")]
    [InlineData("/api/v1/domains/%2e%2e%2f%2e%2e%2f%2e%2e%2finternal")]
    [InlineData("/api/v1/domains/..;/internal/openapi.json")]
    [InlineData("/api/v1//domains")]
    [InlineData("/api/v1/domains//accounts")]
    [InlineData("/api/v1/./internal")]
    [InlineData("/api/v2/domains")]
    [InlineData("/")]
    [InlineData("/nothing")]
    [InlineData("/api/v1/accounts/%C0%AE%C0%AE")]
    [InlineData("/api/v1/accounts/x@example.jp%2F..%2F..")]
    public async Task What_is_not_in_the_table_is_404_however_it_is_spelled(string target)
    {
        var token = await deployment.OperatorAsync();
        var answer = await RawAsync($"GET {target} HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 404", answer, StringComparison.Ordinal);
        Assert.Contains("urn:hikyaku:problem:request.not-found", answer, StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "GWY-1")]
    public async Task An_absolute_target_does_not_choose_the_service()
    {
        var answer = await RawAsync($"GET {deployment.AccountsAddress}/internal/openapi.json HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 4", answer, StringComparison.Ordinal);
    }

    [Theory, Trait("Rule", "GWY-3")]
    [InlineData("PUT", "/api/v1/domains", "GET, POST")]
    [InlineData("DELETE", "/api/v1/me", "GET, PATCH")]
    [InlineData("GET", "/api/v1/sessions", "POST")]
    [InlineData("OPTIONS", "/api/v1/accounts/x@example.jp", "DELETE, GET, PATCH")]
    [InlineData("HEAD", "/api/v1/sessions", "POST")]
    public async Task A_known_path_with_another_method_is_405_and_says_which_are_allowed(string method, string path, string allowed)
    {
        var reply = await _client.SendAsync(new HttpMethod(method), path);

        Assert.Equal(HttpStatusCode.MethodNotAllowed, reply.Status);
        Assert.Equal(allowed.Split(", "), reply["Allow"]!.Split(["\n", ", "], StringSplitOptions.None).Order(StringComparer.Ordinal));
        if (method != "HEAD") Assert.Equal("request.method-not-allowed", reply.Code);
    }

    [Theory, Trait("Rule", "GWY-1")]
    [InlineData("/api/v1/me")]
    [InlineData("/api/v1/domains")]
    [InlineData("/api/v1/accounts/nobody@example.jp")]
    [InlineData("/api/v1/openapi.json")]
    [InlineData("/api/v1/events")]
    [InlineData("/api/v1/samples/mail-accounts-sample.csv")]
    [InlineData("/health/ready")]
    public async Task HEAD_answers_what_GET_does_without_the_body(string path)
    {
        var session = await deployment.OperatorAsync();
        var (get, head) = (await _client.GetAsync(path, session), await _client.SendAsync(HttpMethod.Head, path, session));

        Assert.Equal((get.Status, ""), (head.Status, head.Text));
        Assert.Equal(get["Content-Type"], head["Content-Type"]);
    }

    [Theory, Trait("Rule", "SEC-6")]
    [InlineData("/api/v1/domains", true)]
    [InlineData("/api/v1/domains", false)]
    [InlineData("/api/v1/sessions", true)]
    [InlineData("/api/v1/sessions", false)]
    public async Task Ten_megabytes_are_413_whether_announced_or_chunked(string path, bool announced)
    {
        var token = await deployment.OperatorAsync();
        var body = new byte[10 << 20];
        body.AsSpan().Fill((byte)' ');
        using var http = new HttpClient { BaseAddress = _client.Address };
        for (var i = 0; i < 5; i++)
        {
            using var content = new ByteArrayContent(body);
            content.Headers.ContentType = new("application/json");
            using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
            request.Headers.Authorization = new("Bearer", token);
            request.Headers.TransferEncodingChunked = !announced;
            var reply = await Reply.ReadAsync(await http.SendAsync(request));

            Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "request.too-large"), (reply.Status, reply.Code));
        }
    }

    [Fact, Trait("Rule", "SEC-6")]
    public async Task A_body_just_below_the_limit_arrives()
    {
        long arrived = 0;
        await using var service = await StandInService.StartAsync(async http =>
        {
            await http.Request.Body.CopyToAsync(Stream.Null);
            arrived = http.Request.ContentLength ?? -1;
            await http.Response.WriteAsJsonAsync(new { });
        });
        var gateway = await deployment.NewGatewayAsync(service.Address);
        using var client = new Client(gateway.Urls.First());
        using var content = new ByteArrayContent(new byte[1 << 20]);
        content.Headers.ContentType = new("application/json");

        Assert.Equal(HttpStatusCode.OK, (await client.SendAsync(HttpMethod.Post, "/api/v1/domains", await client.SignInAsync("operator", "x"), content)).Status);
        Assert.Equal(1 << 20, arrived);
    }

    [Theory, Trait("Rule", "SEC-6"), Trait("Rule", "ACC-9")]
    [InlineData("imports", 35 << 20, HttpStatusCode.OK)]
    [InlineData("bulk-changes", 35 << 20, HttpStatusCode.OK)]
    [InlineData("imports", 36 << 20, HttpStatusCode.RequestEntityTooLarge)]
    [InlineData("accounts", 2 << 20, HttpStatusCode.RequestEntityTooLarge)]
    public async Task A_file_of_35_MB_passes_where_files_are_taken_announced_or_chunked(string where, int bytes, HttpStatusCode expected)
    {
        long arrived = 0;
        await using var service = await StandInService.StartAsync(async http =>
        {
            http.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = null;
            var buffer = new byte[1 << 16];
            for (int read; (read = await http.Request.Body.ReadAsync(buffer)) > 0;) arrived += read;
            await http.Response.WriteAsJsonAsync(new { });
        });
        var gateway = await deployment.NewGatewayAsync(service.Address);
        using var client = new Client(gateway.Urls.First());
        var token = await client.SignInAsync("operator", "x");
        using var http = new HttpClient { BaseAddress = client.Address };
        foreach (var isChunked in new[] { false, true })
        {
            arrived = 0;
            using var content = new ByteArrayContent(new byte[bytes]);
            content.Headers.ContentType = new("text/csv");
            using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/domains/example.jp/{where}") { Content = content };
            request.Headers.Authorization = new("Bearer", token);
            request.Headers.TransferEncodingChunked = isChunked;
            var reply = await Reply.ReadAsync(await http.SendAsync(request));

            Assert.Equal(expected, reply.Status);
            if (expected == HttpStatusCode.OK) Assert.Equal(bytes, arrived);
        }
    }

    [Theory, Trait("Rule", "SEC-6")]
    [InlineData("{\"name\":\"x\",\"unknown\":1}")]
    [InlineData("{\"name\":1}")]
    [InlineData("{\"name\":\"\\ud800\"")]
    [InlineData("")]
    public async Task A_body_that_the_service_cannot_read_is_its_400(string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        var reply = await _client.SendAsync(HttpMethod.Post, "/api/v1/domains", await deployment.OperatorAsync(), content);

        Assert.Equal((HttpStatusCode.BadRequest, "request.malformed"), (reply.Status, reply.Code));
    }

    [Fact, Trait("Rule", "SEC-6")]
    public async Task Bytes_that_are_no_UTF8_are_the_services_400()
    {
        using var bytes = new ByteArrayContent([.. "{\"name\":\"x"u8, 0xff, .. "\"}"u8]);
        bytes.Headers.ContentType = new("application/json");
        var reply = await _client.SendAsync(HttpMethod.Post, "/api/v1/domains", await deployment.OperatorAsync(), bytes);

        Assert.Equal(HttpStatusCode.BadRequest, reply.Status);
    }

    [Fact, Trait("Rule", "GWY-4")]
    public async Task A_services_headers_arrive()
    {
        var tenant = await deployment.TenantAsync();
        var token = await deployment.OperatorAsync();
        var created = await _client.SendAsync(HttpMethod.Post, $"/api/v1/domains/{tenant.Domain}/accounts", token, new { name = "jiro", password = Deployment.Password });

        Assert.Equal($"/api/v1/accounts/jiro@{tenant.Domain}", created["Location"]);
        Assert.Equal("\"1\"", created["ETag"]);
        Assert.Contains("rel=\"next\"", (await _client.GetAsync($"/api/v1/domains/{tenant.Domain}/accounts?limit=1", token))["Link"]!, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.PreconditionFailed,
            (await _client.SendAsync(HttpMethod.Patch, created["Location"]!, token, new { comment = "x" }, ("If-Match", "\"9\""))).Status);
    }

    [Fact, Trait("Rule", "GWY-2")]
    public async Task A_session_may_make_some_requests_a_second_and_far_more_is_429()
    {
        var gateway = await deployment.NewGatewayAsync(deployment.AccountsAddress, "--Hikyaku:Throttle:SessionRequestsPerSecond=50");
        using var client = new Client(gateway.Urls.First());
        var (token, other) = (await client.SignInAsync("operator", Deployment.OperatorPassword), await client.SignInAsync("operator", Deployment.OperatorPassword));
        var replies = new List<Reply>();
        for (var round = 0; round < 100 && replies.All(r => r.Status == HttpStatusCode.OK); round++)
            replies.AddRange(await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => client.GetAsync("/api/v1/me", token))));

        Assert.All(replies.Take(50), r => Assert.Equal(HttpStatusCode.OK, r.Status));
        var refused = replies.First(r => r.Status != HttpStatusCode.OK);
        Assert.Equal((HttpStatusCode.TooManyRequests, "request.too-many", "1"), (refused.Status, refused.Code, refused["Retry-After"]));
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/api/v1/me", other)).Status);
    }

    private async Task<string> RawAsync(string request)
    {
        using var connection = new TcpClient();
        await connection.ConnectAsync(_client.Address.Host, _client.Address.Port);
        await using var stream = connection.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(request));
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return await reader.ReadToEndAsync();
    }
}
