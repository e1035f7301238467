using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using Hikyaku.Restrictions.Accounts;
using static Hikyaku.Platform.Testing.ServiceUnderTest;
using static Hikyaku.Restrictions.Tests.Integration.RestrictionsService;

namespace Hikyaku.Restrictions.Tests.Integration;

/// <summary>Messages as nodes tell them, and who may not send any more.</summary>
public sealed class Sending_too_much(RestrictionsService service) : IClassFixture<RestrictionsService>
{
    private readonly Target _account = NewAccount();

    [Fact, Trait("Rule", "RST-2"), Trait("Rule", "RST-5")]
    public async Task More_than_500_recipients_an_hour_lock_sending_and_each_message_counts_once()
    {
        string[] friends = [.. Strangers(250)];
        var at = DateTimeOffset.UtcNow;
        await service.SendMailAsync(_account, friends, at: at.AddDays(-2));
        await Eventually.Async(async () => await FactsAsync() == 1);
        for (var i = 0; i < 3; i++) await service.SendMailAsync(_account, friends, at: at, id: $"{_account.AccountId}-1");
        await service.SendMailAsync(_account, friends, at: at, id: $"{_account.AccountId}-2");
        await Eventually.Async(async () => await FactsAsync() == 3);
        Assert.Empty(await service.KindsAsync(_account));
        await service.SendMailAsync(_account, friends[..1]);
        await service.HoldAsync(_account, Kinds.SendingLocked);
        var sign = (await service.ReadAsync(_account)).Single()!["evidence"]![0]!["counted"]!["signs"]![0]!;
        Assert.Equal((Rules.RecipientsPerHour, 501), ((string)sign["name"]!, (int)sign["value"]!));
    }

    [Fact, Trait("Rule", "RST-5")]
    public async Task Two_hundred_recipients_it_never_wrote_to_are_allowed_and_one_more_is_not()
    {
        await service.SendMailAsync(_account, Strangers(200));
        await Eventually.Async(async () => await FactsAsync() == 1);
        Assert.Empty(await service.KindsAsync(_account));
        await service.SendMailAsync(_account, Strangers(1));
        await service.HoldAsync(_account, Kinds.SendingLocked);
        var evidence = (await service.ReadAsync(_account)).Single()!["evidence"]![0]!;
        Assert.Equal((Rules.FirstTimePerDay, 201), ((string)evidence["rule"]!, (int)evidence["counted"]!["signs"]![0]!["value"]!));
    }

    [Fact, Trait("Rule", "RST-4")]
    public async Task A_newsletter_to_known_recipients_of_an_account_that_always_sends_it_goes_on()
    {
        string[] readers = [.. Strangers(900)];
        foreach (var (days, sent) in new[] { (21, 1), (14, 2), (7, 3) })
        {
            await service.SendMailAsync(_account, readers, at: DateTimeOffset.UtcNow.AddDays(-days));
            await Eventually.Async(async () => await FactsAsync() == sent);
        }

        await service.SendMailAsync(_account, readers);
        await Eventually.Async(async () => await FactsAsync() == 4);
        Assert.Empty(await service.KindsAsync(_account));
    }

    [Fact, Trait("Rule", "RST-4")]
    public async Task A_compromised_account_is_stopped_at_night_after_a_few_recipients()
    {
        await service.SucceedAsync(_account, "192.0.2.10", DateTimeOffset.UtcNow.AddDays(-10));
        await service.SendMailAsync(_account, Strangers(2), at: DateTimeOffset.UtcNow.AddDays(-5));
        await service.FailAsync(_account, "203.0.113.5", 6);
        await service.SucceedAsync(_account, "203.0.113.5");
        await Eventually.Async(async () => await service.LoginFactsAsync(_account) == 8);
        var reached = 0;
        for (; reached < 3000 && (await service.KindsAsync(_account)).Length == 0; reached += 5)
        {
            var facts = await FactsAsync();
            await service.SendMailAsync(_account, Strangers(5), "203.0.113.5");
            await Eventually.Async(async () => await FactsAsync() == facts + 1);
        }

        await service.HoldAsync(_account, Kinds.CompromiseSuspected);
        Assert.InRange(reached, 5, 50);
        var evidence = (await service.ReadAsync(_account)).Single()!["evidence"]![0]!["counted"]!;
        Assert.Equal(["203.0.113.0/24"], evidence["networks"]!.AsArray().Select(n => (string)n!));
    }

    [Fact, Trait("Rule", "RST-4")]
    public async Task What_other_servers_refuse_and_what_is_spam_are_signs()
    {
        await service.AddDomainAsync(_account.Domain);
        await service.CreateAsync(_account);
        await Eventually.Async(async () => await service.AskAsync<bool>($"select exists (select from mailbox_space where account_id = {_account.AccountId} and address is not null)"));
        await service.SendAsync(HttpMethod.Put, $"/api/v1/domains/{_account.Domain}/restriction-policy", Operator, null, new { values = new { compromiseSum = 80 }, reason = "x" });
        await service.PublishAsync(new DeliveriesObserved(Node,
        [
            .. Enumerable.Range(0, 10).Select(i => Step($"b{i}", DeliveryKinds.Bounced, null)),
            .. Enumerable.Range(0, 3).Select(i => Step($"s{i}", DeliveryKinds.Judged, new("spam", 12))),
            Step("ham", DeliveryKinds.Judged, new("ham", 0)),
        ]));
        await service.HoldAsync(_account, Kinds.CompromiseSuspected);

        DeliveryObserved Step(string id, string kind, DeliveryVerdict? verdict) => new($"{_account.AccountId}-{id}", DateTimeOffset.UtcNow, _account.AccountId, "sent", kind, Verdict: verdict);
    }

    [Fact, Trait("Rule", "RST-10")]
    public async Task Deleting_the_account_and_making_it_anew_shakes_neither_lock_nor_counters_off()
    {
        await service.SendMailAsync(_account, Strangers(201));
        await service.HoldAsync(_account, Kinds.SendingLocked);
        var reference = (string)(await service.ReadAsync(_account)).Single()!["reference"]!;
        await DeleteAsync(_account);
        var again = _account with { AccountId = Guid.CreateVersion7().ToString("N"), Life = 2 };
        await service.CreateAsync(again);
        await service.HoldAsync(again, Kinds.SendingLocked);
        Assert.Equal(reference, (string)(await service.ReadAsync(again)).Single()!["reference"]!);

        // Of the former account nothing but the counters is left.
        Assert.Equal(0, await service.AskAsync<long>($"select count(*) from submission where sent_to is not null and address_key in (select address_key from submission where account_id is null) and account_id is null"));
        Assert.DoesNotContain(_account.Address, await service.AskAsync<string>($"select coalesce(string_agg(data::text, ''), '') from mt_events where stream_id = {_account.AccountId}"), StringComparison.Ordinal);
        Assert.Equal(1, await service.AskAsync<long>($"select count(*) from submission where account_id is null and recipients = 201"));
    }

    private Task<long> FactsAsync() => service.AskAsync<long>($"select count(*) from submission where account_id = {_account.AccountId}");

    private async Task DeleteAsync(Target account)
    {
        await service.PublishAsync(new Hikyaku.Accounts.Contracts.MailAccountDeletionStarted(
            Guid.NewGuid(), 5, 5, DateTimeOffset.UtcNow, new("operator", "operator", "", "api", ""), account.AccountId, "accounts-1", account.Domain));
        await Eventually.Async(async () => await service.AskAsync<bool>($"select exists (select from address_lock) and not exists (select from restriction where account_id = {account.AccountId})"));
    }
}
