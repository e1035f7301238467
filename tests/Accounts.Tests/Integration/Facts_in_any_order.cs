using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform.Testing;
using Hikyaku.Restrictions.Contracts;
using Hikyaku.Routing.Contracts;
using Hikyaku.Spam.Contracts;
using Npgsql;

namespace Hikyaku.Accounts.Tests.Integration;

/// <summary>What mail nodes tell leaves the same state when it comes twice, late or in another order.</summary>
[Trait("Rule", "REL-3")]
public sealed class Facts_in_any_order(AccountsWithANode node) : IClassFixture<AccountsWithANode>
{
    private static readonly DateTimeOffset At = new(2026, 11, 26, 9, 0, 0, TimeSpan.Zero);
    private readonly AccountsService _accounts = node.Accounts;

    [Fact, Trait("Rule", "ACC-6")]
    public async Task A_deletion_of_mail_ends_once_with_what_the_node_has_deleted()
    {
        var seen = new HashSet<string>();
        foreach (var order in Orders.Of(["progress 1", "progress 2", "end", "end"]))
        {
            var (address, id) = await AccountAsync();
            var begun = await _accounts.SendAsync(HttpMethod.Delete, $"/api/v1/accounts/{address}/mail");
            var job = begun.Body!["id"]!.GetValue<string>();
            foreach (var fact in order) await TellAsync(fact, id, job);
            await node.JobAsync(begun.Location!, "succeeded");
            foreach (var fact in order) await TellAsync(fact, id, job);

            // By then the repeated ones are worked off as well, or they are soon and must not be seen in what follows.
            var last = await _accounts.SendAsync(HttpMethod.Delete, $"/api/v1/accounts/{address}/mail");
            await TellAsync("end", id, last.Body!["id"]!.GetValue<string>());
            await node.JobAsync(last.Location!, "succeeded");
            var ended = (await _accounts.GetAsync(begun.Location!)).Body!;
            var history = (await _accounts.GetAsync($"/api/v1/accounts/{address}/history")).Body!["items"]!.AsArray();
            seen.Add($"{ended["state"]} {ended["result"]!.ToJsonString()} {history.Count(h => h!["type"]!.GetValue<string>() == "accounts.mail-data-deletion-finished")} times");
        }

        Assert.Equal(["""succeeded {"messages":1001,"freedBytes":5000000} 2 times"""], seen);

        Task TellAsync(string fact, string id, string job) => fact switch
        {
            "end" => node.TellAsync(new MailDataDeleted(AccountsService.Node, id, job, At, 1001, 5_000_000)),
            _ => node.TellAsync(new MailDataDeletionProgressed(AccountsService.Node, id, job, fact == "progress 1" ? 400 : 800, 1001)),
        };
    }

    [Fact, Trait("Rule", "RTE-1"), Trait("Rule", "ACC-11")]
    public async Task Lists_and_exports_show_the_newest_that_the_routing_service_has_told()
    {
        foreach (var order in Orders.Of([1, 2, 3, 3]))
        {
            var (address, id) = await AccountAsync();
            foreach (var version in order) await node.TellAsync(new RoutingSummarized(id, version, Forwarding: version >= 2, Autoreply: version == 3, Reception: version == 2));
            var (name, domain) = (address.Split('@')[0], address.Split('@')[1]);
            var item = await Eventually.Async(
                async () => (await _accounts.GetAsync($"/api/v1/domains/{domain}/accounts?query={name}")).Body!["items"]!.AsArray().Single(i => (string)i!["address"]! == address)!,
                i => (bool)i["autoreply"]!);
            Assert.Equal((true, false), ((bool)item["forwarding"]!, (bool)item["reception"]!));
            var line = (await _accounts.GetAsync($"/api/v1/domains/{domain}/accounts.csv")).Text.Split("\r\n").Single(l => l.StartsWith($"{name},", StringComparison.Ordinal));
            Assert.Equal(["0", "1", "1", "0"], line.Split(',')[4..8]);
        }
    }

    [Fact, Trait("Rule", "SPM-4"), Trait("Rule", "ACC-11")]
    public async Task Lists_and_exports_show_the_newest_that_the_spam_service_has_told()
    {
        foreach (var order in Orders.Of([1, 2, 3, 3]))
        {
            var (address, id) = await AccountAsync();
            foreach (var version in order) await node.TellAsync(new SpamSummarized(id, version, TagSubject: version == 3, SortToJunk: version == 2));
            var (name, domain) = (address.Split('@')[0], address.Split('@')[1]);
            var item = await Eventually.Async(
                async () => (await _accounts.GetAsync($"/api/v1/domains/{domain}/accounts?query={name}")).Body!["items"]!.AsArray().Single(i => (string)i!["address"]! == address)!,
                i => (bool)i["spam"]!["tagSubject"]!);
            Assert.False((bool)item["spam"]!["sortToJunk"]!);
            var lines = (await _accounts.GetAsync($"/api/v1/domains/{domain}/accounts.csv?columns=all")).Text.Split("\r\n").Select(l => l.Split(',')).ToList();
            var columns = lines[0].Select(c => c.TrimStart('\uFEFF')).ToList();
            var line = lines.Single(l => l[0] == name);
            Assert.Equal(("1", "0"), (line[columns.IndexOf("spam")], line[columns.IndexOf("auto_sort")]));
        }
    }

    [Fact, Trait("Rule", "RST-1"), Trait("Rule", "ACC-11")]
    public async Task Lists_and_exports_show_the_newest_that_the_restrictions_service_has_told()
    {
        foreach (var order in Orders.Of([1, 2, 3]))
        {
            var (address, id) = await AccountAsync();
            foreach (var version in order) await node.TellAsync(new RestrictionsSummarized(id, version, version == 3 ? ["account-locked", "sending-locked"] : []));
            var (name, domain) = (address.Split('@')[0], address.Split('@')[1]);
            var item = (await Eventually.Async(
                async () => (await _accounts.GetAsync($"/api/v1/domains/{domain}/accounts?status=restricted")).Body!["items"]!.AsArray(), items => items.Count == 1)).Single()!;
            Assert.Equal((address, "account-locked", "sending-locked"), ((string)item["address"]!, (string)item["status"]!, (string)item["restrictions"]![1]!["kind"]!));
            Assert.DoesNotContain((await _accounts.GetAsync($"/api/v1/domains/{domain}/accounts?status=normal")).Body!["items"]!.AsArray(), i => (string)i!["address"]! == address);
            var line = (await _accounts.GetAsync($"/api/v1/domains/{domain}/accounts.csv?columns=all")).Text.Split("\r\n").Single(l => l.StartsWith($"{name},", StringComparison.Ordinal));
            Assert.Contains(",account-locked,", line, StringComparison.Ordinal);
        }
    }

    [Fact, Trait("Rule", "ACC-13")]
    public async Task Of_what_a_mailbox_takes_the_newest_measurement_counts()
    {
        var accounts = new List<string>();
        foreach (var order in Orders.Of([1, 2, 3, 3]))
        {
            var (address, id) = await AccountAsync();
            accounts.Add(address);
            foreach (var minute in order.Concat(order.Take(2)))
                await node.TellAsync(new MailboxUsageMeasured(AccountsService.Node, At.AddMinutes(minute), [new(id, minute * 1_048_576L)]));
        }

        foreach (var address in accounts)
            await Eventually.Async(() => _accounts.GetAsync($"/api/v1/accounts/{address}"), r => r.Body!["usedMb"]!.GetValue<int>() == 3);
        Assert.Equal(24, accounts.Count);
    }

    [Fact, Trait("Rule", "ACC-5")]
    public async Task An_account_is_erased_when_all_have_said_so_in_whatever_order_and_stays_it()
    {
        foreach (var order in Orders.Of(["node", "gateway", "node", "measured"]))
        {
            var (address, id) = await AccountAsync();
            var begun = await _accounts.SendAsync(HttpMethod.Delete, $"/api/v1/accounts/{address}");
            foreach (var fact in order.Concat(order.Take(2)))
            {
                await (fact switch
                {
                    "node" => node.ErasedByNodeAsync(id),
                    "gateway" => node.ErasedByGatewayAsync(id),
                    _ => node.TellAsync(new MailboxUsageMeasured(AccountsService.Node, At, [new(id, 1)])),
                });
            }

            var ended = (await node.JobAsync(begun.Location!, "succeeded")).Body!;
            Assert.Equal(1, ended["progress"]!["done"]!.GetValue<int>());
            await using var left = _accounts.Get<NpgsqlDataSource>().CreateCommand("select count(*) from mail_account_list where account_id = $1");
            left.Parameters.Add(new() { Value = id });
            Assert.Equal(0L, await left.ExecuteScalarAsync());
        }
    }

    private async Task<(string Address, string Id)> AccountAsync()
    {
        var address = await _accounts.AccountAsync(await _accounts.DomainAsync());
        return (address, (await _accounts.TargetAsync(address))!.AccountId);
    }
}
