using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using Hikyaku.Restrictions.Accounts;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using static Hikyaku.Platform.Testing.ServiceUnderTest;
using static Hikyaku.Restrictions.Tests.Integration.RestrictionsService;

namespace Hikyaku.Restrictions.Tests.Integration;

/// <summary>Facts that come twice, out of order, late, or from nodes whose clocks differ.</summary>
[Trait("Rule", "RST-2")]
public sealed class Disordered_facts(RestrictionsService service) : IClassFixture<RestrictionsService>
{
    private readonly Target _account = NewAccount();
    private readonly string _network = $"10.{Random.Shared.Next(256)}.{Random.Shared.Next(256)}";

    [Fact, Trait("Rule", "RST-3")]
    public async Task Wrong_passwords_told_twice_and_out_of_order_lock_once_by_their_number()
    {
        var at = DateTimeOffset.UtcNow;
        var late = Enumerable.Range(0, 20).Select(i => Login(_account, $"{_network}.7", false, at.AddHours(-1), $"late{i}"));
        var messages = Enumerable.Range(0, 10).Select(i => new[] { Login(_account, $"{_network}.7", false, at.AddSeconds(-20 * i), $"p{i}") }).Append([.. late])
            .Select(logins => (Id: Guid.NewGuid(), Message: new LoginsObserved(Node, logins))).ToArray();
        (Guid Id, LoginsObserved Message)[] disordered = [.. messages, .. messages, .. messages];
        new Random(17).Shuffle(disordered);
        var bus = service.App.Services.GetRequiredService<IBus>();
        foreach (var (id, message) in disordered) await bus.Publish(message, context => context.MessageId = id);

        await service.HoldAsync(_account, Kinds.AccountLocked);
        await Eventually.Async(() => service.LoginFactsAsync(_account), facts => facts == 30);
        var evidence = (await service.ReadAsync(_account)).Single()!["evidence"]!.AsArray();
        Assert.Equal(10, (int)Assert.Single(evidence)!["counted"]!["signs"]![0]!["value"]!);
        Assert.Equal(1, await service.AskAsync<long>($"select count(*) from mt_events where stream_id = {_account.AccountId}"));
    }

    [Fact, Trait("Rule", "RST-3")]
    public async Task A_wrong_password_that_is_tried_by_PLAIN_and_then_by_LOGIN_counts_once()
    {
        var at = DateTimeOffset.UtcNow;
        await service.LogInsAsync(Enumerable.Range(0, 9).SelectMany(i => Tries($"p{i}")));
        await Eventually.Async(() => service.LoginFactsAsync(_account), facts => facts == 18);
        Assert.Empty(await service.KindsAsync(_account));
        await service.LogInsAsync(Tries("p9"));
        await service.HoldAsync(_account, Kinds.AccountLocked);
        Assert.Equal(10, (int)(await service.ReadAsync(_account)).Single()!["evidence"]![0]!["counted"]!["signs"]![0]!["value"]!);

        IEnumerable<LoginObserved> Tries(string password) => Enumerable.Range(0, 2).Select(n => Login(_account, $"{_network}.7", false, at.AddMilliseconds(n), password) with { Protocol = "smtp" });
    }

    [Fact, Trait("Rule", "RST-5")]
    public async Task Messages_told_late_twice_and_out_of_order_count_in_the_hour_when_they_were_sent()
    {
        string[] friends = [.. Strangers(250)];
        var now = DateTimeOffset.UtcNow;
        await service.SendMailAsync(_account, friends, at: now.AddDays(-2));
        await Eventually.Async(async () => await FactsAsync() == 1);
        foreach (var (id, minutes) in new[] { (1, 0), (2, -61), (3, -5), (2, -61), (1, 0), (3, -5) })
            await service.SendMailAsync(_account, friends, at: now.AddMinutes(minutes), id: $"{_account.AccountId}-{id}");
        await Eventually.Async(async () => await FactsAsync() == 4);
        Assert.Empty(await service.KindsAsync(_account));
        await service.SendMailAsync(_account, friends[..1]);
        await service.HoldAsync(_account, Kinds.SendingLocked);
        var sign = (await service.ReadAsync(_account)).Single()!["evidence"]![0]!["counted"]!["signs"]![0]!;
        Assert.Equal((Rules.RecipientsPerHour, 501), ((string)sign["name"]!, (int)sign["value"]!));
    }

    [Theory, Trait("Rule", "RST-1"), Trait("Rule", "RST-3")]
    [InlineData(-5)]
    [InlineData(5)]
    public async Task Nodes_whose_clocks_are_five_minutes_apart_are_counted_together(int minutes)
    {
        var began = DateTimeOffset.UtcNow;
        await service.FailAsync(_account, $"{_network}.7", 5);
        await service.FailAsync(_account, $"{_network}.8", 4, i => $"q{i}", began.AddMinutes(minutes), "mail2");
        await service.FailAsync(_account, $"{_network}.9", 1, _ => "p0", began.AddMinutes(minutes), "mail2"); // the same password as at the other node
        await Eventually.Async(() => service.LoginFactsAsync(_account), facts => facts == 10);
        Assert.Empty(await service.KindsAsync(_account));

        await service.FailAsync(_account, $"{_network}.8", 1, _ => "q4", began.AddMinutes(minutes), "mail2");
        await service.HoldAsync(_account, Kinds.AccountLocked);
        var locked = (await service.ReadAsync(_account)).Single()!;
        Assert.Equal(10, (int)locked["evidence"]![0]!["counted"]!["signs"]![0]!["value"]!);
        // Five minutes by the service's own clock, whatever the nodes say.
        Assert.InRange((DateTimeOffset)locked["until"]!, began.AddMinutes(5), DateTimeOffset.UtcNow.AddMinutes(5));
    }

    private Task<long> FactsAsync() => service.AskAsync<long>($"select count(*) from submission where account_id = {_account.AccountId}");
}
