using System.Net;
using Hikyaku.Gateway.Tests.Integration;
using Hikyaku.Platform.Testing;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Hikyaku.Panel.Tests;

[Trait("Rule", "CPY-1"), Trait("Rule", "CPY-9")]
public class MailCopy(PanelUnderTest panel, CopyServers servers) : IClassFixture<CopyServers>
{
    [Theory, Trait("Rule", "CPY-8"), Trait("Rule", "CPY-6"), Trait("Rule", "CPY-5")]
    [InlineData("ja", PanelUnderTest.Desktop, ColorScheme.Light)]
    [InlineData("en", PanelUnderTest.Phone, ColorScheme.Dark)]
    public async Task A_user_reviews_a_source_starts_a_copy_cancels_and_continues_it(string language, int width, ColorScheme scheme)
    {
        string In(string japanese, string english) => language == "ja" ? japanese : english;
        var tenant = await panel.TenantAsync();
        var source = await servers.SourceAsync("one", "two", "three");
        var page = await panel.PageAsync(language, width, scheme, panel: servers.Address);
        await SignInAsync(page, tenant.User);
        await page.GotoAsync("/mail/copy");
        await Expect(page.Screen("S-COPY")).ToBeVisibleAsync();
        await page.ExpectNoViolationsAsync();
        await PanelUnderTest.ShootAsync(page, $"copy-{language}");

        // Everything that is wrong at once, and the own password with it.
        await page.Field("password").FillAsync("Wrong-one-12-ab");
        await page.GetByRole(AriaRole.Button, new() { Name = In("確認する", "Review") }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert).GetByRole(AriaRole.Link)).ToHaveCountAsync(3);
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync(In("メールアカウントの現在のパスワードを入力してください。", "password"));

        await page.Field("password").FillAsync(Deployment.Password);
        // One of the two has a certificate that nobody trusts, the other one no TLS: both need a consent, and the passwords need not be typed again.
        await FillSourceAsync(page, source, language == "ja" ? servers.TlsPort : servers.Port, CopyServers.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = In("確認する", "Review") }).ClickAsync();
        var consent = page.GetByRole(AriaRole.Checkbox, new() { Name = In("この証明書の問題を承知して続ける", "I accept an unencrypted connection") });
        await Expect(consent).ToBeVisibleAsync();
        await NoSecretAsync(page);
        await page.ExpectNoViolationsAsync();
        await PanelUnderTest.ShootAsync(page, $"copy-consent-{language}");
        await consent.CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = In("確認する", "Review") }).ClickAsync();

        await Expect(page.Screen("S-COPY-CONFIRM")).ToBeVisibleAsync();
        await Expect(page.Locator("dl.pairs")).ToContainTextAsync(In("3 件", "3"));
        await Expect(page.Locator("dl.pairs")).ToContainTextAsync("●●●");
        await NoSecretAsync(page);
        await page.ExpectNoViolationsAsync();
        await PanelUnderTest.ShootAsync(page, $"copy-confirm-{language}");
        await page.GetByRole(AriaRole.Button, new() { Name = In("実行する", "Start") }).ClickAsync();

        // No mail node lets the worker in yet.
        await Expect(page.Screen("S-COPY-RUN")).ToBeVisibleAsync();
        await Expect(page.Locator("[data-flash=in-force]")).ToContainTextAsync(tenant.User);
        await page.ExpectNoViolationsAsync();
        await PanelUnderTest.ShootAsync(page, $"copy-running-{language}");
        await page.GotoAsync("/mail/copy");
        await Expect(page.Flash("running")).ToBeVisibleAsync();
        await page.Flash("running").GetByRole(AriaRole.Link).ClickAsync();
        await page.RunAndWaitForResponseAsync(() => page.GetByRole(AriaRole.Button, new() { Name = In("中止", "Cancel the copy") }).ClickAsync(), r => r.Request.Method == "POST");
        await HeadingAsync(page, In("メールデータコピーを中止しました。", "The mail data copy was cancelled"));

        var mailbox = servers.Obey(await panel.Platform.AccountIdAsync(tenant.User), tenant.User);
        await page.GetByRole(AriaRole.Link, new() { Name = In("前回の続きから再実行", "Continue this one"), Exact = true }).ClickAsync();
        await Expect(page.Field("source.host")).ToHaveValueAsync("127.0.0.1");
        await page.Field("password").FillAsync(Deployment.Password);
        await page.Field("source.password").FillAsync(CopyServers.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = In("確認する", "Review") }).ClickAsync();
        if (language == "ja")
        {
            await consent.CheckAsync();
            await page.GetByRole(AriaRole.Button, new() { Name = "確認する" }).ClickAsync();
        }

        await page.GetByRole(AriaRole.Button, new() { Name = In("実行する", "Start") }).ClickAsync();
        await Expect(page.Screen("S-COPY-RUN")).ToBeVisibleAsync();
        await HeadingAsync(page, In("【重要】メールデータコピーが完了いたしました。", "Mail data copy has completed"));
        await page.ExpectNoViolationsAsync();
        await PanelUnderTest.ShootAsync(page, $"copy-done-{language}");
        Assert.Equal(3, await servers.CountAsync(mailbox));

        await page.GotoAsync("/mail/copy");
        await Expect(page.Locator("[data-copy]")).ToHaveCountAsync(2);
        await Expect(page.Field("source.host")).ToHaveValueAsync("");
    }

    [Fact, Trait("Rule", "ROLE-1")]
    public async Task Administrators_have_no_page_to_copy_mail()
    {
        var tenant = await panel.TenantAsync();
        var page = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword);
        var answer = await page.GotoAsync($"/accounts/{tenant.User}/copy");
        Assert.Equal((int)HttpStatusCode.NotFound, answer!.Status);
    }

    private async Task SignInAsync(IPage page, string user)
    {
        using var client = new Client(servers.Gateway.ToString());
        await page.Context.AddCookiesAsync([new() { Name = "panel-user", Value = await client.SignInAsync(user, Deployment.Password), Url = servers.Address.ToString() }]);
    }

    private static async Task FillSourceAsync(IPage page, string user, int port, string password)
    {
        await page.Field("source.host").FillAsync("127.0.0.1");
        await page.Field("source.userName").FillAsync(user);
        await page.Field("source.password").FillAsync(password);
        var closed = page.Locator("main details:not([open]) > summary");
        if (await closed.CountAsync() > 0) await closed.ClickAsync();
        await page.GetByLabel("993 TLS").CheckAsync();
        await page.Field("source.port").FillAsync(port.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    private static async Task HeadingAsync(IPage page, string text)
    {
        var heading = page.GetByRole(AriaRole.Heading, new() { Level = 1 });
        await Eventually.Async(async () =>
        {
            if (await heading.TextContentAsync() == text) return true;
            await page.ReloadAsync();
            return false;
        });
    }

    // Not in the page, its address, or what the tab keeps.
    private static async Task NoSecretAsync(IPage page)
    {
        var kept = await page.EvaluateAsync<string>("() => document.documentElement.outerHTML + location.href + JSON.stringify(sessionStorage) + JSON.stringify(localStorage)");
        Assert.DoesNotContain(CopyServers.Password, kept, StringComparison.Ordinal);
        Assert.DoesNotContain(Deployment.Password, kept, StringComparison.Ordinal);
    }
}
