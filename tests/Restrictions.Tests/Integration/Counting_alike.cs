using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform.Testing;
using Hikyaku.Restrictions.Facts;
using Hikyaku.Restrictions.Judging;
using Hikyaku.Restrictions.Policy;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using static Hikyaku.Platform.Testing.ServiceUnderTest;
using static Hikyaku.Restrictions.Tests.Integration.RestrictionsService;

namespace Hikyaku.Restrictions.Tests.Integration;

/// <summary>A trial counts in memory what decisions count in the database: both must come to the same.</summary>
public sealed class Counting_alike(RestrictionsService service) : IClassFixture<RestrictionsService>
{
    [Theory, Trait("Rule", "RST-5")]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_trial_and_a_decision_count_the_same(int seed)
    {
        var (random, account, now) = (new Random(seed), NewAccount(), DateTimeOffset.UtcNow);
        var friends = Strangers(40).ToArray();
        await service.CreateAsync(account);
        await service.LogInsAsync(Enumerable.Range(0, 200).Select(_ => Login(account, Source(), random.Next(3) == 0, At(), $"p{random.Next(20)}")).Select(l => l.Success ? l with { Password = null } : l));
        for (var i = 0; i < 40; i++) await service.SendMailAsync(account, random.GetItems(friends, random.Next(1, 8)).Distinct(), Source(), At());
        await service.PublishAsync(new DeliveriesObserved(Node,
        [
            .. Enumerable.Range(0, 20).Select(i => new DeliveryObserved($"{account.AccountId}-{i}", At(), account.AccountId, "sent", random.Next(2) == 0 ? DeliveryKinds.Bounced : DeliveryKinds.Judged, Verdict: new("spam", 9))),
        ]));
        await Eventually.Async(() => service.AskAsync<long>(
            $"select (select count(*) from login where account_id = {account.AccountId}) + (select count(*) from submission where account_id = {account.AccountId}) + (select count(*) from sending_sign where account_id = {account.AccountId})"), n => n == 260);

        var (replay, domains, database) = (new AccountReplay(account), new DomainTotals(), service.App.Services.GetRequiredService<NpgsqlDataSource>());
        await foreach (var fact in TryPolicy.ReadAsync(database, now.AddDays(-31), now.AddHours(1), TestContext.Current.CancellationToken))
        {
            if (fact.Account.AccountId != account.AccountId) continue;
            if (fact is PastSubmission sent) domains.Add(sent);
            replay.Take(fact, Thresholds.Defaults, domains, isJudged: false);
        }

        var counts = service.App.Services.GetRequiredService<Counts>();
        var key = service.App.Services.GetRequiredService<AddressKeys>().Of(account.Address);
        Assert.Equal(
            (await counts.FailuresAsync(account.AccountId, null, [], now.AddMinutes(-10).ToUniversalTime(), TestContext.Current.CancellationToken)).OrderBy(f => f.Network, StringComparer.Ordinal),
            replay.Failures([], now.AddMinutes(-10)).OrderBy(f => f.Network, StringComparer.Ordinal));
        Assert.Equivalent(await counts.SendingAsync(key, account, null, now, TestContext.Current.CancellationToken), replay.Sending(now, domains), strict: true);

        string Source() => $"10.0.{random.Next(6)}.{random.Next(1, 255)}";

        // Half of it within the last hour, the rest within 29 days.
        DateTimeOffset At() => now - (random.Next(2) == 0 ? TimeSpan.FromSeconds(random.Next(3000)) : TimeSpan.FromMinutes(random.Next(29 * 1440)));
    }
}
