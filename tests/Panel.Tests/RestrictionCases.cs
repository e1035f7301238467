using System.Net;
using Hikyaku.Gateway.Tests.Integration;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform.Testing;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Hikyaku.Panel.Tests;

[Trait("Rule", "RST-4"), Trait("Rule", "RST-6")]
public class RestrictionCases(PanelUnderTest panel)
{
    private const string Guesser = "198.51.100.7";
    private const string Intruder = "127.0.77.7";
    private const string IntruderNetwork = "127.0.77.0/24";

    [Theory]
    [InlineData("ja", PanelUnderTest.Desktop, ColorScheme.Light)]
    [InlineData("en", PanelUnderTest.Phone, ColorScheme.Dark)]
    [Trait("Rule", "RST-1")]
    public async Task An_operator_finds_restrictions_and_lifts_several_with_one_reason(string language, int width, ColorScheme scheme)
    {
        var isJapanese = language == "ja";
        var tenant = await panel.TenantAsync();
        var boss = await panel.Platform.OperatorAsync();
        await PlaceAsync(tenant.User, "sending-locked", boss);
        await PlaceAsync(tenant.OtherUser, "compromise-suspected", boss);
        var (id, at) = (await panel.Platform.AccountIdAsync(tenant.User), DateTimeOffset.UtcNow);
        await panel.Platform.ObserveAsync(new LoginsObserved("mail1", [.. Enumerable.Range(0, 10).Select(i => new LoginObserved(
            at, at, 1, id, tenant.User, Guesser, "imap", Tls: true, Success: false, $"a0{i}", null, LoginFailures.Credentials))]));
        await Eventually.Async(async () => (await KindsAsync(tenant.User, boss)).Contains("account-locked"));
        var admin = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword, language);
        Assert.Equal(404, (await admin.GotoAsync("/ops/restrictions"))!.Status);

        var page = await panel.SignedInAsync("operator", Deployment.OperatorPassword, language, width, scheme);
        await page.GotoAsync("/ops/restrictions");
        await page.Field("domain").FillAsync("no domain");
        await NarrowAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("example.jp");
        await page.Field("domain").FillAsync(tenant.Domain);
        await NarrowAsync();
        await Expect(Rows(page)).ToHaveCountAsync(3);
        await Expect(Row(page, "account-locked", tenant.User)).ToContainTextAsync(isJapanese ? "異なる誤りパスワードの数 10 (基準 10)" : "Distinct wrong passwords 10 (limit 10)");
        await Expect(Row(page, "sending-locked", tenant.User)).ToContainTextAsync(isJapanese ? "メール送信ロック" : "Sending locked");
        await page.ExpectNoViolationsAsync();
        await PanelUnderTest.ShootAsync(page, $"restrictions-{language}");
        await page.Field("kind").SelectOptionAsync("account-locked");
        await NarrowAsync();
        await Expect(Rows(page)).ToHaveCountAsync(1);
        await page.GoBackAsync();

        foreach (var (kind, account) in new[] { ("sending-locked", tenant.User), ("compromise-suspected", tenant.OtherUser) }) await Row(page, kind, account).GetByRole(AriaRole.Checkbox).CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = isJapanese ? "選択した規制を解除" : "Lift the chosen" }).ClickAsync();
        await Expect(page.Screen("S-OPS-RST-LIFT").Locator("tbody tr")).ToHaveCountAsync(2);
        await page.ReloadAsync();
        await page.Locator("form.form button.primary").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToBeVisibleAsync();
        await page.ExpectNoViolationsAsync();
        Assert.Equal(["sending-locked"], (await KindsAsync(tenant.User, boss)).Where(k => k != "account-locked"));
        await page.Field("reason").FillAsync("お客様に確認済み");
        await PanelUnderTest.ShootAsync(page, $"restrictions-lift-{language}");
        await page.Locator("form.form button.primary").ClickAsync();
        await Expect(page.Flash("saved")).ToContainTextAsync(isJapanese ? "2 件の規制を解除しました。" : "2 restrictions lifted.");
        Assert.Empty(await KindsAsync(tenant.OtherUser, boss));
        Assert.Contains("お客様に確認済み", (await panel.Platform.Client.GetAsync($"/api/v1/accounts/{tenant.User}/history", boss)).Text, StringComparison.Ordinal);

        await page.GotoAsync($"/ops/restrictions?state=ended&domain={tenant.Domain}");
        await Expect(Rows(page)).ToHaveCountAsync(2);
        await Expect(Row(page, "sending-locked", tenant.User)).ToContainTextAsync(isJapanese ? "運用者が解除" : "lifted by an operator");
        await page.ExpectNoViolationsAsync();
        await page.GotoAsync($"/ops/restrictions?kind=sending-locked&domain={tenant.Domain}");
        await Expect(page.Locator(".empty")).ToContainTextAsync(isJapanese ? "条件に合う規制はありません。" : "No restriction matches.");

        Task NarrowAsync() => page.GetByRole(AriaRole.Button, new() { Name = isJapanese ? "絞り込む" : "Show" }).ClickAsync();
    }

    [Fact]
    public async Task The_queue_says_that_the_restrictions_service_is_away()
    {
        var tenant = await panel.TenantAsync();
        var gateway = await panel.Platform.NewGatewayAsync(panel.Platform.AccountsAddress, "--Hikyaku:Services:restrictions=http://127.0.0.1:1");
        await using var other = await panel.StartPanelAsync(new Uri(gateway.Urls.First()));
        using var client = new Client(gateway.Urls.First());
        var page = await panel.PageAsync(panel: new Uri(other.Urls.First()));
        await page.Context.AddCookiesAsync([new() { Name = "panel-admin", Value = await client.SignInAsync("operator", Deployment.OperatorPassword), Url = other.Urls.First() }]);
        foreach (var path in new[] { "/ops/restrictions", $"/ops/restrictions/{tenant.User}", $"/ops/restrictions/lift?names=sending-locked/{tenant.User}" })
        {
            Assert.Equal(503, (await page.GotoAsync(path))!.Status);
            await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("サーバーに接続できません。");
        }

        Assert.Equal(200, (await page.GotoAsync($"/accounts/{tenant.User}"))!.Status);
    }

    [Theory]
    [InlineData("ja", PanelUnderTest.Desktop, ColorScheme.Light)]
    [InlineData("en", PanelUnderTest.Phone, ColorScheme.Dark)]
    [Trait("Rule", "RST-9"), Trait("Rule", "ACC-8"), Trait("Rule", "OPS-3")]
    public async Task An_operator_works_through_a_case_from_restricting_to_closing(string language, int width, ColorScheme scheme)
    {
        var isJapanese = language == "ja";
        var tenant = await panel.TenantAsync();
        var (client, boss, account) = (panel.Platform.Client, await panel.Platform.OperatorAsync(), $"/api/v1/accounts/{tenant.User}");
        await BreakInAsync(tenant.User);
        await client.MustAsync(HttpStatusCode.OK, HttpMethod.Patch, account, boss, new { comment = "本社 3 階" });
        var page = await panel.SignedInAsync("operator", Deployment.OperatorPassword, language, width, scheme);

        // Restrict by hand.
        await page.GotoAsync($"/accounts/{tenant.User}");
        await page.GetByRole(AriaRole.Link, new() { Name = isJapanese ? "規制をかける" : "Restrict", Exact = true }).ClickAsync();
        await Expect(page.Screen("S-OPS-CASE")).ToBeVisibleAsync();
        await page.Field("until").FillAsync("あした");
        await page.Locator("form.form button.primary").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert).GetByRole(AriaRole.Link)).ToHaveCountAsync(3); // kind, reason and time
        await page.ExpectNoViolationsAsync();
        Assert.Empty(await KindsAsync(tenant.User, boss));
        await page.Locator("[name=kind][value=compromise-suspected]").CheckAsync();
        await page.Field("reason").FillAsync("他社からの通報");
        await page.Field("until").FillAsync("");
        await page.Locator("form.form button.primary").ClickAsync();
        await Expect(page.Flash("in-force")).ToContainTextAsync(isJapanese ? "規制をかけました。" : "The account is restricted.");
        Assert.Equal(["compromise-suspected"], await KindsAsync(tenant.User, boss));
        await PlaceAsync(tenant.User, "sending-locked", boss);

        // Evidence, by network.
        await StepAsync("evidence");
        await Expect(page.Locator("[data-restriction=compromise-suspected]")).ToContainTextAsync("他社からの通報");
        await Expect(page.Locator("tr[data-fact=restricted]").First).ToBeVisibleAsync();
        await page.ExpectNoViolationsAsync();
        await PanelUnderTest.ShootAsync(page, $"case-evidence-{language}");
        await page.Locator("tr[data-fact=login]").GetByRole(AriaRole.Link).First.ClickAsync();
        await Expect(page.Locator("tr[data-fact=restricted]")).ToHaveCountAsync(0);
        await Expect(page.Locator("tr[data-fact=login]").First).ToContainTextAsync(IntruderNetwork);
        Assert.Equal(400, (await page.GotoAsync($"/ops/restrictions/{tenant.User}?network=office"))!.Status);
        await Expect(page.GetByRole(AriaRole.Alert)).ToBeVisibleAsync();

        // Rewind: what the intruder changed is ticked, what the operator changed is not.
        await StepAsync("rewind");
        await Expect(page.Locator("[data-suspected=true] input:checked")).ToHaveCountAsync(2);
        await Expect(page.Locator("[data-type='accounts.mail-account-comment-changed'] input")).Not.ToBeCheckedAsync();
        await page.ExpectNoViolationsAsync();
        await PanelUnderTest.ShootAsync(page, $"case-rewind-{language}");
        foreach (var box in await page.Locator("[data-suspected=true] input").AllAsync()) await box.UncheckAsync();
        await UndoChosenAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToBeVisibleAsync();
        await StepAsync("rewind");
        await UndoChosenAsync();
        await Expect(page.Flash("in-force")).ToContainTextAsync(isJapanese ? "2 件の変更を元に戻しました。" : "2 changes have been undone.");
        Assert.Empty((await client.GetAsync(account + "/forwarding-rules", boss)).Body!["items"]!.AsArray());
        var now = (await client.GetAsync(account, boss)).Body!;
        Assert.Equal((false, "本社 3 階"), ((bool)now["spam"]!["tagSubject"]!, (string)now["comment"]!));

        await DealWithHeldMailAsync(page, tenant.User, isJapanese, StepAsync);

        // The password, by nobody's will but the operator's.
        await StepAsync("stop");
        await page.GetByRole(AriaRole.Link, new() { Name = isJapanese ? "パスワードを強制変更する" : "Force password change" }).ClickAsync();
        await page.Locator("form.form button.primary").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToBeVisibleAsync();
        await page.ExpectNoViolationsAsync();
        Assert.False((bool)(await client.GetAsync(account, boss)).Body!["passwordForciblyChanged"]!);
        await page.Field("reason").FillAsync("パスワード漏えいの疑い");
        await page.Locator("form.form button.primary").ClickAsync();
        await Expect(page.Flash("in-force")).ToContainTextAsync(isJapanese ? "パスワードを強制変更しました。" : "The password has been forcibly changed.");
        Assert.True((bool)(await client.GetAsync(account, boss)).Body!["passwordForciblyChanged"]!);

        await StepAsync("close");
        await Expect(page.Locator("[data-check=password]")).ToHaveAttributeAsync("data-done", "false");
        await client.MustAsync(HttpStatusCode.NoContent, HttpMethod.Put, account + "/password", boss, new { @new = "Tsukimi-34cd-yo" });
        await Eventually.Async(() => KindsAsync(tenant.User, boss), kinds => kinds is ["sending-locked"]);
        await page.ReloadAsync();
        foreach (var check in new[] { "password", "rewind", "mail" }) await Expect(page.Locator($"[data-check={check}]")).ToHaveAttributeAsync("data-done", "true");
        await page.Locator("form.form button.primary").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToBeVisibleAsync();
        await page.ExpectNoViolationsAsync();
        await page.Field("reason").FillAsync("お客様と対応済み");
        await page.Locator("form.form button.primary").ClickAsync();
        await Expect(page.Flash("in-force")).ToContainTextAsync(isJapanese ? "対応を完了しました。" : "the case is closed.");
        Assert.Empty(await KindsAsync(tenant.User, boss));
        await PanelUnderTest.ShootAsync(page, $"case-close-{language}");

        // The case stays readable.
        await StepAsync("evidence");
        await Expect(page.Locator("[data-restriction=compromise-suspected]").First).ToContainTextAsync(isJapanese ? "パスワードの変更" : "by a new password");

        Task StepAsync(string step) => page.GotoAsync($"/ops/restrictions/{tenant.User}?step={step}&kind=compromise-suspected");

        Task UndoChosenAsync() => page.GetByRole(AriaRole.Button, new() { Name = isJapanese ? "選んだ変更を元に戻す" : "Undo the chosen" }).ClickAsync();
    }

    // What the node holds it tells anew when an operator's decision has been obeyed.
    private async Task DealWithHeldMailAsync(IPage page, string user, bool isJapanese, Func<string, Task> step)
    {
        var (id, boss, at) = (await panel.Platform.AccountIdAsync(user), await panel.Platform.OperatorAsync(), DateTimeOffset.UtcNow);
        HeldMessage[] messages = [new("4a01", at.AddMinutes(-2), 900, ["one@elsewhere.example"]), new("4a02", at.AddMinutes(-1), 800, ["two@elsewhere.example"])];
        await HoldAsync(messages, 0);
        foreach (var (message, i) in messages.Select((m, i) => (m, i)))
        {
            await step("mail");
            await Expect(page.Locator("tr[data-message]")).ToHaveCountAsync(messages.Length - i);
            if (i == 0) await page.ExpectNoViolationsAsync();
            await DecideAsync(i);
            await Expect(page.Screen("S-OPS-CASE-MAIL").Locator(".empty")).ToBeVisibleAsync(); // nothing was chosen
            await page.GoBackAsync();
            await page.Locator($"tr[data-message='mail1:{message.QueueId}']").GetByRole(AriaRole.Checkbox).CheckAsync();
            await DecideAsync(i);
            await page.ExpectNoViolationsAsync();
            await PanelUnderTest.ShootAsync(page, $"case-mail-{i}-{(isJapanese ? "ja" : "en")}");
            await page.GetByRole(AriaRole.Button, new() { Name = (isJapanese, i) switch { (true, 0) => "1 通を配送する", (true, _) => "1 通を削除する", (_, 0) => "Release 1", _ => "Delete 1" } }).ClickAsync();
            await Expect(page.Flash("in-force")).ToBeVisibleAsync();
            await HoldAsync(messages[(i + 1)..], i + 1);
        }

        await step("mail");
        await Expect(page.GetByText(isJapanese ? "保留中のメールはありません。" : "No mail is held.")).ToBeVisibleAsync();
        var history = (await panel.Platform.Client.GetAsync($"/api/v1/accounts/{user}/history", boss)).Body!["items"]!.AsArray();
        Assert.Equal([false, true], history.Where(h => (string)h!["type"]! == "restrictions.held-mail-decided").Select(h => (bool)h!["data"]!["isReleased"]!));

        Task DecideAsync(int i) => page.GetByRole(AriaRole.Button, new() { Name = (isJapanese, i) switch { (true, 0) => "配送する", (true, _) => "削除する", (_, 0) => "Release", _ => "Delete" }, Exact = true }).ClickAsync();

        async Task HoldAsync(HeldMessage[] held, int seconds)
        {
            await panel.Platform.TellAsync(new MailHeld("mail1", id, at.AddSeconds(seconds), held));
            await Eventually.Async(() => panel.Platform.Client.GetAsync($"/api/v1/accounts/{user}/held-mail", boss), r => r.Body!["items"]!.AsArray().Count == held.Length);
        }
    }

    // Somebody who knows the password signs in from a network that is new to the account, and changes settings.
    private async Task BreakInAsync(string user)
    {
        using var intruder = new Client(panel.Platform.GatewayAddress, IPAddress.Parse(Intruder));
        var token = await intruder.SignInAsync(user, Deployment.Password);
        await intruder.MustAsync(HttpStatusCode.OK, HttpMethod.Put, $"/api/v1/accounts/{user}/spam", token, new { tagSubject = true, sortToJunk = false });
        await intruder.MustAsync(HttpStatusCode.Created, HttpMethod.Post, $"/api/v1/accounts/{user}/forwarding-rules", token, new { condition = "all", destinations = new[] { "thief@elsewhere.example" } });
        var id = await panel.Platform.AccountIdAsync(user);
        await Eventually.Async(async () => (string?)await panel.Platform.AskRestrictionsAsync("select network from login_network where account_id = $1", id) == IntruderNetwork);
    }

    private Task<Reply> PlaceAsync(string account, string kind, string boss)
        => panel.Platform.Client.MustAsync(HttpStatusCode.Created, HttpMethod.Post, $"/api/v1/accounts/{account}/restrictions", boss, new { kind, reason = "大量送信" });

    private async Task<List<string>> KindsAsync(string account, string boss)
        => [.. (await panel.Platform.Client.GetAsync($"/api/v1/accounts/{account}/restrictions", boss)).Body!.AsArray().Select(r => (string)r!["kind"]!)];

    private static ILocator Rows(IPage page) => page.Locator("table[data-list=restrictions] tbody tr");

    private static ILocator Row(IPage page, string kind, string account) => page.Locator($"tr[data-restriction='{kind}/{account}']");
}
