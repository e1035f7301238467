using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using Hikyaku.Gateway.Routing.Routes;
using Hikyaku.Gateway.Tests.Specs;
using Hikyaku.Platform;
using Microsoft.AspNetCore.Http;

namespace Hikyaku.Gateway.Tests.Integration;

/// <summary>One view of what an intruder did, and one call that undoes it, over several services.</summary>
[Trait("Rule", "RST-4"), Trait("Rule", "OPS-3")]
public sealed class Rewinding_an_account(Deployment deployment)
{
    private const string Path = "/api/v1/accounts/taro@example.jp/restrictions/compromise-suspected/rewind";
    private static readonly DateTimeOffset Noon = new(2026, 11, 28, 12, 0, 0, TimeSpan.Zero);
    private readonly ConcurrentQueue<string> _undone = [];

    [Fact]
    public async Task The_view_has_all_changes_since_then_and_suspects_those_of_the_networks()
    {
        await using var accounts = await HistoryAsync("accounts", (1, "192.0.2.7", true), (5, "203.0.113.9", true), (9, "203.0.113.9", true));
        await using var routing = await HistoryAsync("routing", (2, "203.0.113.77", true), (4, "203.0.113.9", false));
        await using var restrictions = await IntrusionAsync();
        using var client = await ClientAsync(accounts, routing, restrictions);
        var view = await client.GetAsync($"{Path}?since=2026-11-28T11:54:00Z", await client.SignInAsync("operator", "x"));

        Assert.Equal(HttpStatusCode.OK, view.Status);
        Assert.Equal("?since=2026-11-28T11:54:00Z", _undone.Single());
        Assert.Equal(
            [("192.0.2.7", false), ("203.0.113.77", true), ("203.0.113.9", false), ("203.0.113.9", true)],
            view.Body!["changes"]!.AsArray().Select(c => ((string)c!["change"]!["by"]!["address"]!, (bool)c["suspected"]!)));
        Assert.Equal(("mail1:4a01", 3), ((string)view.Body["held"]![0]!["id"]!, (int)view.Body["messages"]!));
    }

    [Fact]
    public async Task Chosen_changes_are_undone_newest_first_and_a_refusal_stops_none()
    {
        await using var accounts = await HistoryAsync("accounts", (1, "203.0.113.9", true), (5, "203.0.113.9", true));
        await using var routing = await HistoryAsync("routing", (2, "203.0.113.9", true), (3, "203.0.113.9", false));
        await using var restrictions = await IntrusionAsync();
        using var client = await ClientAsync(accounts, routing, restrictions);
        var (token, unknown) = (await client.SignInAsync("operator", "x"), Guid.NewGuid().ToString());
        var reply = await client.SendAsync(HttpMethod.Post, Path, token, new { changes = new[] { IdOf(5), IdOf(3), unknown, IdOf(2), IdOf(1), IdOf(2) }, confirm = true }, ("If-Match", "\"7\""), ("Idempotency-Key", "k"));

        Assert.Equal(HttpStatusCode.OK, reply.Status);
        Assert.Equal(
            [(IdOf(1), 200, null), (IdOf(2), 200, null), (IdOf(3), 409, "history.not-undoable"), (IdOf(5), 200, null), (unknown, 404, "request.not-found")],
            reply.Body!["changes"]!.AsArray().Select(c => ((string)c!["id"]!, (int)c["status"]!, (string?)c["problem"]?["errors"]?[0]?["code"])));
        Assert.Equal([$"accounts {IdOf(1)} true k ", $"routing {IdOf(2)} true k ", $"accounts {IdOf(5)} true k "], _undone);
    }

    [Fact, Trait("Rule", "REL-8")]
    public async Task A_service_that_is_away_is_named_and_what_it_may_have_is_not_called_unknown()
    {
        await using var accounts = await HistoryAsync("accounts", (1, "203.0.113.9", true));
        var routing = await HistoryAsync("routing");
        await using var restrictions = await IntrusionAsync();
        using var client = await ClientAsync(accounts, routing, restrictions);
        var token = await client.SignInAsync("operator", "x");
        await routing.DisposeAsync();

        Assert.Equal(["routing"], (await client.GetAsync(Path, token)).Body!["unavailable"]!.AsArray().Select(s => (string)s!));
        var reply = await client.SendAsync(HttpMethod.Post, Path, token, new { changes = new[] { IdOf(1), IdOf(2) } });
        Assert.Equal([200, 503], reply.Body!["changes"]!.AsArray().Select(c => (int)c!["status"]!));
    }

    [Fact]
    public async Task Bad_input_and_an_account_that_was_not_restricted_are_refused()
    {
        await using var none = await HistoryAsync("accounts");
        await using var restrictions = await StandInService.StartAsync(http => Problems.Of(PlatformProblems.NotFound).ExecuteAsync(http));
        using var client = await ClientAsync(none, none, restrictions);
        var token = await client.SignInAsync("operator", "x");

        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync(Path, token)).Status);
        foreach (var changes in new[] { null, [], ["e1"], Enumerable.Range(0, 101).Select(IdOf).ToArray() })
        {
            var reply = await client.SendAsync(HttpMethod.Post, Path, token, new { changes });
            Assert.Equal((HttpStatusCode.UnprocessableEntity, "rewind.changes-missing"), (reply.Status, reply.Code));
        }
    }

    private static string IdOf(int minutes) => $"00000000-0000-0000-0000-{minutes:D12}";

    // Changes so many minutes before noon, each from an address, and whether it can be undone.
    private Task<StandInService> HistoryAsync(string service, params (int Minutes, string Address, bool Undoable)[] changes) => StandInService.StartAsync(async http =>
    {
        if (http.Request.Method == "GET")
        {
            var items = changes.OrderBy(c => c.Minutes).Select(c => new HistoryItem(
                Guid.Parse(IdOf(c.Minutes)), Noon.AddMinutes(-c.Minutes), $"{service}.setting-changed", new("user", "taro@example.jp", c.Address), "api", [], c.Undoable));
            await new Answer(200, new Page<HistoryItem>([.. items], null)).ExecuteAsync(http);
            return;
        }

        var id = http.Request.Path.Value!.Split('/')[^2];
        if (!changes.Single(c => IdOf(c.Minutes) == id).Undoable)
        {
            await Problems.Of(PlatformProblems.NotUndoable).ExecuteAsync(http);
            return;
        }

        var body = await JsonNode.ParseAsync(http.Request.Body);
        _undone.Enqueue($"{service} {id} {body!["confirm"]!.ToJsonString()} {http.Request.Headers["Idempotency-Key"]} {http.Request.Headers.IfMatch}");
        await http.Response.WriteAsJsonAsync(new { });
    });

    private Task<StandInService> IntrusionAsync() => StandInService.StartAsync(http =>
    {
        Assert.EndsWith("/intrusion/compromise-suspected", http.Request.Path.Value, StringComparison.Ordinal);
        if (http.Request.QueryString.HasValue) _undone.Enqueue(http.Request.QueryString.Value!);
        return http.Response.WriteAsJsonAsync(new
        {
            since = Noon.AddMinutes(-6),
            networks = new[] { "203.0.113.0/24" },
            logins = 1,
            messages = 3,
            recipients = 30,
            held = new[] { new { id = "mail1:4a01", at = Noon, size = 9, recipients = Array.Empty<string>() } },
        });
    });

    private async Task<Client> ClientAsync(StandInService accounts, StandInService routing, StandInService restrictions)
    {
        var gateway = await deployment.NewGatewayAsync(
            accounts.Address,
            [
                (new OneService("routing", Shares.AccountHistory), routing.Address), (new OneService("spam", Shares.None), routing.Address),
                (new OneService("restrictions", Shares.None), restrictions.Address), (new OneService("datacopy", Shares.None), routing.Address),
            ],
            "--Hikyaku:ShareTimeoutSeconds=20");
        return new Client(gateway.Urls.First());
    }
}
