using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hikyaku.CommandLine;
using Hikyaku.Platform.Testing;
using Microsoft.AspNetCore.Http;

namespace Hikyaku.Gateway.Tests.Integration;

/// <summary>What operators type, against the real services by a real token: <c>hikyaku</c>, and the commands of the guides (docs/guides).</summary>
[Trait("Rule", "GWY-1"), Trait("Rule", "GWY-2")]
public sealed partial class Command_line(Deployment deployment)
{
    private readonly Client _client = deployment.Client;

    private string Api => deployment.GatewayAddress;

    public static TheoryData<string> Guides => [.. Directory.GetFiles(Path.Combine(CommandLineRun.Repository, "docs", "guides"), "*.md").Select(f => Path.GetFileName(f)!)];

    [Fact]
    public async Task An_operator_looks_at_domains_accounts_nodes_and_history()
    {
        var tenant = await deployment.TenantAsync();
        var (_, token) = await TokenAsync("accounts:read", "accounts:write", "domains:read", "history:read", "platform:read");
        await _client.MustAsync(HttpStatusCode.OK, HttpMethod.Patch, $"/api/v1/accounts/{tenant.User}", token, new { comment = "営業部 \u202e", capacityMb = 20 });

        var domain = await CommandLineRun.DoneAsync(Api, token, "domain", "show", tenant.Domain);
        Assert.Matches(@"(?m)^Accounts +3 / 50$", domain.Out);
        Assert.Contains((await CommandLineRun.DoneAsync(Api, token, "domain", "list", "--json")).Items, d => d["name"]!.GetValue<string>() == tenant.Domain);
        Assert.Contains("_dmarc." + tenant.Domain, (await CommandLineRun.DoneAsync(Api, token, "domain", "dns", tenant.Domain)).Out, StringComparison.Ordinal);

        var account = await CommandLineRun.DoneAsync(Api, token, "account", "show", tenant.User);
        Assert.Contains("営業部 <U+202E>", account.Out, StringComparison.Ordinal);
        Assert.Matches(@"(?m)^Created +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+09:00$", account.Out);
        var json = await CommandLineRun.DoneAsync(Api, token, "account", "show", tenant.User, "--json");
        Assert.True(JsonNode.DeepEquals((await _client.GetAsync($"/api/v1/accounts/{tenant.User}", token)).Body, Assert.Single(json.Items)));

        foreach (var where in new string[][] { ["--domain", tenant.Domain], [] })
        {
            var found = await CommandLineRun.DoneAsync(Api, token, ["account", "find", "営業部", "--limit", "1000", "--json", .. where]);
            Assert.Contains(found.Items, a => a["address"]!.GetValue<string>() == tenant.User);
        }

        var more = await CommandLineRun.DoneAsync(Api, token, "account", "find", tenant.Domain, "--limit", "2");
        Assert.Equal(3, more.Lines.Length); // with the head
        Assert.Contains("--limit", more.Error, StringComparison.Ordinal);

        var history = await CommandLineRun.DoneAsync(Api, token, "account", "history", tenant.User);
        Assert.Contains("token:night", history.Out, StringComparison.Ordinal);
        Assert.Contains("capacityMb: 10 → 20", history.Out, StringComparison.Ordinal);
        Assert.Equal(2, (await CommandLineRun.DoneAsync(Api, token, "account", "history", tenant.User, "--limit", "1")).Lines.Length);

        await deployment.ReportNodeAsync();
        Assert.Contains("mail1", (await CommandLineRun.DoneAsync(Api, token, "node", "list")).Out, StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "RST-6")]
    public async Task A_locked_account_is_unlocked_with_a_reason_and_not_twice()
    {
        var tenant = await deployment.TenantAsync();
        var (_, token) = await TokenAsync("restrictions:read", "restrictions:write", "accounts:read");
        var restrictions = $"/api/v1/accounts/{tenant.User}/restrictions";
        await _client.MustAsync(HttpStatusCode.Created, HttpMethod.Post, restrictions, token, new { kind = "account-locked", reason = "a try" });
        await Eventually.Async(async () => (await CommandLineRun.DoneAsync(Api, token, "account", "show", tenant.User)).Out.Contains("account-locked", StringComparison.Ordinal));

        var done = await CommandLineRun.DoneAsync(Api, token, "account", "unlock", tenant.User, "--reason", "asked by telephone");

        Assert.Equal($"Lifted account-locked of {tenant.User}.\n", done.Out);
        Assert.Empty((await _client.GetAsync(restrictions, token)).Body!.AsArray());
        var again = new CommandLineRun(Api, token, "ja_JP.UTF-8");
        Assert.Equal(ExitCodes.Refused, await again.RunAsync(CancellationToken.None, "account", "unlock", tenant.User, "--reason", "再度"));
        Assert.Contains("コード: ", again.Error, StringComparison.Ordinal);
        Assert.Equal("", again.Out);
    }

    [Fact, Trait("Rule", "GWY-3")]
    public async Task A_token_that_lacks_the_scope_or_is_revoked_is_told_and_is_1()
    {
        var (id, token) = await TokenAsync("accounts:read");
        var run = new CommandLineRun(Api, token, "ja_JP.UTF-8");
        Assert.Equal(ExitCodes.Refused, await run.RunAsync(CancellationToken.None, "domain", "list"));
        Assert.Contains("(403)", run.Error, StringComparison.Ordinal);
        Assert.Contains("domains:read", run.Error, StringComparison.Ordinal);
        Assert.Contains("コード: tokens.scope-missing", run.Error, StringComparison.Ordinal);

        await _client.MustAsync(HttpStatusCode.NoContent, HttpMethod.Delete, $"/api/v1/tokens/{id}", await deployment.OperatorAsync());

        await Eventually.Async(async () =>
        {
            var revoked = new CommandLineRun(Api, token);
            return await revoked.RunAsync(CancellationToken.None, "domain", "list") == ExitCodes.Refused && revoked.Error.Contains("Code: tokens.revoked", StringComparison.Ordinal);
        });
        var events = new CommandLineRun(Api, token);
        Assert.Equal(ExitCodes.Refused, await events.RunAsync(CancellationToken.None, "events", "--follow"));
    }

    [Fact, Trait("Rule", "GWY-5")]
    public async Task A_job_is_listed_followed_to_its_end_and_not_cancelled_after_it()
    {
        var tenant = await deployment.TenantAsync();
        await deployment.ReportNodeAsync(); // a job has succeeded when nodes obey
        var (_, token) = await TokenAsync("jobs:read", "jobs:write", "accounts:write");
        var good = await ImportAsync(tenant, token, $"mail_account,password\nsaburo,{Deployment.Password}\n");
        var followed = await CommandLineRun.DoneAsync(Api, token, "job", "follow", good, "--json");
        Assert.Equal("succeeded", followed.Items[^1]["state"]!.GetValue<string>());

        var bad = await ImportAsync(tenant, token, "mail_account,password\nshiro,short\n");
        var run = new CommandLineRun(Api, token);
        Assert.Equal(ExitCodes.Refused, await run.RunAsync(CancellationToken.None, "job", "follow", bad));
        Assert.Contains("password", run.Out, StringComparison.Ordinal);

        Assert.Contains("failed", (await CommandLineRun.DoneAsync(Api, token, "job", "show", bad)).Out, StringComparison.Ordinal);
        var list = await CommandLineRun.DoneAsync(Api, token, "job", "list", "--limit", "500", "--json");
        Assert.Subset(list.Items.Select(j => j["id"]!.GetValue<string>()).ToHashSet(), new HashSet<string> { good, bad });
        var late = new CommandLineRun(Api, token);
        Assert.Equal(ExitCodes.Refused, await late.RunAsync(CancellationToken.None, "job", "cancel", good));
        Assert.Contains("(409)", late.Error, StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "OPS-2"), Trait("Rule", "REL-3")]
    public async Task Events_are_followed_across_a_restart_of_the_gateway_each_once()
    {
        var tenant = await deployment.TenantAsync();
        var database = $"--ConnectionStrings:Postgres={await PostgresServer.NewDatabaseAsync()}";
        var gateway = await deployment.NewGatewayAsync(deployment.AccountsAddress, database);
        var address = gateway.Urls.First();
        using var client = new Client(address);
        var (_, token) = await TokenAsync(client, "events:read");
        var run = new CommandLineRun(address, token);
        using var end = new CancellationTokenSource();
        var following = run.RunAsync(end.Token, "events", "--follow", "--after", "0", "--account", tenant.User, "--json");
        await Eventually.Async(() => run.Out.Contains("accounts.mail-account-created", StringComparison.Ordinal));

        await gateway.StopAsync(new CancellationToken(canceled: true));
        await ChangeAsync(tenant, 11);
        await deployment.NewGatewayAsync(deployment.AccountsAddress, database, $"--urls={address}");
        await ChangeAsync(tenant, 12);

        await Eventually.Async(() => run.Lines.Length >= 3);
        await end.CancelAsync();
        Assert.Equal(ExitCodes.Interrupted, await following);
        Assert.Equal(["10", "11", "12"], run.Items.Select(e => e["data"]!["capacityMb"]!.ToString()));
        Assert.Matches(@"Go on with --after \d+", run.Error);

        var read = await CommandLineRun.DoneAsync(address, token, "events", "--after", "0", "--account", tenant.User, "--type", "accounts.mail-account-capacity-changed");
        Assert.Equal(2, read.Lines.Length);
        Assert.All(read.Lines, l => Assert.Contains(tenant.User, l, StringComparison.Ordinal));
    }

    [Fact, Trait("Rule", "REL-8")]
    public async Task A_gateway_that_is_away_is_3_and_one_without_its_services_says_when_to_come_again()
    {
        var service = await StandInService.StartAsync(_ => Task.CompletedTask);
        var gateway = await deployment.NewGatewayAsync(service.Address);
        using var client = new Client(gateway.Urls.First());
        var session = await client.SignInAsync("operator", "x");
        var made = await client.MustAsync(HttpStatusCode.Created, HttpMethod.Post, "/api/v1/tokens", session, new { name = "night", scopes = new[] { "domains:read", "events:read" } });
        var token = made.Body!["token"]!.GetValue<string>();
        await service.DisposeAsync();

        var later = new CommandLineRun(client.Address.ToString(), token);
        Assert.Equal(ExitCodes.Refused, await later.RunAsync(CancellationToken.None, "domain", "list"));
        Assert.Contains("Code: platform.unavailable", later.Error, StringComparison.Ordinal);
        Assert.Contains("Try again in 5 s.", later.Error, StringComparison.Ordinal);

        await gateway.StopAsync(new CancellationToken(canceled: true));
        foreach (var command in new string[][] { ["domain", "list"], ["events", "--follow"] })
        {
            var away = new CommandLineRun(client.Address.ToString(), token);
            Assert.Equal(ExitCodes.Unreachable, await away.RunAsync(CancellationToken.None, command));
            Assert.Contains("cannot be reached", away.Error, StringComparison.Ordinal);
        }
    }

    [Fact, Trait("Rule", "SEC-2")]
    public async Task What_others_have_written_is_shown_and_never_obeyed()
    {
        const string hostile = "\u001b]0;owned\u0007\u001b[2J\u009b31m\u202e";
        await using var service = await StandInService.StartAsync(http => http.Response.WriteAsJsonAsync(new
        {
            address = "x@example.jp",
            comment = hostile,
            outcome = new { stored = hostile, forwardedTo = new[] { hostile }, replied = false },
            steps = new[] { new { by = "spam", what = "judged", why = hostile } },
        }));
        var token = "hky_" + new string('A', 43);
        foreach (var command in new string[][] { ["account", "show", "x@example.jp"], ["account", "trace", "x@example.jp"] })
        {
            foreach (var form in new string[][] { [], ["--json"] })
            {
                var run = new CommandLineRun(service.Address, token) { Input = "Subject: x\r\n\r\nx\r\n" };
                Assert.Equal(ExitCodes.Done, await run.RunAsync(CancellationToken.None, [.. command, .. form])); // looks for control characters itself
                Assert.DoesNotContain('\u202e', run.Out);
                Assert.Contains("owned", run.Out, StringComparison.Ordinal);
            }
        }
    }

    [Fact, Trait("Rule", "GWY-3")]
    public async Task Later_is_told_and_waited_for_by_followers_only_and_no_redirection_gets_the_token()
    {
        var (asked, elsewhere) = (0, 0);
        await using var other = await StandInService.StartAsync(_ =>
        {
            elsewhere++;
            return Task.CompletedTask;
        });
        await using var service = await StandInService.StartAsync(async http =>
        {
            switch (http.Request.Path.Value)
            {
                case "/api/v1/nodes":
                    http.Response.Redirect(other.Address);
                    break;
                case "/api/v1/events" when asked > 1:
                    http.Response.ContentType = "text/event-stream";
                    await http.Response.WriteAsync("retry: 10\nid: 1\n\nid: 2\ndata: {\"type\":\"a.b\",\"position\":\"2\"}\n\n");
                    break;
                case "/api/v1/jobs":
                    await http.Response.WriteAsync("<html>", Encoding.UTF8);
                    break;
                default:
                    asked++;
                    (http.Response.StatusCode, http.Response.Headers.RetryAfter) = (429, "0");
                    break;
            }
        });
        var token = "hky_" + new string('A', 43);

        var once = new CommandLineRun(service.Address, token);
        Assert.Equal(ExitCodes.Refused, await once.RunAsync(CancellationToken.None, "domain", "list"));
        Assert.Equal(1, asked);
        Assert.Contains("Try again in 0 s.", once.Error, StringComparison.Ordinal);

        var follower = new CommandLineRun(service.Address, token);
        using var end = new CancellationTokenSource();
        var following = follower.RunAsync(end.Token, "events", "--follow");
        await Eventually.Async(() => follower.Lines.Length > 0);
        await end.CancelAsync();
        Assert.Equal(ExitCodes.Interrupted, await following);
        Assert.Contains("(429)", follower.Error, StringComparison.Ordinal);

        Assert.Equal(ExitCodes.Refused, await new CommandLineRun(service.Address, token).RunAsync(CancellationToken.None, "node", "list"));
        Assert.Equal(0, elsewhere);
        Assert.Equal(ExitCodes.Unreachable, await new CommandLineRun(service.Address, token).RunAsync(CancellationToken.None, "job", "list"));
    }

    [Theory, MemberData(nameof(Guides)), Trait("Rule", "OPS-2")]
    public async Task The_commands_of_a_guide_work_as_they_stand(string page)
    {
        var text = await File.ReadAllTextAsync(Path.Combine(CommandLineRun.Repository, "docs", "guides", page));
        var commands = Fenced().Matches(text).Select(m => m.Groups[1].Value).ToList();
        Assert.NotEmpty(commands);
        await deployment.ReportNodeAsync(); // a job has succeeded when nodes obey
        var (_, token) = await TokenAsync("domains:read", "domains:write", "accounts:read", "accounts:write", "jobs:read", "events:read", "webhooks:read", "webhooks:write");
        var folder = Directory.CreateTempSubdirectory("hikyaku-test-guide-");
        // What a command prints tells which one failed.
        using var bash = Process.Start(new ProcessStartInfo("timeout", ["60", "bash", "-euxo", "pipefail"])
        {
            WorkingDirectory = folder.FullName,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["GATEWAY"] = Api, ["PASSWORD"] = Deployment.OperatorPassword, ["TOKEN"] = token, ["LANG"] = "C.UTF-8" },
        })!;
        var (said, errors) = (bash.StandardOutput.ReadToEndAsync(), bash.StandardError.ReadToEndAsync());
        await bash.StandardInput.WriteAsync(string.Concat(commands));
        bash.StandardInput.Close();
        await bash.WaitForExitAsync();
        folder.Delete(recursive: true);

        Assert.True(bash.ExitCode == 0, $"{page}: {bash.ExitCode}\n{await said}{await errors}");
    }

    private async Task ChangeAsync(Tenant tenant, int capacityMb)
        => await _client.MustAsync(HttpStatusCode.OK, HttpMethod.Patch, $"/api/v1/accounts/{tenant.User}", await deployment.OperatorAsync(), new { capacityMb });

    private async Task<string> ImportAsync(Tenant tenant, string token, string file)
    {
        using var csv = new StringContent(file, Encoding.UTF8, "text/csv");
        return (await _client.MustAsync(HttpStatusCode.Accepted, HttpMethod.Post, $"/api/v1/domains/{tenant.Domain}/imports", token, csv)).Body!["id"]!.GetValue<string>();
    }

    private Task<(string Id, string Token)> TokenAsync(params string[] scopes) => TokenAsync(_client, scopes);

    private static async Task<(string Id, string Token)> TokenAsync(Client client, params string[] scopes)
    {
        var session = await client.SignInAsync("operator", Deployment.OperatorPassword);
        var made = (await client.MustAsync(HttpStatusCode.Created, HttpMethod.Post, "/api/v1/tokens", session, new { name = "night", scopes })).Body!;
        return (made["id"]!.GetValue<string>(), made["token"]!.GetValue<string>());
    }

    [GeneratedRegex("^```sh\\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fenced();
}
