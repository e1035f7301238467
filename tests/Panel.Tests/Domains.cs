using System.Net;
using Hikyaku.Gateway.Tests.Integration;
using Hikyaku.Platform.Testing;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Hikyaku.Panel.Tests;

[Trait("Rule", "ACC-13")]
public class Domains(PanelUnderTest panel)
{
    [Theory]
    [InlineData("ja", PanelUnderTest.Desktop, ColorScheme.Light)]
    [InlineData("en", PanelUnderTest.Phone, ColorScheme.Dark)]
    [Trait("Rule", "ROLE-1")]
    public async Task A_domain_is_added_administered_changed_and_deleted(string language, int width, ColorScheme scheme)
    {
        var isJapanese = language == "ja";
        var domain = $"d{Guid.NewGuid():N}.example.jp";
        var admin = $"a{Guid.NewGuid():N}"[..20];
        var page = await panel.SignedInAsync("operator", Deployment.OperatorPassword, language, width, scheme);
        await page.GotoAsync("/domains");
        await page.GetByRole(AriaRole.Link, new() { Name = isJapanese ? "ドメインを追加" : "Add a domain" }).ClickAsync();
        await page.Field("name").FillAsync("-");
        await page.Field("maxAccounts").FillAsync("many");
        await page.Locator("form.form button.primary").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert).GetByRole(AriaRole.Link)).ToHaveCountAsync(4); // all of them at once
        await page.Field("name").FillAsync(domain);
        foreach (var (field, value) in new[] { ("maxAccounts", "20"), ("maxCapacityMb", "2000"), ("defaultCapacityMb", "100") }) await page.Field(field).FillAsync(value);
        await page.Locator("form.form button.primary").ClickAsync();
        await Expect(page.Screen("S-DOM-DNS")).ToContainTextAsync(isJapanese ? $"{domain} を追加しました。postmaster を作成しました。" : $"{domain} has been added with its postmaster.");
        await Expect(page.Locator("tr[data-records=DKIM]")).ToContainTextAsync($"._domainkey.{domain}. IN TXT \"v=DKIM1;");
        await PanelUnderTest.ShootAsync(page, $"domain-dns-{language}");

        await page.GotoAsync($"/domains/{domain}/administrators");
        await page.GetByRole(AriaRole.Link, new() { Name = isJapanese ? "管理者を追加" : "Add an administrator" }).ClickAsync();
        await page.Field("login").FillAsync(admin);
        await page.Field("password").FillAsync(PanelUnderTest.AdminPassword);
        await page.Field("passwordAgain").FillAsync("another");
        await page.Locator("form.form button.primary").ClickAsync();
        await Expect(page.Locator(".field.wrong")).ToContainTextAsync(isJapanese ? "2 回入力したパスワードが一致していません。" : "The two passwords differ.");
        await page.Field("password").FillAsync(PanelUnderTest.AdminPassword);
        await page.Field("passwordAgain").FillAsync(PanelUnderTest.AdminPassword);
        await page.Locator("form.form button.primary").ClickAsync();
        await Expect(page.Flash("in-force")).ToContainTextAsync(isJapanese ? $"{admin} を管理者に追加しました。" : $"{admin} is an administrator now.");
        Assert.Equal(HttpStatusCode.Created, (await panel.Platform.Client.TrySignInAsync(admin, PanelUnderTest.AdminPassword)).Status);
        await PanelUnderTest.ShootAsync(page, $"domain-administrators-{language}");
        await page.GetByRole(AriaRole.Link, new() { Name = $"{(isJapanese ? "解任" : "Dismiss")}: {admin}" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = isJapanese ? "解任" : "Dismiss" }).ClickAsync();
        await Expect(page.Flash("in-force")).ToContainTextAsync(isJapanese ? $"{admin} を解任しました。" : $"{admin} has been dismissed.");
        await Expect(page.Locator($"tr[data-login={admin}]")).ToHaveCountAsync(0);

        await page.GotoAsync($"/domains/{domain}");
        await page.Field("maxCapacityMb").FillAsync("50");
        await page.Locator("form.form button.primary").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("100"); // what is in use
        await page.Field("maxCapacityMb").FillAsync("3000");
        await page.Field("requireSecondFactor").CheckAsync();
        await page.Locator("form.form button.primary").ClickAsync();
        await Expect(page.Flash("in-force")).ToContainTextAsync(isJapanese ? "ドメインの設定を変更しました。" : "Domain settings changed.");
        await PanelUnderTest.ShootAsync(page, $"domain-{language}");
        var now = (await panel.Platform.Client.GetAsync($"/api/v1/domains/{domain}", await panel.Platform.OperatorAsync())).Body!;
        Assert.Equal((3000, 20, true), ((int)now["maxCapacityMb"]!, (int)now["maxAccounts"]!, (bool)now["requireSecondFactor"]!));
        await page.ReloadAsync();
        await Expect(page.Field("maxCapacityMb")).ToHaveValueAsync("3000");

        await page.GetByRole(AriaRole.Link, new() { Name = isJapanese ? "ドメインを削除" : "Delete the domain" }).ClickAsync();
        await page.Field("name").FillAsync("other.example.jp");
        await page.Locator("form.form button.primary").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync(isJapanese ? "ドメイン名が違います。" : "This is not the name of the domain.");
        await page.Field("name").FillAsync(domain);
        await page.Locator("form.form button.primary").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToContainTextAsync(isJapanese ? "ドメインの削除" : "Deletion of a domain");
        Assert.Equal(404, (await page.GotoAsync($"/domains/{domain}"))!.Status);
    }

    [Fact]
    [Trait("Rule", "SPM-5")]
    public async Task The_standing_is_looked_up_and_treated_as_in_force()
    {
        var tenant = await panel.TenantAsync();
        var boss = await panel.Platform.OperatorAsync();
        // The spam service hears of a new domain a moment later.
        await Eventually.Async(async () => (bool?)(await panel.Platform.Client.GetAsync($"/api/v1/domains/{tenant.Domain}/dns", boss)).Body?["standing"]?["inForce"] == true);
        var page = await panel.SignedInAsync("operator", Deployment.OperatorPassword);
        await page.GotoAsync($"/domains/{tenant.Domain}/dns");
        await Expect(page.Locator("[data-part=standing]")).ToContainTextAsync("スパムメール件名表示・自動振分: 有効");
        await page.GetByRole(AriaRole.Button, new() { Name = "今すぐ確認" }).ClickAsync();
        await Expect(page.Flash("in-force")).ToContainTextAsync("DNS を確認しました。");

        await page.GetByRole(AriaRole.Button, new() { Name = "有効として扱う" }).ClickAsync();
        await Expect(page.Locator(".field.wrong")).ToBeVisibleAsync(); // without a reason
        await page.Field("reason").FillAsync("移行中のため");
        await page.GetByRole(AriaRole.Button, new() { Name = "有効として扱う" }).ClickAsync();
        await Expect(page.Locator("[data-part=standing]")).ToContainTextAsync("理由: 移行中のため");
        await page.Field("reason").FillAsync("移行が終わったため");
        await page.GetByRole(AriaRole.Button, new() { Name = "解除" }).ClickAsync();
        await Expect(page.Flash("in-force")).ToContainTextAsync("解除しました。DNS の状態に従います。");
        await Expect(page.GetByText("理由: 移行中のため")).ToHaveCountAsync(0);
    }

    [Fact]
    [Trait("Rule", "ROLE-2")]
    public async Task An_administrator_reads_their_own_domain_only_and_changes_nothing()
    {
        var (mine, others) = (await panel.TenantAsync(), await panel.TenantAsync());
        var page = await panel.SignedInAsync(mine.Admin, PanelUnderTest.AdminPassword);
        await page.GotoAsync("/domains");
        await Expect(page.Locator("tr[data-domain]")).ToHaveCountAsync(1);
        await page.Locator($"tr[data-domain='{mine.Domain}'] th").GetByRole(AriaRole.Link).ClickAsync();
        await Expect(page.Screen("S-DOM")).ToContainTextAsync("3 / 50");
        await Expect(page.Field("maxAccounts")).ToHaveCountAsync(0);
        await page.GotoAsync($"/domains/{mine.Domain}/administrators");
        await Expect(page.Locator($"tr[data-login={mine.Admin}]")).ToBeVisibleAsync();
        await page.GotoAsync($"/domains/{mine.Domain}/dns");
        await Expect(page.Field("reason")).ToHaveCountAsync(0);

        foreach (var path in new[] { "/domains/new", $"/domains/{mine.Domain}/delete", $"/domains/{mine.Domain}/administrators/new", $"/domains/{mine.Domain}/administrators/{mine.Admin}/dismiss", $"/domains/{others.Domain}", $"/domains/{others.Domain}/dns", $"/domains/{others.Domain}/administrators", $"/domains/{others.Domain}/bulk/register", $"/domains/{others.Domain}/bulk/export" })
            Assert.Equal(404, (await page.GotoAsync(path))!.Status);
    }

    [Fact]
    [Trait("Rule", "GWY-2")]
    public async Task An_operator_sets_an_administrators_password()
    {
        const string next = "Sazanka-no-55k";
        var tenant = await panel.TenantAsync();
        var page = await panel.SignedInAsync("operator", Deployment.OperatorPassword);
        await page.GotoAsync($"/domains/{tenant.Domain}/administrators");
        await page.GetByRole(AriaRole.Link, new() { Name = $"パスワードを再設定: {tenant.Admin}" }).ClickAsync();
        await page.Field("new").FillAsync(next);
        await page.Field("passwordAgain").FillAsync(next);
        await page.GetByRole(AriaRole.Button, new() { Name = "パスワードを再設定" }).ClickAsync();
        await Expect(page.Flash("in-force")).ToContainTextAsync($"{tenant.Admin} のパスワードを再設定しました。");

        var session = await panel.Platform.Client.TrySignInAsync(tenant.Admin, next);
        Assert.Equal((HttpStatusCode.Created, true), (session.Status, (bool)session.Body!["passwordChangeRequired"]!));
    }
}
