using System.Net;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using Hikyaku.Restrictions.Accounts;
using static Hikyaku.Platform.Testing.ServiceUnderTest;
using static Hikyaku.Restrictions.Tests.Integration.RestrictionsService;

namespace Hikyaku.Restrictions.Tests.Integration;

/// <summary>What operators look into and decide, and what users see of their own failed logins.</summary>
public sealed class Explaining_restrictions(RestrictionsService service) : IClassFixture<RestrictionsService>
{
    private readonly Target _account = NewAccount();

    [Fact, Trait("Rule", "RST-3"), Trait("Rule", "RST-7")]
    public async Task A_user_finds_the_device_that_has_an_old_password()
    {
        var now = DateTimeOffset.UtcNow;
        await service.LogInsAsync(
        [
            .. Enumerable.Range(0, 5).Select(i => Login(_account, "192.0.2.7", false, now.AddMinutes(-i * 5), "abc") with { Client = "Phone 3" }),
            Login(_account, "198.51.100.7", false, now.AddMinutes(-90), "123"), Login(_account, "198.51.100.8", false, now.AddMinutes(-91), "456"),
            Login(_account, "192.0.2.7", true, now, null),
        ]);
        await Eventually.Async(async () => await service.LoginFactsAsync(_account) == 8);
        var read = await service.SendAsync(HttpMethod.Get, $"/api/v1/accounts/{_account.Address}/login-failures", UserOf(_account), _account);
        var items = read.Body!["items"]!.AsArray();
        Assert.Equal(2, items.Count);
        Assert.Equal(("Phone 3", "192.0.2.0/24", 5, true), ((string)items[0]!["client"]!, (string)items[0]!["network"]!, (int)items[0]!["failures"]!, (bool)items[0]!["samePassword"]!));
        Assert.Equal(("198.51.100.0/24", 2, false), ((string)items[1]!["network"]!, (int)items[1]!["failures"]!, (bool)items[1]!["samePassword"]!));
        Assert.DoesNotContain("abc", read.Text, StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "RST-4")]
    public async Task An_operator_reads_the_facts_around_a_restriction_by_network()
    {
        Assert.Equal(HttpStatusCode.NotFound, (await TimelineAsync("")).Status);
        await service.FailAsync(_account, "203.0.113.5", 3);
        await service.SendMailAsync(_account, Strangers(3), "203.0.113.6");
        await service.SucceedAsync(_account, "192.0.2.7");
        await Eventually.Async(async () => await service.LoginFactsAsync(_account) == 4 && await service.AskAsync<bool>($"select exists (select from submission where account_id = {_account.AccountId})"));
        await service.PlaceAsync(_account, Kinds.SendingLocked);
        await service.LiftAsync(_account, Kinds.SendingLocked);
        var all = (await TimelineAsync("")).Body!["items"]!.AsArray();
        Assert.Equal(["lifted", "login", "login", "login", "login", "restricted", "submission"], all.Select(i => (string)i!["type"]!).Order(StringComparer.Ordinal));
        Assert.Equal(3, all.Single(i => (string)i!["type"]! == "submission")!["to"]!.AsArray().Count);
        var ofOne = (await TimelineAsync("?network=203.0.113.0/24")).Body!["items"]!.AsArray();
        Assert.Equal(["login", "login", "login", "submission"], ofOne.Select(i => (string)i!["type"]!).Order(StringComparer.Ordinal));
        var first = (await TimelineAsync("?limit=5")).Body!;
        Assert.Equal((5, 2), (first["items"]!.AsArray().Count, (await TimelineAsync($"?limit=5&cursor={(string)first["next"]!}")).Body!["items"]!.AsArray().Count));
        var report = await service.SendAsync(HttpMethod.Get, $"/api/v1/accounts/{_account.Address}/restrictions/{Kinds.SendingLocked}/report", Operator, _account, null, ("Accept-Language", "ja"));
        Assert.StartsWith($"{_account.Address}: メール送信ロック (", report.Text, StringComparison.Ordinal);
        Assert.Contains("- 認証失敗 3 件 (1 ネットワーク)\n- 認証成功 1 件 (接続元: 192.0.2.0/24)\n- 送信 1 通、宛先 3 件 (うち初めての宛先 3 件)\n", report.Text, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, (await TimelineAsync("?network=office")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await TimelineAsync("", AdminOf(_account.Domain))).Status);
    }

    [Fact, Trait("Rule", "RST-4"), Trait("Rule", "RST-5")]
    public async Task The_list_shows_operators_the_rule_and_its_figures_also_of_what_has_ended()
    {
        await service.FailAsync(_account, "203.0.113.5", 11);
        await service.HoldAsync(_account, Kinds.AccountLocked);
        await service.SendMailAsync(_account, Strangers(201));
        await service.HoldAsync(_account, Kinds.AccountLocked, Kinds.SendingLocked);
        await service.LiftAsync(_account, Kinds.AccountLocked);
        var locked = await FiguresAsync(Operator, "ended");
        Assert.Equal((Rules.WrongPasswords, "distinct-wrong-passwords", 11, 10, 10), locked);
        Assert.Equal((Rules.FirstTimePerDay, "first-time-per-day", 201, 200, 24 * 60), await FiguresAsync(Operator, "active"));
        Assert.Null(await FiguresAsync(AdminOf(_account.Domain), "active"));

        async Task<(string, string, int, int, int)?> FiguresAsync(Caller caller, string state)
        {
            var listed = (await service.SendAsync(HttpMethod.Get, $"/api/v1/restrictions?domain={_account.Domain}&state={state}", caller)).Body!["items"]!.AsArray().Single()!;
            return listed["counted"] is { } counted && counted["signs"]!.AsArray().Single() is { } sign
                ? ((string)listed["rule"]!, (string)sign["name"]!, (int)sign["value"]!, (int)sign["limit"]!, (int)sign["minutes"]!) : null;
        }
    }

    [Fact, Trait("Rule", "RST-4"), Trait("Rule", "RST-9")]
    public async Task An_intrusion_is_dated_by_the_first_login_from_a_new_network()
    {
        var (path, now) = ($"/internal/accounts/{_account.AccountId}/intrusion/{Kinds.CompromiseSuspected}", DateTimeOffset.UtcNow);
        Assert.Equal(HttpStatusCode.NotFound, (await service.SendAsync(HttpMethod.Get, path, Operator, _account)).Status);
        await service.SucceedAsync(_account, "192.0.2.7", now.AddDays(-3));
        await service.SucceedAsync(_account, "192.0.2.7", now.AddMinutes(-40));
        await service.SucceedAsync(_account, "203.0.113.5", now.AddMinutes(-30));
        await service.SucceedAsync(_account, "203.0.113.6", now.AddMinutes(-20));
        await service.SendMailAsync(_account, Strangers(3), "203.0.113.6", now.AddMinutes(-10));
        await service.SendMailAsync(_account, Strangers(5), "192.0.2.7", now.AddMinutes(-10));
        await Eventually.Async(() => service.AskAsync<long>(
            $"select (select count(*) from login where account_id = {_account.AccountId}) + (select count(*) from submission where account_id = {_account.AccountId}) + (select count(*) from login_network where account_id = {_account.AccountId})"), n => n == 8);
        await service.PlaceAsync(_account, Kinds.CompromiseSuspected);
        var view = (await service.SendAsync(HttpMethod.Get, path, Operator, _account)).Body!;
        Assert.Equal(["203.0.113.0/24"], view["networks"]!.AsArray().Select(n => (string)n!));
        Assert.Equal((2, 1, 3), ((int)view["logins"]!, (int)view["messages"]!, (int)view["recipients"]!));
        Assert.InRange((DateTimeOffset)view["since"]!, now.AddMinutes(-30).AddMilliseconds(-1), now.AddMinutes(-30));
        var later = (await service.SendAsync(HttpMethod.Get, $"{path}?since={Uri.EscapeDataString(now.AddMinutes(-25).ToString("O"))}", Operator, _account)).Body!;
        Assert.Equal(1, (int)later["logins"]!);
        Assert.Equal(HttpStatusCode.BadRequest, (await service.SendAsync(HttpMethod.Get, $"{path}?since=yesterday", Operator, _account)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await service.SendAsync(HttpMethod.Get, path, Operator, NewAccount())).Status);
    }

    [Fact, Trait("Rule", "RST-9")]
    public async Task Held_mail_is_released_or_deleted_all_or_none()
    {
        await service.PlaceAsync(_account, Kinds.CompromiseSuspected);
        var at = DateTimeOffset.UtcNow;
        await service.PublishAsync(new MailHeld(Node, _account.AccountId, at, [new("4a01", at.AddMinutes(-2), 900, ["one@elsewhere.example"]), new("4a02", at.AddMinutes(-1), 800, [])]));
        await service.PublishAsync(new MailHeld(Node, _account.AccountId, at.AddMinutes(-5), [new("4a00", at, 1, [])])); // told late
        var held = await Eventually.Async(() => SendAsync(HttpMethod.Get, "held-mail"), r => r.Body!["items"]!.AsArray().Count == 2);
        Assert.Equal([$"{Node}:4a01", $"{Node}:4a02"], held.Body!["items"]!.AsArray().Select(i => (string)i!["id"]!));

        var refused = await SendAsync(HttpMethod.Post, "held-mail/release", new { ids = new[] { $"{Node}:4a01", $"{Node}:4a00", "nonsense" } });
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "restrictions.not-held restrictions.not-held"), (refused.Status, string.Join(' ', refused.Codes)));
        Assert.Equal("restrictions.messages-missing", (await SendAsync(HttpMethod.Post, "held-mail/delete", new { ids = Array.Empty<string>() })).Codes.Single());
        Assert.Equal(HttpStatusCode.NoContent, (await SendAsync(HttpMethod.Post, "held-mail/release", new { ids = new[] { $"{Node}:4a01" } })).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await SendAsync(HttpMethod.Post, "held-mail/delete", new { ids = new[] { $"{Node}:4a02" } })).Status);
        var state = (await service.ListAsync()).Split('\n').Single(l => l.Contains(_account.AccountId, StringComparison.Ordinal));
        Assert.Contains("""{"node":"mail1","queueId":"4a01","isReleased":true},{"node":"mail1","queueId":"4a02","isReleased":false}""", state, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Forbidden, (await SendAsync(HttpMethod.Get, "held-mail", null, UserOf(_account))).Status);
    }

    [Fact, Trait("Rule", "RST-5")]
    public async Task Thresholds_are_tried_on_what_was_observed_and_nothing_is_saved()
    {
        var quiet = NewAccount(_account.Domain);
        await service.FailAsync(_account, "203.0.113.5", 6, at: DateTimeOffset.UtcNow.AddMinutes(-30));
        await service.SendMailAsync(quiet, Strangers(40), at: DateTimeOffset.UtcNow.AddHours(-2));
        await service.CreateAsync(_account);
        await Eventually.Async(async () => await service.LoginFactsAsync(_account) == 6 && await service.AskAsync<bool>($"select exists (select from mailbox_space where account_id = {quiet.AccountId} and address is not null)"));

        var trial = await TryAsync(new { values = new { wrongPasswords = 5, firstTimePerDay = 30 }, domain = _account.Domain });
        Assert.Equal((HttpStatusCode.OK, 7, 2, 0), (trial.Status, (int)trial.Body!["facts"]!, (int)trial.Body["accounts"]!, (int)trial.Body["nowAccounts"]!));
        var items = trial.Body["items"]!.AsArray();
        Assert.Equal([$"{quiet.Address} sending-locked first-time-per-day", $"{_account.Address} account-locked wrong-passwords"], items.Select(i => $"{i!["account"]} {i["kind"]} {i["rule"]}"));
        Assert.Equal((false, false), ((bool)items[0]!["nowAlso"]!, (bool)items[0]!["otherSigns"]!));
        Assert.Empty(await service.KindsAsync(_account));
        Assert.Equal(0, (int)(await TryAsync(new { values = new { }, domain = _account.Domain })).Body!["accounts"]!);
        var refused = await TryAsync(new { values = new { wrongPasswords = 1 }, from = "yesterday", domain = "x" });
        Assert.Equal(["restrictions.value-range", "restrictions.until-malformed", "request.bad-parameter"], refused.Codes);
    }

    private Task<ServiceReply> TryAsync(object body) => service.SendAsync(HttpMethod.Post, "/api/v1/restriction-policy/trial", Operator, null, body);

    private Task<ServiceReply> TimelineAsync(string query, Caller? caller = null) => SendAsync(HttpMethod.Get, $"restrictions/{Kinds.SendingLocked}/timeline{query}", null, caller);

    private Task<ServiceReply> SendAsync(HttpMethod method, string path, object? body = null, Caller? caller = null)
        => service.SendAsync(method, $"/api/v1/accounts/{_account.Address}/{path}", caller ?? Operator, _account, body);
}
