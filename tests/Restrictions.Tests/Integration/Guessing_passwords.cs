using System.Net;
using Hikyaku.Accounts.Contracts;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using Hikyaku.Restrictions.Accounts;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using static Hikyaku.Platform.Testing.ServiceUnderTest;

namespace Hikyaku.Restrictions.Tests.Integration;

/// <summary>Failed logins as nodes tell them, and who is locked by them.</summary>
[Trait("Rule", "RST-3")]
public sealed class Guessing_passwords(RestrictionsService service) : IClassFixture<RestrictionsService>
{
    private readonly Target _account = NewAccount();
    private readonly string _network = $"10.{Random.Shared.Next(256)}.{Random.Shared.Next(256)}";

    [Fact, Trait("Rule", "RST-2"), Trait("Rule", "RST-4"), Trait("Rule", "RST-5")]
    public async Task Ten_distinct_wrong_passwords_lock_the_account_for_that_network()
    {
        await service.FailAsync(_account, $"{_network}.7", 9);
        await Eventually.Async(async () => await service.LoginFactsAsync(_account) == 9);
        Assert.Empty(await service.KindsAsync(_account));
        await service.FailAsync(_account, $"{_network}.8", 1, _ => "p10");
        await service.HoldAsync(_account, Kinds.AccountLocked);
        var locked = (await service.ReadAsync(_account)).Single()!;
        var evidence = locked["evidence"]![0]!;
        Assert.Equal((Rules.WrongPasswords, $"{_network}.0/24", 10), ((string)evidence["rule"]!, (string)evidence["network"]!, (int)evidence["counted"]!["signs"]![0]!["value"]!));
        Assert.NotNull(locked["until"]);
        Assert.DoesNotContain("10", (string)locked["remedy"]!, StringComparison.Ordinal);
        Assert.Contains($"{_network}.0/24", await service.ListAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_phone_with_an_old_password_every_5_minutes_for_a_day_is_never_locked()
    {
        foreach (var minutes in Enumerable.Range(0, 288).Select(i => i * 5).Chunk(100))
            await service.LogInsAsync(minutes.Select(m => RestrictionsService.Login(_account, $"{_network}.7", false, DateTimeOffset.UtcNow.AddMinutes(-m), "old")));
        await Eventually.Async(() => service.LoginFactsAsync(_account), facts => facts == 288);
        Assert.Empty(await service.KindsAsync(_account));
    }

    [Fact, Trait("Rule", "RST-2")]
    public async Task Facts_that_come_twice_out_of_order_or_an_hour_late_lock_nobody()
    {
        var message = new LoginsObserved(Node, [.. Enumerable.Range(0, 5).Select(i => RestrictionsService.Login(_account, $"{_network}.7", false, DateTimeOffset.UtcNow, $"p{i}"))]);
        var bus = service.App.Services.GetRequiredService<IBus>();
        var id = Guid.NewGuid();
        for (var i = 0; i < 3; i++) await bus.Publish(message, context => context.MessageId = id);
        await service.FailAsync(_account, $"{_network}.7", 20, at: DateTimeOffset.UtcNow.AddHours(-1));
        await Eventually.Async(async () => await service.LoginFactsAsync(_account) == 25);
        Assert.Empty(await service.KindsAsync(_account));
    }

    [Fact]
    public async Task A_distributed_attack_locks_all_but_the_networks_that_are_known()
    {
        await service.SucceedAsync(_account, "192.0.2.7", DateTimeOffset.UtcNow.AddDays(-3));
        await Eventually.Async(async () => await service.LoginFactsAsync(_account) == 1);
        for (var i = 0; i < 50; i += 10)
            await service.LogInsAsync(Enumerable.Range(i, 10).SelectMany(n => Enumerable.Range(0, 2).Select(p => RestrictionsService.Login(_account, $"10.200.{n}.1", false, DateTimeOffset.UtcNow, $"p{n}.{p}"))));
        await service.HoldAsync(_account, Kinds.AccountLocked);
        var evidence = (await service.ReadAsync(_account)).Single()!["evidence"]!.AsArray();
        Assert.Equal((1, Rules.DistributedGuessing, null), (evidence.Count, (string)evidence[0]!["rule"]!, (string?)evidence[0]!["network"]));
        Assert.Equal(["192.0.2.0/24", "127.0.0.0/24", "::/64"], evidence[0]!["knownNetworks"]!.AsArray().Select(n => (string)n!));
    }

    [Fact]
    public async Task One_password_on_many_accounts_stops_the_network_and_locks_nobody()
    {
        var accounts = Enumerable.Range(0, 30).Select(_ => NewAccount()).ToList();
        await service.SucceedAsync(accounts[0], $"{_network}.7");
        await Eventually.Async(async () => await service.LoginFactsAsync(accounts[0]) == 1);
        await service.LogInsAsync(accounts.Select(a => RestrictionsService.Login(a, $"{_network}.7", false, DateTimeOffset.UtcNow, "Summer2026")));
        await Eventually.Async(async () => (await StoppedAsync()).Contains($"{_network}.0/24"));
        foreach (var account in accounts) Assert.Empty(await service.KindsAsync(account));
        var state = (await service.ListAsync()).Split('\n').Single(l => l.Contains($"{_network}.0/24", StringComparison.Ordinal));
        Assert.Contains(accounts[0].AccountId, state, StringComparison.Ordinal);
        Assert.DoesNotContain(accounts[1].AccountId, state, StringComparison.Ordinal);

        Assert.Equal(HttpStatusCode.NoContent, (await ReleaseAsync($"{_network}.0/24", "our own scanner")).Status);
        Assert.DoesNotContain($"{_network}.0/24", await StoppedAsync());
        Assert.Equal("restrictions.not-stopped", (await ReleaseAsync($"{_network}.0/24", "x")).Codes.Single());
        Assert.Equal("restrictions.network-invalid", (await ReleaseAsync("office", "x")).Codes.Single());
    }

    [Fact, Trait("Rule", "OPS-6"), Trait("Rule", "ACC-5")]
    public async Task A_stopped_networks_evidence_names_an_account_only_until_it_is_deleted()
    {
        var accounts = Enumerable.Range(0, 12).Select(_ => NewAccount()).ToList();
        await service.LogInsAsync(accounts.Select(a => RestrictionsService.Login(a, $"{_network}.7", false, DateTimeOffset.UtcNow, "Summer2026")));
        await Eventually.Async(async () => (await StoppedAsync()).Contains($"{_network}.0/24"));
        Assert.Equal(accounts.Select(a => a.Address).Order(StringComparer.Ordinal), (await SamplesAsync()).Order(StringComparer.Ordinal));

        var gone = accounts[0];
        await service.PublishAsync(new MailAccountDeletionStarted(Guid.NewGuid(), 2, 2, DateTimeOffset.UtcNow, new("admin", "admin1", "", "api", ""), gone.AccountId, "accounts-1", gone.Domain));
        await Eventually.Async(async () => !(await SamplesAsync()).Contains(gone.Address));
        Assert.Equal(accounts.Skip(1).Select(a => a.Address).Append(gone.AccountId).Order(StringComparer.Ordinal), (await SamplesAsync()).Order(StringComparer.Ordinal));
        var stored = await service.AskAsync<long>(
            $"select (select count(*) from mt_events where data::text like '%' || {gone.Address} || '%') + (select count(*) from mt_doc_source_standing where data::text like '%' || {gone.Address} || '%')");
        Assert.Equal(0, stored);

        async Task<IEnumerable<string>> SamplesAsync()
        {
            var items = (await service.SendAsync(HttpMethod.Get, "/api/v1/stopped-networks", Operator)).Body!["items"]!.AsArray();
            return items.Single(i => (string)i!["network"]! == $"{_network}.0/24")!["counted"]!["samples"]!.AsArray().Select(s => (string)s!);
        }
    }

    [Fact]
    public async Task In_an_office_with_one_bad_client_the_others_work()
    {
        var colleague = NewAccount(_account.Domain);
        await service.SucceedAsync(colleague, $"{_network}.9");
        await service.FailAsync(_account, $"{_network}.7", 15);
        await service.HoldAsync(_account, Kinds.AccountLocked);
        Assert.Empty(await service.KindsAsync(colleague));
        Assert.DoesNotContain($"{_network}.0/24", await StoppedAsync());
    }

    [Fact]
    public async Task Rotating_addresses_of_one_IPv6_network_are_one_source()
    {
        var prefix = $"2001:db8:{Random.Shared.Next(1, 65535):x}:1";
        await service.LogInsAsync(Enumerable.Range(1, 10).Select(i => RestrictionsService.Login(_account, $"{prefix}:{i}::{i}", false, DateTimeOffset.UtcNow, $"p{i}")));
        await service.HoldAsync(_account, Kinds.AccountLocked);
        Assert.Equal($"{prefix}::/64", (string)(await service.ReadAsync(_account)).Single()!["evidence"]![0]!["network"]!);
    }

    [Fact, Trait("Rule", "REL-1")]
    public async Task Counters_survive_a_restart()
    {
        await using var own = new RestrictionsService();
        await own.InitializeAsync();
        await own.FailAsync(_account, $"{_network}.7", 9);
        await Eventually.Async(() => own.LoginFactsAsync(_account), facts => facts == 9);
        await own.StopAsync();
        await own.StartAsync();
        await own.FailAsync(_account, $"{_network}.7", 1, _ => "p10");
        await own.HoldAsync(_account, Kinds.AccountLocked);
    }

    [Fact, Trait("Rule", "RST-5")]
    public async Task A_changed_threshold_counts_at_once_for_its_domain_alone()
    {
        var other = NewAccount();
        Assert.Equal(HttpStatusCode.NotFound, (await service.SendAsync(HttpMethod.Get, $"/api/v1/domains/{_account.Domain}/restriction-policy", Operator)).Status);
        await service.AddDomainAsync(_account.Domain);
        var set = await service.SendAsync(
            HttpMethod.Put, $"/api/v1/domains/{_account.Domain}/restriction-policy", Operator, null, new { values = new { wrongPasswords = 3 }, reason = "under attack" });
        Assert.Equal((HttpStatusCode.OK, 3, "0.1"), (set.Status, (int)set.Body!["values"]!["wrongPasswords"]!, (string)set.Body["version"]!));
        Assert.DoesNotContain("wrongPasswords", set.Body["inherited"]!.AsArray().Select(n => (string)n!));
        await service.FailAsync(other, $"{_network}.7", 3);
        await service.FailAsync(_account, $"{_network}.7", 3);
        await service.HoldAsync(_account, Kinds.AccountLocked);
        Assert.Empty(await service.KindsAsync(other));
        Assert.Equal("0.1", (string)(await service.ReadAsync(_account)).Single()!["evidence"]![0]!["counted"]!["policy"]!);
        var history = await service.SendAsync(HttpMethod.Get, $"/api/v1/domains/{_account.Domain}/restriction-policy/history", Operator);
        Assert.Contains("under attack", history.Text, StringComparison.Ordinal);
    }

    private async Task<string[]> StoppedAsync()
        => [.. (await service.SendAsync(HttpMethod.Get, "/api/v1/stopped-networks", Operator)).Body!["items"]!.AsArray().Select(i => (string)i!["network"]!)];

    private Task<ServiceReply> ReleaseAsync(string network, string reason) => service.SendAsync(HttpMethod.Post, "/api/v1/stopped-networks/release", Operator, null, new { network, reason });
}
