using System.Text.Json.Nodes;
using Xunit;

namespace Hikyaku.Platform.Tests.Integration;

/// <summary>What a service gets that says of its streams what their settings are. The parcel of an account has the account's id.</summary>
[Trait("Rule", "OPS-3")]
public sealed class Histories(OneService fixture) : IClassFixture<OneService>
{
    private readonly string _account = OneService.NewParcel();

    [Fact, Trait("Rule", "ROLE-3")]
    public async Task Changes_are_shown_newest_first_with_what_they_changed()
    {
        await PostAsync("red", "blue");

        var items = Items(await fixture.Client.HistoryAsync(_account));

        Assert.Equal(["parcels.parcel-labelled", "parcels.parcel-labelled", "parcels.parcel-posted"], items.Select(i => Text(i["type"])));
        Assert.Equal(["blue", "red", null], items.Select(i => Text(i["after"]!["label"])));
        Assert.Equal(("red", "user", "192.0.2.99"), (Text(items[0]["before"]!["label"]), Text(items[0]["by"]!["role"]), Text(items[0]["by"]!["address"])));
        Assert.Equal([true, false, false], items.Select(i => i["undoable"]!.GetValue<bool>()));
        Assert.False(items[2]["data"]!.AsObject().ContainsKey("parcel"));
    }

    [Fact]
    public async Task A_page_knows_what_earlier_pages_of_the_past_set_and_what_later_ones_did()
    {
        await PostAsync("red", "blue", "green");

        var first = JsonNode.Parse((await fixture.Client.HistoryAsync(_account, "?limit=1")).Body)!;
        var second = JsonNode.Parse((await fixture.Client.HistoryAsync(_account, $"?limit=1&cursor={Text(first["next"])}")).Body)!;

        Assert.Equal(("blue", true), (Text(first["items"]![0]!["before"]!["label"]), first["items"]![0]!["undoable"]!.GetValue<bool>()));
        Assert.Equal(("red", false), (Text(second["items"]![0]!["before"]!["label"]), second["items"]![0]!["undoable"]!.GetValue<bool>()));
        Assert.Equal(400, (await fixture.Client.HistoryAsync(_account, "?limit=0")).Status);
        Assert.Equal(400, (await fixture.Client.HistoryAsync(_account, "?cursor=torn")).Status);
    }

    [Fact, Trait("Rule", "ROLE-1")]
    public async Task What_is_hidden_from_users_is_not_shown_to_them()
    {
        await PostAsync("red");
        await fixture.Client.WeighAsync(_account, 70);

        var (all, own) = (Items(await fixture.Client.HistoryAsync(_account)), Items(await fixture.Client.HistoryAsync(_account, asUser: true)));

        Assert.Equal(70, all[0]["after"]!["grams"]!.GetValue<int>());
        Assert.Equal(["parcels.parcel-labelled", "parcels.parcel-posted"], own.Select(i => Text(i["type"])));
        Assert.DoesNotContain("grams", string.Concat(own.Select(i => i.ToJsonString())), StringComparison.Ordinal);
        Assert.All(own, i => Assert.False(i["undoable"]!.GetValue<bool>()));
        Assert.Equal(403, (await fixture.Client.UndoAsync(_account, Text(own[0]["id"])!, asUser: true)).Status);
    }

    [Fact]
    public async Task An_undo_puts_the_former_value_back_and_can_be_undone()
    {
        await PostAsync("red", "blue");

        var undone = await fixture.Client.UndoAsync(_account, Text(Items(await fixture.Client.HistoryAsync(_account))[0]["id"])!);

        Assert.Equal((200, "\"4\"", "red"), (undone.Status, undone.ETag, Text(JsonNode.Parse(undone.Body)!["label"])));
        Assert.Equal([true, false, true, false], Items(await fixture.Client.HistoryAsync(_account)).Select(i => i["undoable"]!.GetValue<bool>()));
        var again = await fixture.Client.UndoAsync(_account, Text(Items(await fixture.Client.HistoryAsync(_account))[0]["id"])!);
        Assert.Equal("blue", Text(JsonNode.Parse(again.Body)!["label"]));
    }

    [Fact]
    public async Task What_a_later_change_the_rules_or_the_kind_of_change_forbid_is_not_undone()
    {
        await PostAsync("red", "blue");
        var ids = Items(await fixture.Client.HistoryAsync(_account)).Select(i => Text(i["id"])!).ToList();

        Assert.Equal("history.changed-since", (await fixture.Client.UndoAsync(_account, ids[1])).Problem);
        Assert.Equal("parcels.already-posted", (await fixture.Client.UndoAsync(_account, ids[2])).Problem);
        Assert.Equal(404, (await fixture.Client.UndoAsync(_account, Guid.NewGuid().ToString())).Status);
        await fixture.Client.UndoAsync(_account, ids[0]);
        Assert.Equal("parcels.no-label", (await fixture.Client.UndoAsync(_account, ids[1])).Problem);
    }

    [Fact]
    public async Task An_account_whose_stream_has_not_begun_has_an_empty_history()
        => Assert.Equal((200, 0), (await fixture.Client.HistoryAsync(_account) is { } reply ? reply.Status : 0, Items(await fixture.Client.HistoryAsync(_account)).Count));

    private async Task PostAsync(params string[] labels)
    {
        Assert.Equal(201, (await fixture.Client.PostAsync(_account)).Status);
        foreach (var label in labels) Assert.Equal(200, (await fixture.Client.LabelAsUserAsync(_account, label)).Status);
    }

    private static List<JsonNode> Items(Reply reply) => [.. JsonNode.Parse(reply.Body)!["items"]!.AsArray().Select(i => i!)];

    private static string? Text(JsonNode? node) => node?.GetValue<string>();
}
