using System.Net;
using System.Text.Json.Nodes;
using Hikyaku.Gateway.Routing;
using Hikyaku.Gateway.Tokens;
using Hikyaku.Platform;

namespace Hikyaku.Gateway.Tests.Integration;

/// <summary>SEC-1: every operation × every role × own, another's and a missing resource, from the services' own API documents.</summary>
[Trait("Rule", "SEC-1"), Trait("Rule", "ROLE-1"), Trait("Rule", "ROLE-2")]
public sealed class Who_may_call_what(Deployment deployment)
{
    private static readonly RouteTable Table = RouteTable.With();
    private readonly Client _client = deployment.Client;

    [Fact]
    public async Task The_table_has_a_line_for_every_public_operation_and_no_other()
    {
        Assert.Equal(Table.Services, deployment.Services.Keys.Order());
        foreach (var (service, address) in deployment.Services) await EveryOperationStandsAsync(service, address);
    }

    private static async Task EveryOperationStandsAsync(string service, string address)
    {
        using var http = new HttpClient();
        var told = JsonNode.Parse(await http.GetStringAsync(address + "/internal/openapi.json"))!;
        var operations = Operations(told).Where(o => o.Pattern.StartsWith("/api/", StringComparison.Ordinal)).ToHashSet();
        var lines = Table.Routes.Where(r => Table.Answers(service, r)).Select(r => (r.Method, r.Pattern)).ToHashSet();

        Assert.Equal(operations.Order(), lines.Order());
    }

    [Fact]
    public async Task Scope_is_judged_before_function_and_both_before_existence()
    {
        var (own, others) = (await deployment.TenantAsync(), await deployment.TenantAsync());
        var sessions = new Dictionary<string, string>
        {
            [Roles.Operator] = await deployment.OperatorAsync(),
            [Roles.Admin] = await _client.SignInAsync(own.Admin, Deployment.Password),
            [Roles.User] = await _client.SignInAsync(own.User, Deployment.Password),
        };
        var wrong = new List<string>();
        var tried = 0;
        foreach (var (method, pattern) in Operations((await _client.GetAsync("/api/v1/openapi.json")).Body!))
        {
            var route = Table.Find(method, pattern)!;
            // These two end sessions that other tests have as well.
            if (route.IsOpen || pattern == "/api/v1/sessions/current" || (method, pattern) == ("DELETE", "/api/v1/me/sessions")) continue;
            if (await StatusAsync(method, Path(pattern, own.Domain, own.User), null) is var nobody && nobody != 401) wrong.Add($"{method} {pattern} without a session: {nobody}");
            foreach (var (role, token) in sessions)
            {
                foreach (var (what, domain, address, inScope) in Resources(role, route.Scope, own, others))
                {
                    var status = await StatusAsync(method, Path(pattern, domain, address), token);
                    var may = route.MayCall.Contains(role);
                    var exists = !what.StartsWith("missing", StringComparison.Ordinal);
                    var fits = !inScope ? status == 404 : !may ? status == 403 : exists ? status is not (401 or 403 or 405 or >= 500) : status == 404;
                    // A missing login or session of an existing domain is 404 too, and says so by the service.
                    if (!fits) wrong.Add($"{role} {method} {pattern}, {what}: {status}");
                    tried++;
                }
            }
        }

        TestContext.Current.SendDiagnosticMessage("{0} combinations", tried);
        Assert.Empty(wrong);
        Assert.True(tried > 100);
    }

    [Fact, Trait("Rule", "GWY-2")]
    public async Task A_token_does_what_its_scope_and_its_owners_role_allow_and_no_more()
    {
        var (own, others) = (await deployment.TenantAsync(), await deployment.TenantAsync());
        var operations = Operations((await _client.GetAsync("/api/v1/openapi.json")).Body!).Select(o => Table.Find(o.Method, o.Pattern)!).Where(r => !r.IsOpen).ToList();
        var wrong = new List<string>();
        var tried = 0;
        foreach (var (role, session) in new[]
        {
            (Roles.Operator, await deployment.OperatorAsync()),
            (Roles.Admin, await _client.SignInAsync(own.Admin, Deployment.Password)),
            (Roles.User, await _client.SignInAsync(own.User, Deployment.Password)),
        })
        {
            var scopes = NewToken.ScopesOf(role, Table);
            var everything = await TokenAsync(session, scopes);
            var only = new Dictionary<string, string>();
            var without = new Dictionary<string, string>();
            foreach (var scope in scopes) (only[scope], without[scope]) = (await TokenAsync(session, [scope]), await TokenAsync(session, [.. scopes.Except([scope])]));
            foreach (var route in operations)
            {
                foreach (var (what, domain, address, inScope) in Resources(role, route.Scope, own, others))
                {
                    var may = route.MayCall.Contains(role);
                    var forPeople = route.Needs == TokenScopes.PeopleOnly || route.ProvePassword.Contains(role);
                    var with = await SendAsync(route, domain, address, only.GetValueOrDefault(route.Needs!, everything));
                    var fits = !inScope ? with.Status == HttpStatusCode.NotFound
                        : !may ? with.Code == "request.forbidden"
                        : forPeople ? with.Code == "tokens.sign-in-needed"
                        : what.StartsWith("missing", StringComparison.Ordinal) ? with.Status == HttpStatusCode.NotFound
                        : (int)with.Status is not (401 or 403 or 405 or >= 500);
                    if (!fits) wrong.Add($"{role} {route.Method} {route.Pattern}, {what}, with {route.Needs}: {(int)with.Status} {with.Code}");
                    tried++;
                    if (!inScope || !may || forPeople || !without.TryGetValue(route.Needs!, out var lacking)) continue;
                    var refused = await SendAsync(route, domain, address, lacking);
                    if ((refused.Status, refused.Code) != (HttpStatusCode.Forbidden, "tokens.scope-missing")) wrong.Add($"{role} {route.Method} {route.Pattern}, {what}, without {route.Needs}: {(int)refused.Status} {refused.Code}");
                    tried++;
                }
            }

            foreach (var token in (await _client.GetAsync("/api/v1/tokens", session)).Body!["items"]!.AsArray().Where(t => t!["name"]!.GetValue<string>() == own.Domain))
                await _client.MustAsync(HttpStatusCode.NoContent, HttpMethod.Delete, $"/api/v1/tokens/{token!["id"]!.GetValue<string>()}", session);
        }

        TestContext.Current.SendDiagnosticMessage("{0} combinations", tried);
        Assert.Empty(wrong);
        Assert.True(tried > 500);

        async Task<string> TokenAsync(string session, IReadOnlyList<string> scopes)
            => (await _client.MustAsync(HttpStatusCode.Created, HttpMethod.Post, "/api/v1/tokens", session, new { name = own.Domain, scopes })).Body!["token"]!.GetValue<string>();
    }

    [Fact]
    public async Task Anothers_account_and_a_missing_one_are_answered_to_the_letter_alike()
    {
        var (own, others) = (await deployment.TenantAsync(), await deployment.TenantAsync());
        foreach (var login in new[] { own.Admin, own.User })
        {
            var token = await _client.SignInAsync(login, Deployment.Password);
            var existing = await _client.GetAsync($"/api/v1/accounts/{others.User}", token);
            var missing = await _client.GetAsync("/api/v1/accounts/nobody@nowhere.example", token);
            var unreadable = await _client.GetAsync("/api/v1/accounts/%20", token);

            Assert.Equal(HttpStatusCode.NotFound, existing.Status);
            Assert.Equal(existing.Text, missing.Text);
            Assert.Equal(existing.Text, unreadable.Text);
            Assert.Equal(existing.Headers.Keys.Order(StringComparer.Ordinal), missing.Headers.Keys.Order(StringComparer.Ordinal));
        }
    }

    private static IEnumerable<(string What, string Domain, string Address, bool InScope)> Resources(string role, Scope scope, Tenant own, Tenant others)
    {
        var seesDomains = role != Roles.User;
        if (scope == Scope.None) return [("nothing in particular", own.Domain, own.User, true)];
        if (scope == Scope.Domain)
        {
            return
            [
                ("own domain", own.Domain, own.User, seesDomains),
                ("another's domain", others.Domain, others.User, role == Roles.Operator),
                ("missing domain", "nowhere.example", "x@nowhere.example", role == Roles.Operator),
            ];
        }

        return
        [
            ("own account", own.Domain, own.User, true),
            ("a neighbour's account", own.Domain, own.OtherUser, seesDomains),
            ("another domain's account", others.Domain, others.User, role == Roles.Operator),
            ("missing account of own domain", own.Domain, $"nobody@{own.Domain}", seesDomains),
            ("missing account elsewhere", "nowhere.example", "nobody@nowhere.example", role == Roles.Operator),
        ];
    }

    // An empty body breaks a rule of every write, so nothing is changed that a later combination needs; DELETE names a missing
    // login, or an account's version that it never had.
    private async Task<int> StatusAsync(string method, string path, string? token) => (int)(await SendAsync(method, path, token)).Status;

    private Task<Reply> SendAsync(string method, string path, string? token)
        => _client.SendAsync(new HttpMethod(method), path, token, method is "GET" or "DELETE" ? null : new { }, method is "DELETE" ? [("If-Match", "\"999999\"")] : []);

    private Task<Reply> SendAsync(GatewayRoute route, string domain, string address, string token) => SendAsync(route.Method, Path(route.Pattern, domain, address), token);

    private static string Path(string pattern, string domain, string address) => pattern
        .Replace("{name}", domain, StringComparison.Ordinal).Replace("{address}", address, StringComparison.Ordinal)
        .Replace("{login}", "nobody", StringComparison.Ordinal).Replace("{id}", Guid.Empty.ToString("N"), StringComparison.Ordinal);

    private static List<(string Method, string Pattern)> Operations(JsonNode document)
        => [.. document["paths"]!.AsObject().SelectMany(p => p.Value!.AsObject().Select(o => (o.Key.ToUpperInvariant(), p.Key)))];
}
