using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using Hikyaku.Platform;

namespace Hikyaku.Accounts.Tests.Integration;

/// <summary>The service's own judgement, from the internal token alone, behind the gateway's.</summary>
public sealed class Who_may_do_what(AccountsService accounts)
{
    [Fact, Trait("Rule", "ROLE-1"), Trait("Rule", "ROLE-2")]
    public async Task Scope_is_judged_first_then_the_function()
    {
        var (domain, others) = (await accounts.DomainAsync(), await accounts.DomainAsync());
        var (address, neighbour, stranger) = (await accounts.AccountAsync(domain), await accounts.AccountAsync(domain, "jiro"), await accounts.AccountAsync(others));
        var (admin, user) = (AccountsService.Admin(domain), await accounts.UserAsync(address));

        await Expect(HttpStatusCode.OK, HttpMethod.Get, $"/api/v1/accounts/{address}", admin);
        await Expect(HttpStatusCode.NotFound, HttpMethod.Get, $"/api/v1/accounts/{stranger}", admin);
        await Expect(HttpStatusCode.NotFound, HttpMethod.Patch, $"/api/v1/accounts/{stranger}", admin, new { capacityMb = 1 });
        await Expect(HttpStatusCode.NotFound, HttpMethod.Get, $"/api/v1/domains/{others}", admin);
        await Expect(HttpStatusCode.NotFound, HttpMethod.Get, $"/api/v1/domains/{others}/accounts", admin);
        await Expect(HttpStatusCode.NotFound, HttpMethod.Post, $"/api/v1/domains/{others}/accounts", admin, new { name = "xx" });
        await Expect(HttpStatusCode.Forbidden, HttpMethod.Patch, $"/api/v1/domains/{domain}", admin, new { maxAccounts = 5 });
        await Expect(HttpStatusCode.Forbidden, HttpMethod.Post, "/api/v1/domains", admin, new { name = "new.example.jp" });
        await Expect(HttpStatusCode.OK, HttpMethod.Get, $"/api/v1/domains/{domain}/dns", admin);
        await Expect(HttpStatusCode.NotFound, HttpMethod.Get, $"/api/v1/domains/{others}/dns", admin);
        await Expect(HttpStatusCode.Forbidden, HttpMethod.Post, $"/api/v1/domains/{domain}/dkim/rotate", admin, new { });

        await Expect(HttpStatusCode.OK, HttpMethod.Get, $"/api/v1/accounts/{address}", user);
        await Expect(HttpStatusCode.NotFound, HttpMethod.Get, $"/api/v1/accounts/{neighbour}", user);
        await Expect(HttpStatusCode.Forbidden, HttpMethod.Patch, $"/api/v1/accounts/{address}", user, new { capacityMb = 1 });
        await Expect(HttpStatusCode.NotFound, HttpMethod.Get, $"/api/v1/domains/{domain}/accounts", user);
        await Expect(HttpStatusCode.Forbidden, HttpMethod.Get, "/api/v1/domains", user);
    }

    // In the same time: the service asks the same of its database, and the answers are alike.
    [Theory, Trait("Rule", "ROLE-2")]
    [InlineData("GET", "")]
    [InlineData("GET", "?at=2026-11-24T09:00:00Z")]
    [InlineData("GET", "/history")]
    [InlineData("PATCH", "")]
    [InlineData("DELETE", "")]
    [InlineData("DELETE", "/mail")]
    [InlineData("PUT", "/password")]
    [InlineData("POST", "/history/0193a0b1-0000-7000-8000-000000000000/undo")]
    public async Task An_account_of_others_is_not_told_from_one_that_is_not_there(string method, string path)
    {
        var (own, others) = (await accounts.DomainAsync(), await accounts.DomainAsync());
        var (there, missing) = (await accounts.AccountAsync(others, "there"), $"gone1@{others}");
        Caller[] callers = [AccountsService.Admin(own), await accounts.UserAsync(await accounts.AccountAsync(own)), await accounts.UserAsync(await accounts.AccountAsync(others, "neighbour"))];
        object? body = method switch
        {
            "PATCH" => new { capacityMb = 1 },
            "PUT" => new { @new = "Betsu-no-98yz" },
            _ => null,
        };
        using (var statements = new Statements())
        {
            await accounts.SendAsync(HttpMethod.Get, $"/api/v1/accounts/{there}", caller: AccountsService.Operator);
            Assert.NotEmpty(statements.Seen); // it does see
        }

        foreach (var caller in callers)
        {
            // The first of a kind also prepares statements.
            foreach (var address in new[] { there, missing, there }) await SeenAsync(address);
            var (one, other) = (await SeenAsync(there), await SeenAsync(missing));
            Assert.StartsWith("404", other, StringComparison.Ordinal);
            Assert.Equal(other, one);

            // A real difference shows in every round; on a busy machine one round may be unlucky.
            var (faster, slower) = await QuartilesAsync();
            for (var round = 1; round < 5 && slower > (1.5 * faster) + 0.5; round++) (faster, slower) = await QuartilesAsync();
            Assert.InRange(slower, faster, (1.5 * faster) + 0.5);

            // What one of the two does in addition shows in the lower quartile as well, and a busy machine hardly does.
            async Task<(double Faster, double Slower)> QuartilesAsync()
            {
                var times = new[] { there, missing }.ToDictionary(a => a, _ => new List<TimeSpan>());
                for (var i = 0; i < 60; i++)
                {
                    foreach (var address in times.Keys)
                    {
                        var since = Stopwatch.GetTimestamp();
                        await AskAsync(address);
                        times[address].Add(Stopwatch.GetElapsedTime(since));
                    }
                }

                var quartiles = times.Values.Select(t => t.Order().ElementAt(t.Count / 4).TotalMilliseconds).Order().ToArray();
                return (quartiles[0], quartiles[1]);
            }

            async Task<string> SeenAsync(string address)
            {
                using var statements = new Statements();
                var reply = await AskAsync(address);
                var text = reply.Text.Replace(address, "ADDRESS", StringComparison.Ordinal).Replace($"{statements.Trace}", "TRACE", StringComparison.Ordinal);
                return $"{(int)reply.Status} {text}\n{string.Join('\n', statements.Seen)}";
            }

            Task<Reply> AskAsync(string address) => accounts.SendAsync(new HttpMethod(method), $"/api/v1/accounts/{address}{path}", body, caller);
        }
    }

    [Fact, Trait("Rule", "ACC-3")]
    public async Task A_user_never_sees_the_comment()
    {
        var address = await accounts.AccountAsync(await accounts.DomainAsync(), comment: "secret note");
        var reply = await accounts.GetAsync($"/api/v1/accounts/{address}", await accounts.UserAsync(address));
        Assert.Equal(HttpStatusCode.OK, reply.Status);
        Assert.DoesNotContain("comment", reply.Text, StringComparison.Ordinal);
    }

    [Theory, Trait("Rule", "ROLE-1")]
    [InlineData("/api/v1/domains")]
    [InlineData("/internal/targets/a@example.jp")]
    [InlineData("/internal/node-state")]
    public async Task Nobody_without_a_credential_gets_anything(string path)
    {
        foreach (var credential in new[] { null, "Bearer nonsense", "Bearer mail1.nonsense", "Basic b3BlcmF0b3I6eA==" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            if (credential is not null) request.Headers.Authorization = AuthenticationHeaderValue.Parse(credential);
            using var answer = await accounts.Http.SendAsync(request);
            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        }
    }

    [Fact, Trait("Rule", "ROLE-1")]
    public async Task No_person_reaches_the_gateways_own_calls()
    {
        await Expect(HttpStatusCode.Forbidden, HttpMethod.Get, "/internal/targets/a@example.jp", AccountsService.Operator);
        await Expect(HttpStatusCode.Forbidden, HttpMethod.Post, "/internal/credentials/verify", AccountsService.Operator, new { login = "operator", password = "x" });
        await Expect(HttpStatusCode.Unauthorized, HttpMethod.Put, "/internal/nodes/mail1", AccountsService.Operator, new { listed = true });
    }

    [Fact, Trait("Rule", "ROLE-1")]
    public async Task An_administrator_lists_the_own_domains_and_an_operator_all()
    {
        var (mine, others) = (await accounts.DomainAsync(), await accounts.DomainAsync());
        var list = await accounts.GetAsync("/api/v1/domains?limit=500", AccountsService.Admin(mine));
        Assert.Equal([mine], list.Body!["items"]!.AsArray().Select(i => i!["name"]!.GetValue<string>()));
        var all = (await accounts.GetAsync("/api/v1/domains?limit=500")).Body!["items"]!.AsArray().Select(i => i!["name"]!.GetValue<string>()).ToList();
        Assert.Contains(mine, all);
        Assert.Contains(others, all);
        Assert.Equal(all.Order(StringComparer.Ordinal), all);
    }

    [Fact, Trait("Rule", "ROLE-3")]
    public async Task An_administrator_and_the_logins_history_are_read_in_the_own_domains_alone()
    {
        var (domain, others) = (await accounts.DomainAsync(), await accounts.DomainAsync());
        var login = $"a{Guid.NewGuid():N}"[..20];
        var made = await accounts.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/administrators", new { login, password = AccountsService.GoodPassword });
        Assert.Equal(login, (await accounts.GetAsync(made.Location!)).Body!["login"]!.GetValue<string>());
        await accounts.SendAsync(HttpMethod.Put, $"{made.Location}/password", new { @new = "Betsu-no-98yz" });

        var history = await accounts.GetAsync($"{made.Location}/history", AccountsService.Admin(domain));
        var items = history.Body!["items"]!.AsArray();
        Assert.Equal(["accounts.staff-password-changed", "accounts.staff-login-added"], items.Select(i => i!["type"]!.GetValue<string>()));
        Assert.All(items, i => Assert.Equal("operator", i!["by"]!["login"]!.GetValue<string>()));
        Assert.DoesNotContain("credential", history.Text, StringComparison.OrdinalIgnoreCase);

        foreach (var path in new[] { $"/api/v1/domains/{others}/administrators/{login}", $"/api/v1/domains/{domain}/administrators/nobody" })
        {
            await Expect(HttpStatusCode.NotFound, HttpMethod.Get, path, AccountsService.Operator);
            await Expect(HttpStatusCode.NotFound, HttpMethod.Get, path + "/history", AccountsService.Operator);
        }

        await Expect(HttpStatusCode.NotFound, HttpMethod.Get, made.Location!, AccountsService.Admin(others));
    }

    [Fact, Trait("Rule", "GWY-4")]
    public async Task What_is_not_there_yet_matches_no_version()
    {
        var domain = await accounts.DomainAsync();
        var account = new { name = "taro", password = AccountsService.GoodPassword };
        var another = new { name = $"d{Guid.NewGuid():N}.example.jp", maxAccounts = 5, maxCapacityMb = 500, defaultCapacityMb = 10 };
        foreach (var (path, body) in new (string, object)[] { ($"/api/v1/domains/{domain}/accounts", account), ("/api/v1/domains", another) })
        {
            Assert.Equal(HttpStatusCode.PreconditionFailed, (await accounts.SendAsync(HttpMethod.Post, path, body, null, ("If-Match", "\"1\""))).Status);
            Assert.Equal(HttpStatusCode.Created, (await accounts.SendAsync(HttpMethod.Post, path, body, null, ("If-Match", "*"))).Status);
        }
    }

    private async Task Expect(HttpStatusCode status, HttpMethod method, string path, Caller caller, object? body = null)
    {
        var reply = await accounts.SendAsync(method, path, body, caller);
        Assert.True(reply.Status == status, $"{caller.Role} {method} {path}: {reply.Status}, not {status}");
    }

    // What one request, and the gateway's question before it, asks of the database, in order.
    private sealed class Statements : IDisposable
    {
        private readonly Activity _request = new("one request");
        private readonly ActivityListener _listener;

        public Statements()
        {
            _listener = new ActivityListener
            {
                ShouldListenTo = source => source.Name is "Npgsql" or "Microsoft.AspNetCore",
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
                ActivityStopped = activity =>
                {
                    if (activity.TraceId == Trace && activity.Source.Name == "Npgsql") Seen.Enqueue($"{activity.DisplayName} {activity.GetTagItem("db.query.text") ?? activity.GetTagItem("db.statement")}");
                },
            };
            ActivitySource.AddActivityListener(_listener);
            _request.ActivityTraceFlags = ActivityTraceFlags.Recorded;
            _request.Start();
        }

        public ActivityTraceId Trace => _request.TraceId;

        public ConcurrentQueue<string> Seen { get; } = new();

        public void Dispose()
        {
            _request.Dispose();
            _listener.Dispose();
        }
    }
}
