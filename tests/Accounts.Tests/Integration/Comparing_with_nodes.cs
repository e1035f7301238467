using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Hikyaku.Accounts.Contracts;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using Marten;

namespace Hikyaku.Accounts.Tests.Integration;

/// <summary>What a node compares its replica with.</summary>
public sealed class Comparing_with_nodes(AccountsService accounts)
{
    [Fact, Trait("Rule", "NOD-3")]
    public async Task Digests_match_the_list_and_one_account_changes_only_its_shards_digest()
    {
        await using var own = new AccountsService();
        await own.InitializeAsync();
        var domain = await own.DomainAsync();
        var address = await own.AccountAsync(domain);
        var before = await SettledAsync(own);
        var (states, position) = await ListAsync(own);
        Assert.Equal(before.UpTo, position);
        var digests = new NodeStateDigests();
        foreach (var state in states) digests.Add(state);
        Assert.Empty(NodeStateDigests.Differing(before.Parts, digests.Parts, ["MailboxState", "DomainState"]));
        Assert.Equal(["DomainState", "MailboxState"], before.Parts.Keys.Order());

        await own.SendAsync(HttpMethod.Patch, $"/api/v1/accounts/{address}", new { capacityMb = 123 });
        var after = await SettledAsync(own);
        var shard = Assert.Single(NodeStateDigests.Differing(before.Parts, after.Parts, ["MailboxState", "DomainState"]));
        var account = (await own.TargetAsync(address))!.AccountId;
        Assert.Equal(NodeStateDigests.ShardOf(account), shard);

        // Of one shard only what is in it.
        var (some, _) = await ListAsync(own, $"?shards={shard}");
        Assert.Contains(some.OfType<MailboxState>(), m => m.AccountId == account && m.CapacityMb == 123);
        Assert.All(some, s => Assert.Equal(shard, NodeStateDigests.ShardOf(s)));
    }

    [Theory]
    [InlineData("/internal/node-state/digests", "", HttpStatusCode.Unauthorized)]
    [InlineData("/internal/node-state/digests", "mail1.guess", HttpStatusCode.Unauthorized)]
    [InlineData("/internal/node-state?shards=1", "mail1.guess", HttpStatusCode.Unauthorized)]
    [InlineData("/internal/node-state?shards=64", null, HttpStatusCode.BadRequest)]
    [InlineData("/internal/node-state?shards=-1", null, HttpStatusCode.BadRequest)]
    [InlineData("/internal/node-state?shards=", null, HttpStatusCode.BadRequest)]
    [InlineData("/internal/node-state?shards=1,two", null, HttpStatusCode.BadRequest)]
    public async Task Only_a_node_that_asks_well_is_answered(string path, string? bearer, HttpStatusCode expected)
    {
        using var answer = await AskAsync(accounts, path, bearer);
        Assert.Equal(expected, answer.StatusCode);
    }

    [Fact, Trait("Rule", "NOD-3")]
    public async Task What_a_node_has_repaired_stands_in_its_lease()
    {
        var at = new DateTimeOffset(2026, 11, 24, 9, 0, 0, TimeSpan.Zero);
        using var request = new HttpRequestMessage(HttpMethod.Put, $"/internal/nodes/{AccountsService.Node}")
        {
            Content = JsonContent.Create(new { applied = new Dictionary<string, long>(), listed = true, lastDigestCheck = at, repaired = 7 }),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", accounts.Keys.NodeBearer(AccountsService.Node));
        (await accounts.Http.SendAsync(request)).EnsureSuccessStatusCode();
        await using var session = accounts.Get<IDocumentStore>().QuerySession();
        var lease = await session.LoadAsync<NodeLease>(AccountsService.Node);
        Assert.Equal((at, 7), (lease!.LastDigestCheck, lease.Repaired));
    }

    // When everything that is stored is also told.
    private static Task<NodeStateDigestsAnswer> SettledAsync(AccountsService service) => Eventually.Async(async () =>
    {
        using var answer = await AskAsync(service, "/internal/node-state/digests");
        return (await answer.Content.ReadFromJsonAsync<NodeStateDigestsAnswer>())!;
    }, d => d.Position > 0 && d.Position == d.UpTo);

    internal static async Task<(List<object> States, long Position)> ListAsync(AccountsService service, string query = "")
    {
        using var answer = await AskAsync(service, $"/internal/node-state{query}");
        var lines = (await answer.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement).ToList();
        var states = lines.SkipLast(1).Select(object (l) => l.GetProperty("part").GetString() == nameof(MailboxState)
            ? l.GetProperty("state").Deserialize<MailboxState>(JsonSerializerOptions.Web)!
            : l.GetProperty("state").Deserialize<DomainState>(JsonSerializerOptions.Web)!);
        return ([.. states], lines[^1].GetProperty("position").GetInt64());
    }

    private static Task<HttpResponseMessage> AskAsync(AccountsService service, string path, string? bearer = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", bearer ?? service.Keys.NodeBearer(AccountsService.Node));
        return service.Http.SendAsync(request);
    }
}
