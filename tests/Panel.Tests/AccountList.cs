using System.Net;
using Hikyaku.Gateway.Tests.Integration;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Hikyaku.Panel.Tests;

[Trait("Rule", "PNL-4")]
public class AccountList(PanelUnderTest panel)
{
    [Theory]
    [InlineData("ja", PanelUnderTest.Desktop, ColorScheme.Light)]
    [InlineData("en", PanelUnderTest.Phone, ColorScheme.Dark)]
    public async Task It_searches_sorts_and_pages_by_its_address(string language, int width, ColorScheme scheme)
    {
        var tenant = await TenantAsync(23);
        var page = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword, language, width, scheme);
        await page.GotoAsync("/accounts");
        await Expect(page.Screen("S-ACC-LIST")).ToBeVisibleAsync();
        await Expect(page.Locator("tr[data-account]")).ToHaveCountAsync(26);
        await PanelUnderTest.ShootAsync(page, $"accounts-{language}");

        await page.GetByRole(AriaRole.Link, new() { Name = "20", Exact = true }).ClickAsync();
        await Expect(page.Locator("tr[data-account]")).ToHaveCountAsync(20);
        await page.Locator("a[rel=next]").ClickAsync();
        await Expect(page.Locator("tr[data-account]")).ToHaveCountAsync(6);
        await page.ReloadAsync();
        await Expect(page.Locator("tr[data-account]")).ToHaveCountAsync(6);
        await page.GoBackAsync();
        await Expect(page.Locator("tr[data-account]")).ToHaveCountAsync(20);
        await page.GoForwardAsync();
        await page.Locator("a[rel=prev]").ClickAsync();
        await Expect(page.Locator("tr[data-account]")).ToHaveCountAsync(20);

        await page.Field("query").FillAsync("user07");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("tr[data-account]")).ToHaveCountAsync(1);
        Assert.Contains("query=user07", page.Url, StringComparison.Ordinal);
        await page.Field("query").FillAsync("営業部");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByText(language == "ja" ? "『営業部』に一致するアカウントはありません。" : "No account matches '営業部'.")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Heads_sort_and_say_so()
    {
        var tenant = await TenantAsync(2);
        var page = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword);
        await page.GotoAsync($"/domains/{tenant.Domain}/accounts");
        await Expect(page.Locator("tr[data-account]").First).ToHaveAttributeAsync("data-account", tenant.OtherUser);

        await page.GetByRole(AriaRole.Columnheader, new() { Name = "アカウント" }).GetByRole(AriaRole.Link).ClickAsync();
        await Expect(page.Locator("th[aria-sort=descending]")).ToContainTextAsync("アカウント");
        await Expect(page.Locator("tr[data-account]").First).ToHaveAttributeAsync("data-account", $"user01@{tenant.Domain}");
    }

    [Fact]
    [Trait("Rule", "ROLE-2")]
    public async Task A_domain_of_others_is_not_there()
    {
        var (mine, others) = (await panel.TenantAsync(), await panel.TenantAsync());
        var page = await panel.SignedInAsync(mine.Admin, PanelUnderTest.AdminPassword);

        foreach (var path in new[] { $"/domains/{others.Domain}/accounts", $"/domains/{others.Domain}/accounts/new", $"/accounts/{others.User}", $"/accounts/{others.User}/details", $"/accounts/{others.User}/delete" })
        {
            Assert.Equal(404, (await page.GotoAsync(path))!.Status);
            await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("ページが見つかりません。");
        }
    }

    [Fact]
    [Trait("Rule", "ACC-4")]
    public async Task Postmaster_can_be_neither_chosen_nor_deleted()
    {
        var tenant = await panel.TenantAsync();
        var page = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword);
        await page.GotoAsync($"/domains/{tenant.Domain}/accounts");
        var row = page.Locator($"tr[data-account='postmaster@{tenant.Domain}']");

        await Expect(row.GetByText("システムアカウントのため削除できません")).ToBeVisibleAsync();
        await Expect(row.GetByRole(AriaRole.Checkbox)).ToHaveCountAsync(0);

        await page.GotoAsync($"/domains/{tenant.Domain}/accounts/delete?names=taro&names=postmaster");
        await page.GetByRole(AriaRole.Button, new() { Name = "削除する" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("postmaster は削除できません。どのアカウントも削除していません。");
        await page.GetByRole(AriaRole.Link, new() { Name = "該当アカウントを外す" }).ClickAsync();
        await Expect(page.GetByText("次の 1 件のメールアカウントを削除します。")).ToBeVisibleAsync();
    }

    [Fact]
    [Trait("Rule", "ACC-5")]
    public async Task Chosen_accounts_of_several_pages_are_deleted_together()
    {
        var tenant = await TenantAsync(23);
        var page = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword);
        await page.GotoAsync($"/domains/{tenant.Domain}/accounts?limit=20");
        foreach (var name in new[] { "user01", "user02", "user03", "user04", "user05", "user06", "user07", "user08" })
            await page.GetByLabel($"{name}@{tenant.Domain} を選択").CheckAsync();
        await page.Locator("a[rel=next]").ClickAsync();
        foreach (var name in new[] { "user20", "user21" }) await page.GetByLabel($"{name}@{tenant.Domain} を選択").CheckAsync();
        await Expect(page.GetByText("10 件を選択中")).ToBeVisibleAsync();
        await PanelUnderTest.ShootAsync(page, "accounts-chosen");
        await page.GetByRole(AriaRole.Button, new() { Name = "選択したアカウントを削除" }).ClickAsync();

        await Expect(page.Screen("S-ACC-DELETE-MANY")).ToBeVisibleAsync();
        await PanelUnderTest.ShootAsync(page, "accounts-delete");
        await page.GetByRole(AriaRole.Button, new() { Name = "削除する" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("件数が違います。削除するのは 10 件です。");
        await page.Field("count").FillAsync("10");
        await page.GetByRole(AriaRole.Button, new() { Name = "削除する" }).ClickAsync();
        await page.WaitForURLAsync(url => !url.Contains("/accounts/delete", StringComparison.Ordinal));

        var gone = await panel.Platform.Client.GetAsync($"/api/v1/accounts/user20@{tenant.Domain}", await panel.Platform.OperatorAsync());
        Assert.Equal(HttpStatusCode.NotFound, gone.Status);
        await page.GotoAsync($"/domains/{tenant.Domain}/accounts");
        await Expect(page.Locator("tr[data-account]")).ToHaveCountAsync(16);
        await Expect(page.GetByText("件を選択中")).ToBeHiddenAsync();
    }

    [Fact]
    [Trait("Rule", "ACC-5")]
    public async Task One_account_is_deleted_after_a_page_that_says_what_goes()
    {
        var tenant = await panel.TenantAsync();
        var page = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword, script: false);
        await page.GotoAsync($"/domains/{tenant.Domain}/accounts");
        await page.GetByRole(AriaRole.Link, new() { Name = $"×(削除): {tenant.User}" }).ClickAsync();
        await Expect(page.GetByText("復旧はできません。")).ToBeVisibleAsync();
        await page.ReloadAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "削除する" }).ClickAsync();
        await page.WaitForURLAsync(url => !url.Contains("/delete", StringComparison.Ordinal));

        Assert.Equal(HttpStatusCode.NotFound, (await panel.Platform.Client.GetAsync($"/api/v1/accounts/{tenant.User}", await panel.Platform.OperatorAsync())).Status);
    }

    [Fact]
    public async Task Nothing_chosen_is_told()
    {
        var tenant = await panel.TenantAsync();
        var page = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword);
        await page.GotoAsync($"/domains/{tenant.Domain}/accounts/delete");
        await Expect(page.GetByText("削除するアカウントが選択されていません。")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_cursor_that_is_none_shows_the_list_from_its_start()
    {
        var tenant = await panel.TenantAsync();
        var page = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword);
        await page.GotoAsync($"/domains/{tenant.Domain}/accounts?sort=createdAt&cursor=nonsense");
        await Expect(page.GetByText("一覧が更新されたため、先頭から表示しています。")).ToBeVisibleAsync();
        await Expect(page.Locator("tr[data-account]")).ToHaveCountAsync(3);
    }

    private async Task<Tenant> TenantAsync(int more)
    {
        var tenant = await panel.TenantAsync();
        var token = await panel.Platform.OperatorAsync();
        for (var i = 0; i < more; i++)
            await panel.Platform.Client.MustAsync(HttpStatusCode.Created, HttpMethod.Post, $"/api/v1/domains/{tenant.Domain}/accounts", token, new { name = $"user{i:00}", password = Deployment.Password, capacityMb = 10 * (1 + (i % 5)), comment = i % 3 == 0 ? "総務部" : null });
        return tenant;
    }
}
