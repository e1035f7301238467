using System.Xml.Linq;
using Deque.AxeCore.Playwright;
using Hikyaku.Gateway.Tests.Integration;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Hikyaku.Panel.Tests;

[Trait("Rule", "CLI-1"), Trait("Rule", "PNL-2")]
public class MailSoftware(PanelUnderTest panel)
{
    private static readonly string[] Slugs = ["thunderbird", "becky", "gmail", "ios", "outlook-new", "outlook-2019", "outlook-2016", "outlook-2013", "windows-mail"];

    [Theory]
    [InlineData("ja", PanelUnderTest.Desktop, ColorScheme.Light)]
    [InlineData("en", PanelUnderTest.Phone, ColorScheme.Dark)]
    public async Task A_user_finds_the_steps_of_their_mail_software(string language, int width, ColorScheme scheme)
    {
        var japanese = language == "ja";
        var tenant = await panel.TenantAsync();
        var page = await panel.SignedInAsync(tenant.User, Deployment.Password, language, width, scheme);
        await page.Context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
        await page.GotoAsync("/mail");
        await page.Screen("S-USER").GetByRole(AriaRole.Link, new() { Name = japanese ? "メールソフトの設定方法" : "Mail software" }).ClickAsync();

        await Expect(page.Screen("S-CLI")).ToBeVisibleAsync();
        foreach (var fact in new[] { "address", "user-name" }) await Expect(page.Locator($"[data-fact={fact}]")).ToHaveTextAsync(tenant.User);
        foreach (var fact in new[] { "receiving", "sending" }) await Expect(page.Locator($"[data-fact={fact}]")).ToHaveTextAsync("localhost");
        await Expect(page.Locator("[data-port='993']")).ToContainTextAsync(japanese ? "推奨" : "recommended");
        await Expect(page.Locator("[data-port='587']")).Not.ToContainTextAsync(japanese ? "推奨" : "recommended");
        await Expect(page.GetByText(japanese ? "POP3: メールをパソコン" : "POP3: mail is downloaded")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = japanese ? "コピー: ユーザー名" : "Copy: User name" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = japanese ? "コピーしました" : "Copied", Exact = true })).ToBeVisibleAsync();
        Assert.Equal(tenant.User, await page.EvaluateAsync<string>("navigator.clipboard.readText()"));
        await JudgeAsync(page);
        await PanelUnderTest.ShootAsync(page, $"clients-{language}");

        await page.GetByRole(AriaRole.Link, new() { Name = "POP", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = japanese ? "Mozilla Thunderbird の設定" : "Mozilla Thunderbird" }).ClickAsync();
        await Expect(page.Screen("S-CLI-thunderbird").Locator(".numbered")).ToContainTextAsync("995");
        await page.ReloadAsync();
        await Expect(page.Screen("S-CLI-thunderbird").Locator(".numbered")).ToContainTextAsync("POP3");
        await page.GetByRole(AriaRole.Link, new() { Name = japanese ? "IMAP(推奨)" : "IMAP (recommended)" }).ClickAsync();
        await Expect(page.Locator(".numbered")).ToContainTextAsync("993");
        await PanelUnderTest.ShootAsync(page, $"clients-thunderbird-{language}");
        await page.GoBackAsync();
        await Expect(page.Locator(".numbered")).ToContainTextAsync("995");
    }

    [Theory]
    [InlineData("ja", PanelUnderTest.Desktop)]
    [InlineData("en", PanelUnderTest.Phone)]
    public async Task Every_page_shows_this_accounts_values_and_the_right_ports(string language, int width)
    {
        var tenant = await panel.TenantAsync();
        var page = await panel.SignedInAsync(tenant.User, Deployment.Password, language, width);
        foreach (var slug in Slugs)
        {
            foreach (var (query, ports, others) in new (string, int[], int[])[]
            {
                ("", [993, 465], [995, 143, 110, 587]),
                ("?protocol=pop", [995, 465], [993, 143, 110, 587]),
                ("?tls=off", [143, 587], [993, 995, 110, 465]),
                ("?protocol=pop&tls=off", [110, 587], [993, 995, 143, 465]),
            })
            {
                await page.GotoAsync($"/mail/clients/{slug}{query}");
                await Expect(page.Screen($"S-CLI-{slug}")).ToBeVisibleAsync();
                var values = (await page.Locator(".steps code").AllTextContentsAsync()).Select(v => v.Trim()).ToList();
                Assert.All(ports, p => Assert.Contains($"{p}", values));
                Assert.All(others, p => Assert.DoesNotContain($"{p}", values));
                Assert.Contains(tenant.User, values);
                Assert.Contains("localhost", values);
                Assert.DoesNotContain(values, v => v.Contains('@', StringComparison.Ordinal) && v != tenant.User);
            }

            await JudgeAsync(page);
            await PanelUnderTest.ShootAsync(page, $"clients-{slug}-{language}");
        }
    }

    [Fact]
    public async Task What_its_maker_has_ended_is_marked_with_the_replacement()
    {
        var tenant = await panel.TenantAsync();
        var page = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword);
        await page.GotoAsync($"/accounts/{tenant.User}/clients");
        await Expect(page.Locator(".tile", new() { HasText = "Windows 10" })).ToContainTextAsync("提供終了 2024-12-31");
        await Expect(page.Locator(".tile", new() { HasText = "Outlook 2013" })).ToContainTextAsync("提供元のサポート終了 2023-04");
        await page.GetByRole(AriaRole.Link, new() { Name = "Windows 10 メールアプリの設定" }).ClickAsync();

        var main = page.Screen("S-CLI-windows-mail");
        await Expect(main).ToContainTextAsync("メールの送受信はできません。");
        await Expect(main.Locator("details.section ol")).Not.ToBeVisibleAsync();
        await main.GetByText("以前の手順").ClickAsync();
        await Expect(main.Locator("details.section ol")).ToContainTextAsync(tenant.User);
        await page.EmulateMediaAsync(new() { Media = Media.Print });
        await Expect(page.Locator(".side")).ToBeHiddenAsync();
        await PanelUnderTest.ShootAsync(page, "clients-print");
        await page.EmulateMediaAsync(new() { Media = Media.Screen });
        await main.GetByRole(AriaRole.Link, new() { Name = "新しい Outlook の設定" }).ClickAsync();
        await Expect(page.Screen("S-CLI-outlook-new")).ToContainTextAsync("現行");

        await page.GotoAsync($"/accounts/{tenant.User}/clients/gmail");
        await Expect(page.Screen("S-CLI-gmail")).ToContainTextAsync("2026 年中に Google が提供を終了しました。");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "この手順のリンクをコピー" })).ToHaveAttributeAsync("data-clipboard", "/mail/clients/gmail");
        Assert.Equal(404, (await page.GotoAsync($"/accounts/{tenant.User}/clients/mutt"))!.Status);
    }

    [Fact, Trait("Rule", "CLI-2")]
    public async Task A_phone_gets_its_profile_without_signing_in()
    {
        var tenant = await panel.TenantAsync();
        var page = await panel.SignedInAsync(tenant.User, Deployment.Password);
        await page.GotoAsync("/mail/clients/ios");
        await Expect(page.GetByRole(AriaRole.Img, new() { Name = "構成プロファイルの QR コード" })).ToBeVisibleAsync();
        var link = await page.GetByRole(AriaRole.Link, new() { Name = "構成プロファイルをダウンロード" }).GetAttributeAsync("href");

        var phone = await panel.PageAsync();
        var answer = await phone.Context.APIRequest.GetAsync(link!);
        Assert.Equal((200, "application/x-apple-aspen-config"), (answer.Status, answer.Headers["content-type"]));
        Assert.Contains(tenant.User, XDocument.Parse(await answer.TextAsync()).Descendants("string").Select(s => s.Value));
        Assert.Equal(404, (await phone.Context.APIRequest.GetAsync("/mail/profile?address=nobody")).Status);
    }

    [Theory]
    [InlineData("ja", PanelUnderTest.Desktop, true)]
    [InlineData("en", PanelUnderTest.Phone, false)]
    [Trait("Rule", "PNL-6"), Trait("Rule", "NOD-1"), Trait("Rule", "NOD-4")]
    public async Task The_server_page_tells_hosts_ports_and_limits(string language, int width, bool staff)
    {
        var japanese = language == "ja";
        var tenant = await panel.TenantAsync();
        var page = staff ? await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword, language, width) : await panel.SignedInAsync(tenant.User, Deployment.Password, language, width);
        await page.GotoAsync(staff ? "/" : "/mail/server");
        if (staff) await page.GetByRole(AriaRole.Link, new() { Name = "サーバー情報" }).ClickAsync();

        var main = page.Screen("S-SERVER");
        foreach (var text in japanese
            ? new[] { "localhost", "SMTP AUTH は LOGIN / PLAIN に対応", "25 番は利用できません。", "TLS 1.2 以上", "100MB まで", "300 件まで", "180 日", "31 日" }
            : ["localhost", "SMTP AUTH LOGIN and PLAIN", "Port 25 is not available.", "TLS 1.2 or newer", "100 MB at most", "300 at most", "180 days", "31 days"])
            await Expect(main).ToContainTextAsync(text);
        Assert.Equal(["110", "995", "143", "993", "587", "465"], await main.Locator("td.number").AllTextContentsAsync());
        await JudgeAsync(page);
        await PanelUnderTest.ShootAsync(page, $"server-{language}");

        await page.GotoAsync(staff ? "/home/webmail" : "/mail/webmail");
        var link = page.Screen("S-WEBMAIL").GetByRole(AriaRole.Link, new() { Name = japanese ? "標準 Web メール" : "Standard webmail" });
        await Expect(link).ToHaveAttributeAsync("target", "_blank");
        await Expect(link).ToHaveAttributeAsync("href", staff ? "https://webmail.example.net/" : $"https://webmail.example.net/?_user={Uri.EscapeDataString(tenant.User)}");
        await JudgeAsync(page);
        await PanelUnderTest.ShootAsync(page, $"webmail-{language}");
    }

    private static async Task JudgeAsync(IPage page)
    {
        var result = await page.RunAxe();
        Assert.True(result.Violations.Length == 0, $"{page.Url}: {string.Join("; ", result.Violations.Select(v => $"{v.Id} at {string.Join(", ", v.Nodes.Select(n => n.Html).Take(3))}"))}");
        Assert.True(await page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= innerWidth"), $"{page.Url} is wider than the screen");
    }
}
