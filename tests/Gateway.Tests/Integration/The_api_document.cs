using System.Net;
using System.Text.Json.Nodes;
using Hikyaku.Platform.Testing;

namespace Hikyaku.Gateway.Tests.Integration;

[Trait("Rule", "GWY-1")]
public sealed class The_api_document(Deployment deployment)
{
    private readonly Client _client = deployment.Client;

    [Fact]
    public async Task It_is_OpenAPI_3_1_with_the_roles_of_every_operation_and_nothing_internal()
    {
        var reply = await _client.GetAsync("/api/v1/openapi.json");
        Assert.Equal(HttpStatusCode.OK, reply.Status);
        Assert.StartsWith("3.1", reply.Body!["openapi"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.DoesNotContain("/internal", reply.Text, StringComparison.Ordinal);

        var operations = reply.Body["paths"]!.AsObject().SelectMany(p => p.Value!.AsObject().Select(o => (Name: $"{o.Key} {p.Key}", Operation: o.Value!))).ToList();
        var expected = Routing.RouteTable.With().Routes.Where(r => r.Pattern.StartsWith("/api/", StringComparison.Ordinal) && !r.Pattern.EndsWith(".json", StringComparison.Ordinal)).Select(r => $"{r.Method.ToLowerInvariant()} {r.Pattern}");
        Assert.Equal(expected.Order(StringComparer.Ordinal), operations.Select(o => o.Name).Order(StringComparer.Ordinal));
        Assert.All(operations, o => Assert.NotNull(o.Operation["x-hikyaku-roles"]));
        Assert.All(operations, o => Assert.Equal(o.Operation["security"]!.AsArray().Count == 0, o.Operation["x-hikyaku-token-scope"] is null));
        Assert.All(operations, o => Assert.NotNull(o.Operation["summary"]));
        Assert.Equal("Sign in", operations.Single(o => o.Name == "post /api/v1/sessions").Operation["summary"]!.GetValue<string>());
        Assert.Equal("[]", operations.Single(o => o.Name == "post /api/v1/sessions").Operation["security"]!.ToJsonString());
    }

    [Fact, Trait("Rule", "GWY-3")]
    public async Task Every_operation_names_its_refusals_and_services_the_headers_they_honour()
    {
        var document = (await _client.GetAsync("/api/v1/openapi.json")).Body!;
        var paths = document["paths"]!;
        Assert.NotNull(document["components"]!["responses"]!["Refused"]!["content"]!["application/problem+json"]);
        Assert.All(paths.AsObject().SelectMany(p => p.Value!.AsObject()), o => Assert.Equal("#/components/responses/Refused", o.Value!["responses"]!["default"]!["$ref"]!.GetValue<string>()));
        Assert.Equal(["If-Match", "Idempotency-Key"], Headers("/api/v1/domains/{name}/accounts", "post"));
        Assert.Equal(["If-Match"], Headers("/api/v1/accounts/{address}", "patch"));
        Assert.Empty(Headers("/api/v1/accounts/{address}", "get"));
        Assert.Empty(Headers("/api/v1/sessions", "post"));
        Assert.Empty(Headers("/api/v1/domains/{name}/dns/check", "post"));
        Assert.NotNull(paths["/api/v1/accounts/{address}"]!["get"]!["responses"]!["200"]!["headers"]!["ETag"]);
        Assert.NotNull(paths["/api/v1/domains/{name}/accounts"]!["get"]!["responses"]!["200"]!["headers"]!["Link"]);

        List<string> Headers(string path, string method) => [.. (paths[path]![method]!["parameters"]?.AsArray() ?? [])
            .Where(p => p!["in"]!.GetValue<string>() == "header").Select(p => p!["name"]!.GetValue<string>())];
    }

    [Fact]
    public async Task Operations_have_names_and_resources_and_all_that_they_take_is_described()
    {
        var document = (await _client.GetAsync("/api/v1/openapi.json")).Body!;
        var operations = document["paths"]!.AsObject().SelectMany(p => p.Value!.AsObject().Select(o => o.Value!)).ToList();
        string IdOf(JsonNode operation) => operation["operationId"]!.GetValue<string>();

        Assert.Equal(operations.Count, operations.Select(IdOf).Distinct().Count());
        Assert.Equal(
            document["tags"]!.AsArray().Select(t => t!["name"]!.GetValue<string>()).Order(StringComparer.Ordinal),
            operations.SelectMany(o => o["tags"]!.AsArray()).Select(t => t!.GetValue<string>()).Distinct().Order(StringComparer.Ordinal));
        Assert.Empty(operations.SelectMany(o => (o["parameters"]?.AsArray() ?? []).Where(p => p!["description"] is null).Select(p => $"{IdOf(o)}: {p!["name"]}")));
        Assert.Empty(operations.Where(o => o["requestBody"]?["content"]?["application/json"] is { } json && json["example"] is null).Select(IdOf));
        Assert.Equal("Where events are sent to: https, of a public host.", Field("WebhookRegistration", "url")["description"]!.GetValue<string>());
        Assert.Equal("Apache-2.0", document["info"]!["license"]!["identifier"]!.GetValue<string>());

        JsonNode Field(string schema, string name) => document["components"]!["schemas"]![schema]!["properties"]![name]!;
    }

    // With the operator's session, of which no list is too many.
    [Fact, Trait("Rule", "GWY-3")]
    public async Task Every_choice_and_range_of_a_list_is_what_its_service_judges_by()
    {
        var tenant = await deployment.TenantAsync();
        var (boss, user) = (await deployment.OperatorAsync(), await _client.SignInAsync(tenant.User, Deployment.Password));
        var document = (await _client.GetAsync("/api/v1/openapi.json")).Body!;
        var judged = 0;
        foreach (var (pattern, operations) in document["paths"]!.AsObject().Where(p => !p.Value!["get"]?["responses"]?["200"]?["content"]?.AsObject().ContainsKey("text/event-stream") ?? false))
        {
            var path = pattern.Replace("{name}", tenant.Domain, StringComparison.Ordinal).Replace("{address}", tenant.User, StringComparison.Ordinal).Replace("{login}", tenant.Admin, StringComparison.Ordinal);
            if (path.Contains('{', StringComparison.Ordinal)) continue; // of nothing that there is
            var token = operations!["get"]!["x-hikyaku-roles"]!.AsArray().Any(r => r!.GetValue<string>() == "operator") ? boss : user;
            foreach (var parameter in (operations["get"]!["parameters"]?.AsArray() ?? []).Where(p => p!["in"]!.GetValue<string>() == "query"))
            {
                var (name, schema) = (parameter!["name"]!.GetValue<string>(), parameter["schema"]!);
                var (good, bad) = ValuesOf(schema);
                foreach (var value in good) Assert.NotEqual($"{path} {name}={value}: request.bad-parameter", $"{path} {name}={value}: {await CodeAsync(name, value)}");
                foreach (var value in bad) Assert.Equal($"{path} {name}={value}: request.bad-parameter", $"{path} {name}={value}: {await CodeAsync(name, value)}");
                judged += good.Length + bad.Length;
            }

            async Task<string?> CodeAsync(string name, string value)
            {
                // A filter is needed with POP only, and refused without it.
                var rest = (path, name) switch
                {
                    ("/api/v1/spam-advice", "filter") => "&by=pop",
                    ("/api/v1/spam-advice", "by") => "&filter=header",
                    ("/api/v1/stats", not "series") => "&series=accounts",
                    ("/api/v1/mobileconfig", "protocol") => $"&address={tenant.User}",
                    _ => "",
                };
                return (await _client.GetAsync($"{path}?{name}={Uri.EscapeDataString(value)}{rest}", token)).Code;
            }
        }

        Assert.InRange(judged, 80, 400);

        static (string[] Good, string[] Bad) ValuesOf(JsonNode schema)
        {
            if (schema["enum"] is { } choice) return ([.. choice.AsArray().Select(v => v!.GetValue<string>())], ["no-such"]);
            if (schema["maximum"] is { } most) return ([$"{schema["minimum"]}", $"{most}"], ["0", $"{most.GetValue<int>() + 1}", "many"]);
            return schema["format"]?.GetValue<string>() == "date-time" ? (["2026-11-24T00:00:00Z"], ["yesterday"]) : ([], []);
        }
    }

    [Fact, Trait("Rule", "GWY-2")]
    public async Task What_answers_with_a_stream_is_known_to_the_gateway_as_one()
    {
        var paths = (await _client.GetAsync("/api/v1/openapi.json")).Body!["paths"]!.AsObject();
        var streams = paths.Where(p => p.Value!["get"]?["responses"]?["200"]?["content"]?["text/event-stream"] is not null).Select(p => p.Key);
        Assert.Equal(Routing.RouteTable.With().Routes.Where(r => r.Streams).Select(r => r.Pattern).Order(StringComparer.Ordinal), streams.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Every_reference_in_it_leads_somewhere()
    {
        var reply = await _client.GetAsync("/api/v1/openapi.json");
        var schemas = reply.Body!["components"]!["schemas"]!.AsObject();

        foreach (System.Text.RegularExpressions.Match reference in System.Text.RegularExpressions.Regex.Matches(reply.Text, "\"#/components/schemas/([^\"]+)\""))
            Assert.Contains(reference.Groups[1].Value, schemas.Select(s => s.Key));
    }

    [Fact, Trait("Rule", "SEC-7")]
    public async Task It_can_be_browsed_and_everything_on_the_page_comes_from_here()
    {
        Assert.Equal("docs/", (await _client.GetAsync("/api/docs"))["Location"]);
        var page = await _client.GetAsync("/api/docs/");
        Assert.Equal(HttpStatusCode.OK, page.Status);
        Assert.DoesNotContain("http://", page.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("https://", page.Text, StringComparison.Ordinal);
        var nonce = System.Text.RegularExpressions.Regex.Match(page["Content-Security-Policy"]!, "'nonce-([^']+)'").Groups[1].Value;
        Assert.Contains($"nonce=\"{nonce}\"", WebUtility.HtmlDecode(page.Text), StringComparison.Ordinal);
        Assert.DoesNotContain(nonce, (await _client.GetAsync("/api/docs/"))["Content-Security-Policy"]!, StringComparison.Ordinal);

        foreach (System.Text.RegularExpressions.Match script in System.Text.RegularExpressions.Regex.Matches(page.Text, "src=\"([^\"]+)\""))
            Assert.Equal(HttpStatusCode.OK, (await _client.GetAsync("/api/docs/" + script.Groups[1].Value)).Status);
    }

    [Fact, Trait("Rule", "OPS-5")]
    public async Task The_gateway_is_alive_and_ready()
    {
        Assert.Equal(HttpStatusCode.OK, (await _client.GetAsync("/health/live")).Status);
        var ready = await Eventually.Async(() => _client.GetAsync("/health/ready"), r => r.Status == HttpStatusCode.OK);
        Assert.Equal("Healthy", ready.Body!["checks"]!["database"]!["status"]!.GetValue<string>());
        Assert.Contains(ready.Body["checks"]!.AsObject(), c => c.Key.Contains("masstransit", StringComparison.Ordinal));
    }
}
