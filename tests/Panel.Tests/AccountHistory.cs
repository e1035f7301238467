using System.Net;
using Hikyaku.Gateway.Tests.Integration;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Hikyaku.Panel.Tests;

[Trait("Rule", "OPS-3"), Trait("Rule", "ROLE-3")]
public class AccountHistory(PanelUnderTest panel)
{
    [Fact]
    public async Task An_administrator_undoes_a_change_and_restores_an_earlier_value()
    {
        var tenant = await panel.TenantAsync();
        var (client, token) = (panel.Platform.Client, await panel.Platform.OperatorAsync());
        await client.MustAsync(HttpStatusCode.OK, HttpMethod.Patch, $"/api/v1/accounts/{tenant.User}", token, new { capacityMb = 25 });
        await client.MustAsync(HttpStatusCode.OK, HttpMethod.Patch, $"/api/v1/accounts/{tenant.User}", token, new { comment = "本社 3 階" });
        await client.MustAsync(HttpStatusCode.Created, HttpMethod.Post, $"/api/v1/accounts/{tenant.User}/forwarding-rules", token, new { condition = "subject", keyword = "請求", destinations = new[] { "x@example.com" } });
        await client.MustAsync(HttpStatusCode.OK, HttpMethod.Put, $"/api/v1/accounts/{tenant.User}/spam", token, new { tagSubject = true, sortToJunk = false });
        var page = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword);
        await page.GotoAsync($"/accounts/{tenant.User}");
        await page.GetByRole(AriaRole.Link, new() { Name = "履歴" }).ClickAsync();

        await Expect(page.Screen("S-HISTORY")).ToBeVisibleAsync();
        await Expect(page.GetByText("転送先 x@example.com (Subject: 請求) を追加")).ToBeVisibleAsync();
        await Expect(page.GetByText("スパムメール件名表示を ON に変更")).ToBeVisibleAsync();
        await Expect(Row(page, "accounts.mail-account-capacity-changed")).ToContainTextAsync("10 MB → 25 MB");
        await Expect(Row(page, "accounts.mail-account-capacity-changed")).ToContainTextAsync("実行者: operator(運用者)");
        await Expect(Row(page, "accounts.mail-account-created")).ToContainTextAsync("この操作は元に戻せません。");
        await page.ExpectNoViolationsAsync();
        await PanelUnderTest.ShootAsync(page, "history-ja");

        await Row(page, "accounts.mail-account-capacity-changed").GetByRole(AriaRole.Button).ClickAsync();
        await Expect(page.Flash("in-force")).ToContainTextAsync("設定容量を元に戻しました。");
        Assert.Equal(10, (await client.GetAsync($"/api/v1/accounts/{tenant.User}", token)).Body!["capacityMb"]!.GetValue<int>());
        await page.ReloadAsync();
        await Expect(Row(page, "accounts.mail-account-capacity-changed")).ToHaveCountAsync(2);

        await Row(page, "accounts.mail-account-comment-changed").GetByRole(AriaRole.Link).ClickAsync();
        await Expect(page.Screen("S-HISTORY-AT")).ToBeVisibleAsync();
        await Expect(Setting(page, "capacityMb")).ToContainTextAsync("当時: 25 MB");
        await Expect(Setting(page, "capacityMb")).ToContainTextAsync("現在は異なります");
        await Expect(Setting(page, "comment")).ToContainTextAsync("現在と同じ");
        await Expect(Setting(page, "tagSubject")).ToContainTextAsync("当時: OFF");
        await page.ExpectNoViolationsAsync();
        await PanelUnderTest.ShootAsync(page, "history-at-ja");
        await Setting(page, "capacityMb").GetByRole(AriaRole.Button).ClickAsync();
        await Expect(page.Flash("in-force")).ToContainTextAsync("設定容量を復元しました。");
        Assert.Equal(25, (await client.GetAsync($"/api/v1/accounts/{tenant.User}", token)).Body!["capacityMb"]!.GetValue<int>());

        await page.Field("t").FillAsync("きのう");
        await page.GetByRole(AriaRole.Button, new() { Name = "表示する" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("のように入力してください。");
        await page.Field("t").FillAsync("2001-01-01 00:00");
        await page.GetByRole(AriaRole.Button, new() { Name = "表示する" }).ClickAsync();
        await Expect(page.GetByText("この時点では、アカウントは存在していません。")).ToBeVisibleAsync();
    }

    [Fact, Trait("Rule", "RTE-6"), Trait("Rule", "ACC-3")]
    public async Task A_user_undoes_what_loses_mail_only_after_being_told()
    {
        var tenant = await panel.TenantAsync();
        var (client, token) = (panel.Platform.Client, await panel.Platform.OperatorAsync());
        await client.MustAsync(HttpStatusCode.OK, HttpMethod.Patch, $"/api/v1/accounts/{tenant.User}", token, new { comment = "hidden words" });
        await client.MustAsync(HttpStatusCode.Created, HttpMethod.Post, $"/api/v1/accounts/{tenant.User}/forwarding-rules", token, new { condition = "from", keyword = "boss", destinations = new[] { "x@example.com" } });
        await client.MustAsync(HttpStatusCode.OK, HttpMethod.Put, $"/api/v1/accounts/{tenant.User}/reception", token, new { enabled = false, confirm = true });
        await client.MustAsync(HttpStatusCode.OK, HttpMethod.Put, $"/api/v1/accounts/{tenant.User}/reception", token, new { enabled = true });
        var page = await panel.SignedInAsync(tenant.User, Deployment.Password, "en", PanelUnderTest.Phone, ColorScheme.Dark);
        await page.GotoAsync("/mail/history");

        await Expect(page.GetByText("Mail reception turned ON")).ToBeVisibleAsync();
        await Expect(page.GetByText("hidden words")).ToHaveCountAsync(0);
        await page.ExpectNoViolationsAsync();
        await PanelUnderTest.ShootAsync(page, "history-en");
        await Row(page, "routing.reception-turned-on").GetByRole(AriaRole.Button).ClickAsync();

        await Expect(page.Flash("confirm")).ToBeVisibleAsync();
        await page.ExpectNoViolationsAsync();
        Assert.True((await client.GetAsync($"/api/v1/accounts/{tenant.User}", token)).Body!["reception"]!.GetValue<bool>());
        await page.GetByRole(AriaRole.Button, new() { Name = "Undo it and accept this" }).ClickAsync();
        await Expect(page.Flash("in-force")).ToContainTextAsync("Mail reception has been undone.");
        Assert.False((await client.GetAsync($"/api/v1/accounts/{tenant.User}", token)).Body!["reception"]!.GetValue<bool>());
    }

    [Theory]
    [InlineData("2026/11/24 13:05", "2026-11-24T04:05:00.0000000Z")]
    [InlineData("2026-11-24 13:05:12", "2026-11-24T04:05:12.9999999Z")]
    [InlineData("2026-11-24T04:05:12.5Z", "2026-11-24T04:05:12.5000000Z")]
    [InlineData("2026-11-24T04:05:12+02:00", "2026-11-24T02:05:12.0000000Z")]
    [InlineData("13:05", null)]
    [InlineData("Z", null)]
    public void A_time_is_read_as_links_and_people_write_it(string text, string? expected)
        => Assert.Equal(expected, Screens.Account.History.PointInTime.Read(text, TimeZoneInfo.FindSystemTimeZoneById("Asia/Tokyo"))?.UtcDateTime.ToString("O", System.Globalization.CultureInfo.InvariantCulture));

    private static ILocator Row(IPage page, string type) => page.Locator($"[data-type='{type}']");

    private static ILocator Setting(IPage page, string name) => page.Locator($"[data-setting={name}]");
}
