using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Accounts.Nodes;
using Hikyaku.Platform.Testing;
using Hikyaku.Platform;
using Marten;
using Npgsql;

namespace Hikyaku.Accounts.Tests.Integration;

/// <summary>Nodes come, serve, lag, expire and are retired; mailboxes are placed on them. A service of its own, whose nodes nobody else touches.</summary>
public sealed class Several_nodes : IAsyncLifetime
{
    private readonly AccountsService _service = new();

    public ValueTask InitializeAsync() => _service.InitializeAsync();

    public ValueTask DisposeAsync() => _service.DisposeAsync();

    [Fact, Trait("Rule", "NOD-2")]
    public async Task Mailboxes_are_placed_on_serving_nodes_in_turn_and_counted_exactly()
    {
        var early = await _service.DomainAsync(); // nobody serves: to a node whose credential is known
        Assert.Equal("mail1", await HomeAsync($"postmaster@{early}"));

        await RenewAsync("mail1", applied: 0);
        Assert.Equal("mail1", await HomeAsync(await _service.AccountAsync(early, "a1"))); // the only one that serves
        await RenewAsync("mail2", applied: 0);
        Assert.Equal("mail2", await HomeAsync(await _service.AccountAsync(early, "a2")));
        var domain = await _service.DomainAsync(); // its postmaster, too
        Assert.Equal("mail2", await HomeAsync($"postmaster@{domain}"));
        Assert.Equal("mail1", await HomeAsync(await _service.AccountAsync(domain, "a3"))); // a tie

        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => _service.AccountAsync(i % 2 == 0 ? early : domain, $"b{i}")));
        await using var session = _service.Get<IDocumentStore>().LightweightSession();
        var counted = new[] { await NodeMailboxes.CountAsync(session, "mail1", default), await NodeMailboxes.CountAsync(session, "mail2", default) };
        Assert.Equal(25, counted.Sum());
        Assert.InRange(counted[0], 5, 20); // those that came at once saw the same numbers
        Assert.Equal((counted[0], counted[1]), (await RowsAsync("mail1"), await RowsAsync("mail2")));
    }

    [Fact, Trait("Rule", "NOD-2")]
    public async Task Mailbox_counts_fall_with_a_deletion_and_stay_when_events_are_read_again()
    {
        await RenewAsync("mail1", applied: 0);
        var domain = await _service.DomainAsync();
        var account = await _service.TargetAsync(await _service.AccountAsync(domain));
        Assert.Equal(2, await CountAsync("mail1"));

        await using (var session = _service.Get<IDocumentStore>().LightweightSession())
        {
            session.Events.Append(account!.AccountId, new MailAccountDeletionStarted("accounts-1", DateTimeOffset.UtcNow));
            await session.SaveChangesAsync();
        }

        Assert.Equal(2, await CountAsync("mail1")); // its mail is still there
        await using (var session = _service.Get<IDocumentStore>().LightweightSession())
        {
            session.Events.Append(account.AccountId, new MailAccountDeleted(DateTimeOffset.UtcNow));
            await session.SaveChangesAsync();
        }

        Assert.Equal(1, await CountAsync("mail1"));
    }

    [Fact, Trait("Rule", "NOD-3")]
    public async Task Other_nodes_are_told_where_a_node_is_when_it_comes_and_when_it_moves()
    {
        await RenewAsync("mail1", applied: 0, lmtpPort: 24);
        await RenewAsync("mail1", applied: 0, lmtpPort: 24);
        await RenewAsync("mail1", applied: 0, lmtpPort: 2424);
        var listed = await Eventually.Async(async () => (await ListAsync()).Find(l => l["part"]?.GetValue<string>() == "MailNodeState")?["state"], s => s is not null);
        Assert.Equal(
            ("mail1", "127.0.0.1", 143, 110, 2424, 12340, 2L, false),
            (listed!["node"]!.GetValue<string>(), listed["host"]!.GetValue<string>(), listed["imapPort"]!.GetValue<int>(), listed["pop3Port"]!.GetValue<int>(),
                listed["lmtpPort"]!.GetValue<int>(), listed["quotaPort"]!.GetValue<int>(), listed["version"]!.GetValue<long>(), listed["deleted"]!.GetValue<bool>()));
        var states = await _service.Get<NodeStates>().OfAsync(_service.Get<NpgsqlDataSource>(), new Dictionary<string, long> { ["node:mail1"] = 7 }, default);
        var state = Assert.IsType<Contracts.MailNodeState>(states["node:mail1"]);
        Assert.Equal((2424, 7L), (state.LmtpPort, state.Position));
    }

    [Fact, Trait("Rule", "NOD-5"), Trait("Rule", "ACC-3")]
    public async Task In_force_needs_every_serving_node_and_an_expired_or_retired_one_holds_nothing_up()
    {
        await RenewAsync("mail1", applied: 0);
        var address = await _service.AccountAsync(await _service.DomainAsync());
        await RenewAsync("mail2", applied: 0);
        var newest = await PositionAsync(address);
        await RenewAsync("mail1", applied: newest);
        Assert.False(await InForceAsync(address)); // the other one lags
        await RenewAsync("mail2", applied: newest);
        Assert.True(await InForceAsync(address));

        await RenewAsync("mail2", applied: 1);
        Assert.False(await InForceAsync(address));
        await ExpireAsync("mail2"); // away for a week
        Assert.True(await InForceAsync(address));
        await RenewAsync("mail2", applied: 1, listed: false); // and back, but it has not listed
        Assert.True(await InForceAsync(address));
        await RenewAsync("mail2", applied: 1);
        Assert.False(await InForceAsync(address));

        Assert.Equal(HttpStatusCode.NoContent, (await RetireAsync("mail2")).Status);
        Assert.True(await InForceAsync(address));
    }

    [Fact, Trait("Rule", "NOD-5"), Trait("Rule", "ROLE-3")]
    public async Task A_node_is_retired_when_no_mailbox_lives_there_and_then_for_good()
    {
        await RenewAsync("mail1", applied: 0);
        var domain = await _service.DomainAsync();
        await RenewAsync("mail2", applied: 0);
        var refused = await RetireAsync("mail1");
        Assert.Equal((HttpStatusCode.Conflict, "nodes.has-mailboxes"), (refused.Status, refused.Codes.Single()));
        Assert.Contains("1 mailboxes", refused.Text, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await RetireAsync("mail9")).Status);

        Assert.Equal(HttpStatusCode.NoContent, (await RetireAsync("mail2")).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await RetireAsync("mail2")).Status);
        Assert.Equal("mail1", await HomeAsync(await _service.AccountAsync(domain, "a1"))); // although mail2 has fewer
        using var renewal = await TryRenewAsync("mail2", 5);
        Assert.Equal(HttpStatusCode.Conflict, renewal.StatusCode);
        var states = (await NodesAsync()).ToDictionary(n => n["name"]!.GetValue<string>(), n => n["state"]!.GetValue<string>());
        Assert.Equal("retired", states["mail2"]);
        Assert.Contains(states["mail1"], (string[])["serving", "lagging"]); // the latter on a busy machine
        Assert.Contains(await ListAsync(), l => l["state"]?["node"]?.GetValue<string>() == "mail2" && l["state"]!["deleted"]!.GetValue<bool>());

        await using var session = _service.Get<IDocumentStore>().QuerySession();
        var retired = (await session.Events.FetchStreamAsync("node:mail2"))[^1];
        Assert.IsType<MailNodeRetired>(retired.Data);
        Assert.Equal("operator", Platform.EventHeaders.CallerOf(retired).Login);
    }

    [Fact, Trait("Rule", "NOD-5")]
    public async Task No_mailbox_ends_up_on_a_node_that_is_retired_at_the_same_time()
    {
        await RenewAsync("mail1", applied: 0);
        var domain = await _service.DomainAsync();
        await RenewAsync("mail2", applied: 0);
        var placed = Enumerable.Range(0, 12).Select(i => _service.AccountAsync(domain, $"a{i}")).ToList();
        Reply retired;
        do retired = await RetireAsync("mail2");
        while (retired.Status == HttpStatusCode.Conflict && !placed.TrueForAll(p => p.IsCompleted));
        await Task.WhenAll(placed);
        Assert.True(retired.Status == HttpStatusCode.Conflict ? await RowsAsync("mail2") > 0 : await RowsAsync("mail2") == 0);
    }

    [Fact, Trait("Rule", "NOD-5"), Trait("Rule", "ROLE-1")]
    public async Task An_operator_sees_every_node_how_far_it_is_and_what_it_runs()
    {
        await RenewAsync("mail1", applied: 0);
        var domain = await _service.DomainAsync();
        var node = Assert.Single(await NodesAsync());
        Assert.Equal(("mail1", 0L, 1L, "127.0.0.1"), (node["name"]!.GetValue<string>(), node["position"]!.GetValue<long>(), node["accounts"]!.GetValue<long>(), node["host"]!.GetValue<string>()));
        Assert.Equal("3.7.11", node["servers"]!["postfix"]!.GetValue<string>());
        Assert.InRange(node["lag"]!["events"]!.GetValue<long>(), 3, 10);
        Assert.True(node["leaseUntil"]!.GetValue<DateTimeOffset>() > DateTimeOffset.UtcNow);

        await RenewAsync("mail1", applied: long.MaxValue);
        node = Assert.Single(await NodesAsync());
        Assert.Equal((0d, 0L), (node["lag"]!["seconds"]!.GetValue<double>(), node["lag"]!["events"]!.GetValue<long>()));
        await ExpireAsync("mail1");
        Assert.Equal("expired", Assert.Single(await NodesAsync())["state"]!.GetValue<string>());

        Assert.Equal(HttpStatusCode.Forbidden, (await _service.GetAsync("/api/v1/nodes", AccountsService.Admin(domain))).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await _service.SendAsync(HttpMethod.Post, "/api/v1/nodes/mail1/retire", null, AccountsService.Admin(domain))).Status);
    }

    [Fact, Trait("Rule", "ROLE-1"), Trait("Rule", "NOD-1"), Trait("Rule", "NOD-4")]
    public async Task Everybody_reads_what_their_mail_program_needs()
    {
        var address = await _service.AccountAsync(await _service.DomainAsync());
        foreach (var caller in new[] { AccountsService.Operator, AccountsService.Admin(), await _service.UserAsync(address) })
        {
            var server = (await _service.GetAsync("/api/v1/server", caller)).Body!;
            Assert.Equal((100, 300), (server["limits"]!["messageMb"]!.GetValue<int>(), server["limits"]!["destinations"]!.GetValue<int>()));
            Assert.Equal((180, 31), (server["periods"]!["archiveDays"]!.GetValue<int>(), server["periods"]!["trashDays"]!.GetValue<int>()));
            Assert.Equal(["pop3 receive 110 995", "imap receive 143 993", "smtp send 587 465"],
                server["ports"]!.AsArray().Select(p => $"{p!["protocol"]} {p["direction"]} {p["plain"]} {p["tls"]}"));
            Assert.True(server["loginWithoutTls"]!.GetValue<bool>());
            Assert.Equal(["PLAIN", "LOGIN"], server["authentication"]!.AsArray().Select(a => a!.GetValue<string>()));
        }
    }

    [Fact, Trait("Rule", "CLI-1"), Trait("Rule", "ROLE-1")]
    public async Task An_account_tells_what_its_mail_program_needs()
    {
        var address = await _service.AccountAsync(await _service.DomainAsync());
        foreach (var caller in new[] { AccountsService.Operator, AccountsService.Admin(address.Split('@')[1]), await _service.UserAsync(address) })
        {
            var settings = (await _service.GetAsync($"/api/v1/accounts/{address}/client-settings", caller)).Body!;
            Assert.Equal((address, address, true), ((string)settings["address"]!, (string)settings["userName"]!, (bool)settings["loginWithoutTls"]!));
            Assert.Equal(
                ["imap localhost 993 tls", "imap localhost 143 starttls", "pop3 localhost 995 tls", "pop3 localhost 110 starttls"],
                settings["receiving"]!.AsArray().Select(w => $"{w!["protocol"]} {w["host"]} {w["port"]} {w["security"]}"));
            Assert.Equal(["smtp localhost 465 tls", "smtp localhost 587 starttls"], settings["sending"]!.AsArray().Select(w => $"{w!["protocol"]} {w["host"]} {w["port"]} {w["security"]}"));
            Assert.Equal($"/api/v1/mobileconfig?address={Uri.EscapeDataString(address)}", (string)settings["profile"]!);
        }
    }

    private Task<Reply> RetireAsync(string node) => _service.SendAsync(HttpMethod.Post, $"/api/v1/nodes/{node}/retire");

    private async Task<List<JsonNode>> NodesAsync() => [.. (await _service.GetAsync("/api/v1/nodes")).Body!["items"]!.AsArray().Select(n => n!)];

    private async Task<string?> HomeAsync(string address)
    {
        var account = await _service.TargetAsync(address);
        await using var session = _service.Get<IDocumentStore>().QuerySession();
        return (await session.LoadAsync<MailAccount>(account!.AccountId))!.HomeNode;
    }

    private async Task<long> CountAsync(string node)
    {
        await using var session = _service.Get<IDocumentStore>().LightweightSession();
        return await NodeMailboxes.CountAsync(session, node, default);
    }

    private async Task<long> RowsAsync(string node)
    {
        await using var command = _service.Get<NpgsqlDataSource>().CreateCommand("select count(*) from mail_account_list where home_node = $1");
        command.Parameters.Add(new() { Value = node });
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private async Task<bool> InForceAsync(string address) => (await _service.GetAsync($"/api/v1/accounts/{address}")).Body!["inForce"]!.GetValue<bool>();

    private async Task<long> PositionAsync(string address)
        => (await _service.Get<MailAccountReader>().ReadAsync((await _service.TargetAsync(address))!.AccountId, default))!.Position;

    // As if a week had passed since its last renewal.
    private async Task ExpireAsync(string node)
    {
        await using var session = _service.Get<IDocumentStore>().LightweightSession();
        session.Store((await session.LoadAsync<NodeLease>(node))! with { Until = DateTimeOffset.UtcNow.AddDays(-7) });
        await session.SaveChangesAsync();
    }

    private async Task RenewAsync(string node, long applied, bool listed = true, int lmtpPort = 24)
    {
        using var answer = await TryRenewAsync(node, applied, listed, lmtpPort);
        answer.EnsureSuccessStatusCode();
    }

    private async Task<HttpResponseMessage> TryRenewAsync(string node, long applied, bool listed = true, int lmtpPort = 24)
    {
        using var request = Request(HttpMethod.Put, $"/internal/nodes/{node}", node);
        request.Content = JsonContent.Create(new
        {
            applied = new Dictionary<string, long> { ["accounts"] = applied },
            servers = new Dictionary<string, string> { ["postfix"] = "3.7.11" },
            listed,
            host = "127.0.0.1",
            imapPort = 143,
            pop3Port = 110,
            lmtpPort,
            quotaPort = 12340,
        });
        return await _service.Http.SendAsync(request);
    }

    private async Task<List<JsonNode>> ListAsync()
    {
        using var request = Request(HttpMethod.Get, "/internal/node-state", "mail1");
        using var answer = await _service.Http.SendAsync(request);
        answer.EnsureSuccessStatusCode();
        return [.. (await answer.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonNode.Parse(l)!)];
    }

    private HttpRequestMessage Request(HttpMethod method, string path, string node)
    {
        var request = new HttpRequestMessage(method, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _service.Keys.NodeBearer(node));
        return request;
    }
}
