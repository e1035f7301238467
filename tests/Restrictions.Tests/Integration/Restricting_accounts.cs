using System.Net;
using System.Text.Json.Nodes;
using Hikyaku.Platform;
using Hikyaku.Restrictions.Accounts;
using static Hikyaku.Platform.Testing.ServiceUnderTest;

namespace Hikyaku.Restrictions.Tests.Integration;

public sealed class Restricting_accounts(RestrictionsService service) : IClassFixture<RestrictionsService>
{
    private readonly Target _account = NewAccount();

    [Fact, Trait("Rule", "RST-1"), Trait("Rule", "RST-4"), Trait("Rule", "RST-6"), Trait("Rule", "RST-7")]
    public async Task An_operator_restricts_with_a_reason_that_others_do_not_read()
    {
        Assert.Empty(await service.ReadAsync(_account));
        var placed = await service.PlaceAsync(_account, Kinds.SendingLocked, "spam reported by 192.0.2.9", "2099-01-01T00:00:00Z");
        Assert.Equal((HttpStatusCode.Created, "\"1\""), (placed.Status, placed.ETag));
        Assert.Matches("^R-[0-9A-HJKMNP-TV-Z]{8}$", (string)placed.Body!["reference"]!);
        Assert.Equal("spam reported by 192.0.2.9", (string)placed.Body["evidence"]![0]!["reason"]!);
        Assert.Equal(HttpStatusCode.Created, (await service.PlaceAsync(_account, Kinds.CompromiseSuspected)).Status);

        foreach (var reader in new[] { UserOf(_account), AdminOf(_account.Domain) })
        {
            var read = await service.ReadAsync(_account, reader, "ja");
            Assert.Equal(["不正利用検知", "メール送信ロック"], read.Select(r => (string)r!["word"]!));
            Assert.Equal("一日以上経過すれば自動解除される見込みです。時間を置いてから再度お試しください。", (string)read[1]!["remedy"]!);
            Assert.Equal(new DateTimeOffset(2099, 1, 1, 0, 0, 0, TimeSpan.Zero), (DateTimeOffset)read[1]!["until"]!);
            Assert.All(read, r => Assert.Null(r!["evidence"]));
        }

        Assert.Equal(HttpStatusCode.NoContent, (await service.LiftAsync(_account, Kinds.SendingLocked)).Status);
        Assert.Equal([Kinds.CompromiseSuspected], await service.KindsAsync(_account));
        Assert.Equal((HttpStatusCode.NotFound, "restrictions.none-of-kind"), ((await service.LiftAsync(_account, Kinds.SendingLocked)) is var again ? again.Status : 0, again.Codes.Single()));
    }

    [Fact, Trait("Rule", "RST-6"), Trait("Rule", "OPS-3")]
    public async Task Everything_is_in_the_history_and_nothing_of_it_is_undone()
    {
        await service.PlaceAsync(_account, Kinds.SendingLocked);
        await service.LiftAsync(_account, Kinds.SendingLocked);
        var forOperators = await HistoryAsync(Operator);
        Assert.Equal(["restrictions.restriction-lifted", "restrictions.account-restricted"], forOperators.Select(i => (string)i!["type"]!));
        Assert.Contains("spam reported", forOperators.ToJsonString(), StringComparison.Ordinal);
        foreach (var reader in new[] { AdminOf(_account.Domain), UserOf(_account) })
            Assert.DoesNotContain("spam reported", (await HistoryAsync(reader)).ToJsonString(), StringComparison.Ordinal);
        var undo = await service.SendAsync(HttpMethod.Post, $"/api/v1/accounts/{_account.Address}/history/{(string)forOperators[1]!["id"]!}/undo", Operator, _account, new { });
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "restrictions.not-undoable"), (undo.Status, undo.Codes.Single()));
    }

    [Fact, Trait("Rule", "ROLE-1"), Trait("Rule", "RST-5"), Trait("Rule", "RST-6")]
    public async Task Only_operators_place_and_lift_and_read_thresholds()
    {
        foreach (var caller in new[] { AdminOf(_account.Domain), UserOf(_account) })
        {
            Assert.Equal(HttpStatusCode.Forbidden, (await service.PlaceAsync(_account, Kinds.SendingLocked, caller: caller)).Status);
            Assert.Equal(HttpStatusCode.Forbidden, (await service.LiftAsync(_account, Kinds.SendingLocked, caller: caller)).Status);
            Assert.Equal(HttpStatusCode.Forbidden, (await service.SendAsync(HttpMethod.Get, "/api/v1/restriction-policy", caller)).Status);
            Assert.Equal(HttpStatusCode.Forbidden, (await service.SendAsync(HttpMethod.Get, "/api/v1/stopped-networks", caller)).Status);
        }

        Assert.Equal(HttpStatusCode.NotFound, (await service.SendAsync(HttpMethod.Get, $"/api/v1/accounts/{_account.Address}/restrictions", UserOf(NewAccount()), _account)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await service.SendAsync(HttpMethod.Get, $"/api/v1/domains/{_account.Domain}/restriction-policy", AdminOf(_account.Domain))).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await service.SendAsync(HttpMethod.Get, "/api/v1/restrictions", UserOf(_account))).Status);
    }

    [Fact, Trait("Rule", "RST-6"), Trait("Rule", "ROLE-2")]
    public async Task The_list_shows_what_holds_and_what_has_ended_by_domain_page_by_page()
    {
        var others = Enumerable.Range(0, 3).Select(_ => NewAccount(_account.Domain)).ToList();
        foreach (var account in others) await service.PlaceAsync(account, Kinds.SendingLocked);
        await service.PlaceAsync(others[0], Kinds.AccountLocked);
        await service.LiftAsync(others[1], Kinds.SendingLocked);
        var active = await ListAsync($"state=active&domain={_account.Domain}");
        Assert.Equal([Kinds.AccountLocked, Kinds.SendingLocked, Kinds.SendingLocked], active["items"]!.AsArray().Select(i => (string)i!["kind"]!));
        Assert.Equal(Rules.Operator, (string)active["items"]![0]!["rule"]!);
        var ended = await ListAsync($"state=ended&domain={_account.Domain}");
        Assert.Equal((others[1].Address, "operator"), ((string)ended["items"]![0]!["account"]!, (string)ended["items"]![0]!["endedBy"]!));
        var first = await ListAsync($"limit=3&domain={_account.Domain}");
        var second = await ListAsync($"limit=3&domain={_account.Domain}&cursor={(string)first["next"]!}");
        Assert.Equal((3, 1), (first["items"]!.AsArray().Count, second["items"]!.AsArray().Count));

        var own = await ListAsync("", AdminOf(_account.Domain));
        Assert.Equal(4, own["items"]!.AsArray().Count);
        Assert.All(own["items"]!.AsArray(), i => Assert.Null(i!["rule"]));
        Assert.Empty((await ListAsync("", AdminOf("another.example")))["items"]!.AsArray());
        foreach (var bad in new[] { "state=x", "kind=x", "domain=x", "since=x", "limit=x", "cursor=x" })
            Assert.Equal(HttpStatusCode.BadRequest, (await service.SendAsync(HttpMethod.Get, $"/api/v1/restrictions?{bad}", Operator)).Status);
    }

    [Fact, Trait("Rule", "NOD-5"), Trait("Rule", "RST-1")]
    public async Task The_summary_has_the_topmost_status_and_says_whether_nodes_obey_it()
    {
        await service.RenewLeaseAsync(long.MaxValue);
        Assert.Equal(("normal", true), await StatusAsync());
        await service.RenewLeaseAsync(0);
        await service.PlaceAsync(_account, Kinds.SendingLocked);
        await service.PlaceAsync(_account, Kinds.AccountLocked);
        Assert.Equal((Kinds.AccountLocked, false), await StatusAsync());
        await service.RenewLeaseAsync(long.MaxValue);
        Assert.Equal((Kinds.AccountLocked, true), await StatusAsync());
        Assert.Contains($"\"accountId\":\"{_account.AccountId}\"", await service.ListAsync(), StringComparison.OrdinalIgnoreCase);

        async Task<(string, bool)> StatusAsync()
        {
            var summary = (await service.SendAsync(HttpMethod.Get, $"/internal/accounts/{_account.AccountId}/summary", UserOf(_account), _account)).Body!;
            return ((string)summary["status"]!, (bool)summary["inForce"]!);
        }
    }

    private async Task<JsonArray> HistoryAsync(Caller caller)
        => (await service.SendAsync(HttpMethod.Get, $"/api/v1/accounts/{_account.Address}/history", caller, _account)).Body!["items"]!.AsArray();

    private async Task<JsonNode> ListAsync(string query, Caller? caller = null) => (await service.SendAsync(HttpMethod.Get, $"/api/v1/restrictions?{query}", caller ?? Operator)).Body!;
}
