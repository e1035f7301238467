using System.Net;
using System.Text.Json.Nodes;
using Hikyaku.Platform;
using Marten;

namespace Hikyaku.Accounts.Tests.Integration;

[Trait("Rule", "OPS-3")]
public sealed class Undoing(AccountsService accounts)
{
    private const string Capacity = "accounts.mail-account-capacity-changed", Comment = "accounts.mail-account-comment-changed";

    [Fact, Trait("Rule", "ROLE-3")]
    public async Task The_history_shows_each_change_with_before_and_after_and_what_can_be_undone()
    {
        var domain = await accounts.DomainAsync();
        var address = await accounts.AccountAsync(domain, capacityMb: 100, comment: "old");
        await ChangeAsync(address, new { capacityMb = 200 });
        await ChangeAsync(address, new { comment = "" });
        await ChangeAsync(address, new { capacityMb = 300 });
        await ChangeAsync(address, new { password = "Betsu-no-98yz" });

        var items = await HistoryAsync(address, AccountsService.Admin(domain));
        Assert.Equal(
            [
                ("accounts.mail-account-password-changed", false, null, null),
                (Capacity, true, """{"capacityMb":200}""", """{"capacityMb":300}"""),
                (Comment, true, """{"comment":"old"}""", """{"comment":null}"""),
                (Capacity, false, """{"capacityMb":100}""", """{"capacityMb":200}"""),
                ("accounts.mail-account-created", false, null, """{"capacityMb":100,"comment":"old","passwordForciblyChanged":false}"""),
            ],
            items.Select(i => (i!["type"]!.GetValue<string>(), i["undoable"]!.GetValue<bool>(), i["before"]?.ToJsonString(), i["after"]?.ToJsonString())));

        var own = await HistoryAsync(address, await accounts.UserAsync(address));
        Assert.All(own, i => Assert.False(i!["undoable"]!.GetValue<bool>()));
        Assert.Equal("""{"capacityMb":100,"passwordForciblyChanged":false}""", own[^1]!["after"]!.ToJsonString());
        Assert.DoesNotContain("comment", own.ToJsonString(), StringComparison.Ordinal);
        Assert.DoesNotContain("old", own.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "ROLE-3")]
    public async Task Before_and_after_are_the_same_however_the_history_is_paged_and_the_job_is_named()
    {
        var address = await accounts.AccountAsync(await accounts.DomainAsync(), comment: "c0");
        var id = (await accounts.TargetAsync(address))!.AccountId;
        for (var i = 1; i <= 4; i++) await ChangeAsync(address, new { capacityMb = 100 + i, comment = $"c{i}" });
        await using (var session = accounts.Get<IDocumentStore>().LightweightSession())
        {
            EventHeaders.Stamp(session, AccountsService.Admin(address.Split('@')[1]) with { Via = "csv" }, "accounts-0123");
            session.Events.Append(id, new Hikyaku.Accounts.MailAccounts.MailAccountCommentChanged("by job", DateTimeOffset.UtcNow));
            await session.SaveChangesAsync();
        }

        var whole = await HistoryAsync(address);
        Assert.Equal(("csv", "accounts-0123", """{"comment":"c4"}"""), (whole[0]!["via"]!.GetValue<string>(), whole[0]!["job"]!.GetValue<string>(), whole[0]!["before"]!.ToJsonString()));
        Assert.Null(whole[1]!["job"]);
        foreach (var size in new[] { 1, 2, 3, 7 })
        {
            var paged = new JsonArray();
            for (string? next = ""; next is not null;)
            {
                var page = (await accounts.GetAsync($"/api/v1/accounts/{address}/history?limit={size}{(next == "" ? "" : "&cursor=" + next)}")).Body!;
                foreach (var item in page["items"]!.AsArray()) paged.Add(item!.DeepClone());
                next = page["next"]?.GetValue<string>();
            }

            Assert.Equal(whole.ToJsonString(), paged.ToJsonString());
        }
    }

    [Fact]
    public async Task A_change_is_undone_by_a_change_of_its_own_which_can_be_undone_too()
    {
        var domain = await accounts.DomainAsync();
        var admin = AccountsService.Admin(domain);
        var address = await accounts.AccountAsync(domain, comment: "old");
        await ChangeAsync(address, new { capacityMb = 300, comment = "new" });

        var undone = await UndoAsync(address, await NewestAsync(address, Comment), admin);
        Assert.Equal((HttpStatusCode.OK, "\"4\"", "old", 300), (undone.Status, undone.ETag, undone.Body!["comment"]!.GetValue<string>(), undone.Body["capacityMb"]!.GetValue<int>()));
        undone = await UndoAsync(address, await NewestAsync(address, Capacity), admin);
        Assert.Equal(100, undone.Body!["capacityMb"]!.GetValue<int>());
        Assert.Equal(200, (await accounts.GetAsync($"/api/v1/domains/{domain}")).Body!["capacityMb"]!.GetValue<int>()); // with postmaster's
        var item = (await HistoryAsync(address))[0]!;
        Assert.Equal((Capacity, "admin1", "panel"), (item["type"]!.GetValue<string>(), item["by"]!["login"]!.GetValue<string>(), item["via"]!.GetValue<string>()));

        undone = await UndoAsync(address, item["id"]!.GetValue<string>(), admin);
        Assert.Equal(300, undone.Body!["capacityMb"]!.GetValue<int>());
        Assert.Equal(300, (await accounts.GetAsync($"/api/v1/accounts/{address}")).Body!["capacityMb"]!.GetValue<int>());
    }

    [Fact]
    public async Task Later_changes_of_the_same_setting_are_named_and_nothing_changes()
    {
        var address = await accounts.AccountAsync(await accounts.DomainAsync());
        await ChangeAsync(address, new { capacityMb = 200 });
        var first = await NewestAsync(address, Capacity);
        await ChangeAsync(address, new { capacityMb = 300 });
        var second = await NewestAsync(address, Capacity);

        foreach (var body in new object?[] { null, new { confirm = true } })
        {
            var refused = await UndoAsync(address, first, body: body);
            Assert.Equal((HttpStatusCode.Conflict, "history.changed-since"), (refused.Status, refused.Codes.Single()));
            Assert.Equal("capacityMb", refused.Body!["errors"]![0]!["field"]!.GetValue<string>());
            Assert.Contains(second, refused.Text, StringComparison.Ordinal);
            Assert.Contains("operator", refused.Text, StringComparison.Ordinal);
        }

        Assert.Equal("\"3\"", (await accounts.GetAsync($"/api/v1/accounts/{address}")).ETag);
        Assert.Equal(HttpStatusCode.OK, (await UndoAsync(address, second)).Status);
        Assert.Equal(HttpStatusCode.OK, (await UndoAsync(address, first)).Status); // nothing is in its way any more
        Assert.Equal(HttpStatusCode.Conflict, (await UndoAsync(address, first)).Status);
        Assert.Equal(100, (await accounts.GetAsync($"/api/v1/accounts/{address}")).Body!["capacityMb"]!.GetValue<int>());
    }

    [Fact]
    public async Task What_cannot_be_undone_is_refused_with_the_reason_in_both_languages()
    {
        var address = await accounts.AccountAsync(await accounts.DomainAsync());
        await ChangeAsync(address, new { password = "Betsu-no-98yz" });
        await accounts.SendAsync(HttpMethod.Post, $"/api/v1/accounts/{address}/force-password-change", new { reason = "abuse" });
        await accounts.SendAsync(HttpMethod.Delete, $"/api/v1/accounts/{address}/mail");
        string[] expected = ["accounts.deletion-not-undoable", "accounts.password-not-undoable", "accounts.password-not-undoable", "accounts.creation-not-undoable"];
        var items = await HistoryAsync(address);
        Assert.Equal(expected.Length, items.Count);
        foreach (var (item, code) in items.Zip(expected))
        {
            var refused = await UndoAsync(address, item!["id"]!.GetValue<string>());
            Assert.Equal((HttpStatusCode.Conflict, code), (refused.Status, refused.Codes.Single()));
        }

        var japanese = await accounts.SendAsync(HttpMethod.Post, Undo(address, items[^1]!["id"]!.GetValue<string>()), null, null, ("Accept-Language", "ja"));
        Assert.Contains("元に戻せません", japanese.Text, StringComparison.Ordinal);
        Assert.Equal("""{"passwordForciblyChanged":true}""", items[1]!["after"]!.ToJsonString());
    }

    [Fact, Trait("Rule", "ACC-13")]
    public async Task Capacity_does_not_come_back_where_it_is_given_to_others()
    {
        var domain = await accounts.DomainAsync(maxCapacityMb: 1_000);
        var address = await accounts.AccountAsync(domain, capacityMb: 500);
        await ChangeAsync(address, new { capacityMb = 100 });
        await accounts.AccountAsync(domain, "jiro", capacityMb: 700);

        var refused = await UndoAsync(address, await NewestAsync(address, Capacity));

        Assert.Equal((HttpStatusCode.UnprocessableEntity, "accounts.domain-capacity-exceeded"), (refused.Status, refused.Codes.Single()));
        Assert.Equal(100, (await accounts.GetAsync($"/api/v1/accounts/{address}")).Body!["capacityMb"]!.GetValue<int>());
    }

    [Fact, Trait("Rule", "ROLE-1"), Trait("Rule", "ROLE-2")]
    public async Task Whoever_may_change_it_may_undo_it_and_nobody_undoes_what_is_anothers()
    {
        var (domain, others) = (await accounts.DomainAsync(), await accounts.DomainAsync());
        var (address, stranger) = (await accounts.AccountAsync(domain), await accounts.AccountAsync(others));
        await ChangeAsync(address, new { capacityMb = 200 });
        await ChangeAsync(stranger, new { capacityMb = 200 });
        var (mine, theirs) = (await NewestAsync(address, Capacity), await NewestAsync(stranger, Capacity));

        Assert.Equal(HttpStatusCode.Forbidden, (await UndoAsync(address, mine, await accounts.UserAsync(address))).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await UndoAsync(address, mine, AccountsService.Admin(others))).Status);
        foreach (var id in new[] { theirs, Guid.NewGuid().ToString(), "1", "%20", mine.ToUpperInvariant() + "0" })
            Assert.Equal(HttpStatusCode.NotFound, (await UndoAsync(address, id, AccountsService.Admin(domain, others))).Status);
        Assert.Equal(200, (await accounts.GetAsync($"/api/v1/accounts/{stranger}")).Body!["capacityMb"]!.GetValue<int>());
        Assert.Equal(HttpStatusCode.OK, (await UndoAsync(address, mine, AccountsService.Admin(domain))).Status);
    }

    [Fact, Trait("Rule", "GWY-4")]
    public async Task A_stale_If_Match_undoes_nothing_and_a_repeated_key_undoes_once()
    {
        var address = await accounts.AccountAsync(await accounts.DomainAsync());
        await ChangeAsync(address, new { capacityMb = 200 });
        var id = await NewestAsync(address, Capacity);
        var stale = await accounts.SendAsync(HttpMethod.Post, Undo(address, id), null, null, ("If-Match", "\"1\""));
        Assert.Equal((HttpStatusCode.PreconditionFailed, "request.stale"), (stale.Status, stale.Codes.Single()));

        var first = await accounts.SendAsync(HttpMethod.Post, Undo(address, id), null, null, ("If-Match", "\"2\""), ("Idempotency-Key", "k1"));
        var again = await accounts.SendAsync(HttpMethod.Post, Undo(address, id), null, null, ("If-Match", "\"2\""), ("Idempotency-Key", "k1"));
        Assert.Equal((HttpStatusCode.OK, "\"3\""), (first.Status, first.ETag));
        Assert.Equal((first.Status, first.Text, first.ETag), (again.Status, again.Text, again.ETag));
        Assert.Equal(3, (await HistoryAsync(address)).Count);
    }

    [Fact]
    public async Task Of_those_who_undo_at_the_same_moment_exactly_one_does()
    {
        var address = await accounts.AccountAsync(await accounts.DomainAsync());
        for (var round = 0; round < 5; round++)
        {
            await ChangeAsync(address, new { capacityMb = 200 });
            var id = await NewestAsync(address, Capacity);
            var replies = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => UndoAsync(address, id)));
            Assert.Single(replies, r => r.Status == HttpStatusCode.OK);
            Assert.All(replies.Where(r => r.Status != HttpStatusCode.OK), r => Assert.Equal("history.changed-since", Assert.Single(r.Codes)));
        }

        Assert.Equal(11, (await HistoryAsync(address)).Count);
    }

    [Fact]
    public async Task An_undo_never_overwrites_what_somebody_sets_at_the_same_moment()
    {
        var address = await accounts.AccountAsync(await accounts.DomainAsync());
        for (var round = 0; round < 8; round++)
        {
            var mb = 201 + round;
            await ChangeAsync(address, new { capacityMb = 900 });
            var (id, tag) = (await NewestAsync(address, Capacity), (await accounts.GetAsync($"/api/v1/accounts/{address}")).ETag!);
            // Both have read the same version: exactly one wins.
            var version = ("If-Match", tag);
            var both = await Task.WhenAll(
                accounts.SendAsync(HttpMethod.Post, Undo(address, id), null, null, version),
                accounts.SendAsync(HttpMethod.Patch, $"/api/v1/accounts/{address}", new { capacityMb = mb }, null, version));
            Assert.Single(both, r => r.Status == HttpStatusCode.OK);
            Assert.Single(both, r => r.Status is HttpStatusCode.PreconditionFailed);

            // Without a version the change always happens, and stays.
            await ChangeAsync(address, new { capacityMb = 901 });
            id = await NewestAsync(address, Capacity);
            both = await Task.WhenAll(
                accounts.SendAsync(HttpMethod.Post, Undo(address, id)),
                accounts.SendAsync(HttpMethod.Patch, $"/api/v1/accounts/{address}", new { capacityMb = mb }));
            Assert.Equal(HttpStatusCode.OK, both[1].Status);
            Assert.True(both[0].Status is HttpStatusCode.OK or HttpStatusCode.Conflict);
            Assert.Equal(mb, (await accounts.GetAsync($"/api/v1/accounts/{address}")).Body!["capacityMb"]!.GetValue<int>());
        }
    }

    [Fact, Trait("Rule", "ACC-13")]
    public async Task A_domains_limits_go_back_for_operators_within_what_is_in_use()
    {
        var domain = await accounts.DomainAsync(maxAccounts: 2, maxCapacityMb: 1_000);
        await accounts.SendAsync(HttpMethod.Patch, $"/api/v1/domains/{domain}", new { maxAccounts = 3 });
        await accounts.SendAsync(HttpMethod.Patch, $"/api/v1/domains/{domain}", new { maxCapacityMb = 2_000 });
        await accounts.AccountAsync(domain);
        var items = (await accounts.GetAsync($"/api/v1/domains/{domain}/history")).Body!["items"]!.AsArray();
        Assert.Equal(
            [(true, """{"maxCapacityMb":1000}""", """{"maxCapacityMb":2000}"""), (true, """{"maxAccounts":2}""", """{"maxAccounts":3}"""), (false, null, """{"defaultCapacityMb":100,"maxAccounts":2,"maxCapacityMb":1000}""")],
            items.Select(i => (i!["undoable"]!.GetValue<bool>(), i["before"]?.ToJsonString(), i["after"]!.ToJsonString())));
        var path = $"/api/v1/domains/{domain}/history/{items[1]!["id"]!.GetValue<string>()}/undo";
        var admin = AccountsService.Admin(domain);
        Assert.All((await accounts.GetAsync($"/api/v1/domains/{domain}/history", admin)).Body!["items"]!.AsArray(), i => Assert.False(i!["undoable"]!.GetValue<bool>()));

        Assert.Equal(HttpStatusCode.Forbidden, (await accounts.SendAsync(HttpMethod.Post, path, caller: admin)).Status);
        var undone = await accounts.SendAsync(HttpMethod.Post, path, new { });
        Assert.Equal((HttpStatusCode.OK, 2, 2_000), (undone.Status, undone.Body!["maxAccounts"]!.GetValue<int>(), undone.Body["maxCapacityMb"]!.GetValue<int>()));
        var added = await accounts.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/history/{items[2]!["id"]!.GetValue<string>()}/undo");
        Assert.Equal((HttpStatusCode.Conflict, "history.not-undoable"), (added.Status, added.Codes.Single()));
        Assert.Equal(HttpStatusCode.NotFound, (await accounts.SendAsync(HttpMethod.Post, path.Replace(domain, await accounts.DomainAsync(), StringComparison.Ordinal))).Status);
    }

    private static string Undo(string address, string id) => $"/api/v1/accounts/{address}/history/{id}/undo";

    private Task<Reply> UndoAsync(string address, string id, Caller? caller = null, object? body = null) => accounts.SendAsync(HttpMethod.Post, Undo(address, id), body, caller);

    private async Task ChangeAsync(string address, object body)
        => Assert.Equal(HttpStatusCode.OK, (await accounts.SendAsync(HttpMethod.Patch, $"/api/v1/accounts/{address}", body)).Status);

    private async Task<JsonArray> HistoryAsync(string address, Caller? caller = null)
        => (await accounts.GetAsync($"/api/v1/accounts/{address}/history", caller)).Body!["items"]!.AsArray();

    private async Task<string> NewestAsync(string address, string type)
        => (await HistoryAsync(address)).First(i => i!["type"]!.GetValue<string>() == type)!["id"]!.GetValue<string>();
}
