using Hikyaku.Accounts.Contracts;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using Hikyaku.Restrictions.Accounts;
using static Hikyaku.Platform.Testing.ServiceUnderTest;

namespace Hikyaku.Restrictions.Tests.Integration;

public sealed class Ending_restrictions(RestrictionsService service) : IClassFixture<RestrictionsService>
{
    private readonly Target _account = NewAccount();

    [Fact, Trait("Rule", "RST-1"), Trait("Rule", "RST-6")]
    public async Task One_with_an_end_is_lifted_then_also_when_the_service_did_not_run()
    {
        await using var own = new RestrictionsService();
        await own.InitializeAsync();
        var until = DateTimeOffset.UtcNow.AddSeconds(4);
        await own.PlaceAsync(_account, Kinds.SendingLocked, until: until.ToString("O"));
        await own.PlaceAsync(_account, Kinds.AccountLocked);
        await own.StopAsync();
        await own.StartAsync();
        await own.HoldAsync(_account, Kinds.AccountLocked);
        Assert.True(DateTimeOffset.UtcNow >= until, "It ended early");
        var ended = (await own.SendAsync(HttpMethod.Get, "/api/v1/restrictions?state=ended", Operator)).Body!["items"]!.AsArray().Single()!;
        Assert.Equal((Kinds.SendingLocked, "time"), ((string)ended["kind"]!, (string)ended["endedBy"]!));
        Assert.True((DateTimeOffset)ended["endedAt"]! >= until, "It ended early");
    }

    [Fact, Trait("Rule", "RST-9")]
    public async Task A_suspected_compromise_ends_when_an_administrator_changes_the_password_later()
    {
        await service.PlaceAsync(_account, Kinds.CompromiseSuspected);
        await service.PlaceAsync(_account, Kinds.SendingLocked);
        await service.ChangePasswordAsync(_account, Roles.Admin, "192.0.2.2", DateTimeOffset.UtcNow.AddHours(-1)); // told late
        await service.ChangePasswordAsync(_account, Roles.User, "203.0.113.9"); // from a network that is not theirs
        await service.ChangePasswordAsync(_account, Roles.Admin, "192.0.2.2");
        await service.HoldAsync(_account, Kinds.SendingLocked);
        Assert.Equal(1, await service.AskAsync<long>($"select count(*) from mt_events where stream_id = {_account.AccountId} and type = 'restrictions.restriction-lifted.v1'"));
    }

    [Fact, Trait("Rule", "RST-9")]
    public async Task The_user_ends_it_from_a_network_that_was_theirs_before()
    {
        await service.SucceedAsync(_account, "192.0.2.3", DateTimeOffset.UtcNow.AddDays(-5));
        await Eventually.Async(async () => await service.LoginFactsAsync(_account) == 1);
        await service.PlaceAsync(_account, Kinds.CompromiseSuspected);
        await service.ChangePasswordAsync(_account, Roles.User, "192.0.2.99");
        await service.HoldAsync(_account);
    }

    [Fact, Trait("Rule", "ACC-8")]
    public async Task A_password_that_an_operator_replaces_blocks_sending_until_another_one_is_set()
    {
        await service.CreateAsync(_account);
        var forced = new MailAccountPasswordForciblyChanged(
            Guid.NewGuid(), 2, 2, DateTimeOffset.UtcNow, new("operator", "operator", "192.0.2.1", "panel", "s"), _account.AccountId, _account.Domain);
        await service.PublishAsync(forced);
        await service.PublishAsync(forced);
        await service.HoldAsync(_account, Kinds.CompromiseSuspected);
        Assert.Equal(Rules.PasswordForced, (string)(await service.ReadAsync(_account)).Single()!["evidence"]![0]!["rule"]!);
        await service.ChangePasswordAsync(_account, Roles.Admin, "192.0.2.2");
        await service.HoldAsync(_account);
        await service.PublishAsync(forced);
        await service.PlaceAsync(_account, Kinds.SendingLocked);
        await service.HoldAsync(_account, Kinds.SendingLocked);
    }

    [Fact, Trait("Rule", "ACC-8")]
    public async Task A_replaced_password_that_is_told_after_the_next_one_blocks_nothing()
    {
        await service.CreateAsync(_account);
        var at = DateTimeOffset.UtcNow;
        await service.ChangePasswordAsync(_account, Roles.Admin, "192.0.2.2", at);
        await Eventually.Async(() => service.AskAsync<bool>($"select password_set_at is not null from mailbox_space where account_id = {_account.AccountId}"));
        await service.PublishAsync(new MailAccountPasswordForciblyChanged(
            Guid.NewGuid(), 2, 2, at.AddMinutes(-5), new("operator", "operator", "192.0.2.1", "panel", "s"), _account.AccountId, _account.Domain));
        await service.PublishAsync(new MailAccountPasswordForciblyChanged(
            Guid.NewGuid(), 3, 3, at.AddMinutes(5), new("operator", "operator", "192.0.2.1", "panel", "s"), _account.AccountId, _account.Domain));
        await service.HoldAsync(_account, Kinds.CompromiseSuspected);
        Assert.Equal(1, await service.AskAsync<long>($"select count(*) from mt_events where stream_id = {_account.AccountId}"));
        Assert.Equal(at.AddMinutes(5).ToUnixTimeMilliseconds(), ((DateTimeOffset)(await service.ReadAsync(_account)).Single()!["since"]!).ToUnixTimeMilliseconds());
    }

    [Fact, Trait("Rule", "RST-8")]
    public async Task Mail_that_is_stored_later_shows_that_only_the_refused_one_was_too_large()
    {
        await service.CreateAsync(_account, capacityMb: 10);
        var at = DateTimeOffset.UtcNow;
        await service.PublishAsync(new DeliveriesObserved(Node, [Delivery("d1", DeliveryKinds.Refused, at), Delivery("d0", DeliveryKinds.Stored, at.AddSeconds(-1))]));
        await service.HoldAsync(_account, Kinds.OverCapacity);
        await service.PublishAsync(new DeliveriesObserved(Node, [Delivery("d2", DeliveryKinds.Stored, at.AddSeconds(1))]));
        await service.HoldAsync(_account);

        DeliveryObserved Delivery(string id, string kind, DateTimeOffset when) => new($"{_account.AccountId}.{id}", when, _account.AccountId, "received", kind, Dsn: kind == DeliveryKinds.Refused ? "5.2.2" : null);
    }

    [Fact, Trait("Rule", "RST-8"), Trait("Rule", "RST-1")]
    public async Task A_full_mailbox_is_over_capacity_until_space_is_freed_or_capacity_raised()
    {
        await service.CreateAsync(_account, capacityMb: 10);
        await MeasureAsync(10 << 20);
        await service.HoldAsync(_account, Kinds.OverCapacity);
        await MeasureAsync(9 << 20);
        await service.HoldAsync(_account);

        // A message that did not fit, though the mailbox is not full to the last byte.
        await service.PublishAsync(new DeliveriesObserved(Node, [new("d1", DateTimeOffset.UtcNow, _account.AccountId, "received", DeliveryKinds.Refused, Dsn: "5.2.2")]));
        await service.HoldAsync(_account, Kinds.OverCapacity);
        Assert.Equal("容量オーバー", (string)(await service.ReadAsync(_account, UserOf(_account), "ja")).Single()!["word"]!);
        await service.PublishAsync(new MailAccountCapacityChanged(Guid.NewGuid(), 3, 3, DateTimeOffset.UtcNow, new("admin", "a", "", "panel", ""), _account.AccountId, 20, _account.Domain));
        await service.HoldAsync(_account);
        await MeasureAsync(25 << 20);
        await service.HoldAsync(_account, Kinds.OverCapacity);
        var listed = (await service.SendAsync(HttpMethod.Get, $"/api/v1/restrictions?domain={_account.Domain}&kind=over-capacity", Operator)).Body!["items"]!.AsArray();
        Assert.Equal(_account.Address, (string)listed.Single()!["account"]!);

        Task MeasureAsync(long bytes) => service.PublishAsync(new MailboxUsageMeasured(Node, DateTimeOffset.UtcNow, [new(_account.AccountId, bytes, 10)]));
    }
}
