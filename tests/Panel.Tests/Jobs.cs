using System.Net;
using System.Text;
using Hikyaku.Gateway.Tests.Integration;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Hikyaku.Panel.Tests;

[Trait("Rule", "PNL-3")]
public class Jobs(PanelUnderTest panel)
{
    [Theory]
    [InlineData("ja", PanelUnderTest.Desktop, ColorScheme.Light, true)]
    [InlineData("en", PanelUnderTest.Phone, ColorScheme.Dark, true)]
    [InlineData("ja", PanelUnderTest.Desktop, ColorScheme.Light, false)]
    [Trait("Rule", "GWY-5")]
    public async Task A_job_is_left_found_again_and_seen_to_its_end(string language, int width, ColorScheme scheme, bool events)
    {
        var tenant = await panel.TenantAsync();
        await panel.Platform.ReportNodeAsync(behind: await panel.Platform.AccountIdAsync(tenant.User));
        var job = await ChangeAsync(tenant, "mail_account,mail_capacity\ntaro,33\n");
        var page = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword, language, width, scheme);
        if (!events) await page.RouteAsync("**/events", r => r.AbortAsync());
        await page.GotoAsync("/jobs");
        var (running, done) = language == "ja" ? ("実行中", "完了") : ("Running", "Done");
        var row = page.Locator($"tr[data-job={job}]");
        await Expect(row).ToContainTextAsync(running);
        await PanelUnderTest.ShootAsync(page, $"jobs-{language}");
        await row.GetByRole(AriaRole.Link).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToContainTextAsync(running);
        await Expect(page.GetByText(language == "ja" ? "この画面を閉じても処理は続きます。" : "You may close this page;")).ToBeVisibleAsync();
        await Expect(page.Locator(".stages [aria-current]")).ToContainTextAsync(language == "ja" ? "反映" : "Take effect");
        await Expect(page.GetByRole(AriaRole.Progressbar)).ToBeVisibleAsync();
        await Expect(page.Locator("form").Filter(new() { HasText = language == "ja" ? "中止" : "Cancel" })).ToHaveCountAsync(0); // it has changed something
        await PanelUnderTest.ShootAsync(page, $"job-{language}");

        await panel.Platform.ReportNodeAsync();
        await Expect(page.Flash("in-force")).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToContainTextAsync(done);
        await Expect(page.Locator("body > [role=status]")).ToContainTextAsync(done); // said aloud
        await page.GotoAsync("/jobs");
        await Expect(row).ToContainTextAsync(done);
        await Expect(page.Locator("[data-live]")).ToHaveCountAsync(0);
    }

    [Fact]
    [Trait("Rule", "GWY-5")]
    public async Task A_job_that_waits_is_cancelled_by_whom_it_is_for()
    {
        var tenant = await panel.TenantAsync();
        var token = await panel.Platform.Client.SignInAsync(tenant.User, Deployment.Password);
        // Nothing copies here, so that the copy waits.
        var form = new { password = Deployment.Password, source = new { host = "192.0.9.9", password = "source-password-x" }, notify = "told@example.com" };
        var job = (string)(await panel.Platform.Client.MustAsync(HttpStatusCode.Accepted, HttpMethod.Post, $"/api/v1/accounts/{tenant.User}/copies", token, form)).Body!["id"]!;
        var page = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword);
        await page.GotoAsync($"/jobs/{job}");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("メールデータコピー — 待機中");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "中止" })).ToHaveCountAsync(0); // it is the user's own

        page = await panel.SignedInAsync("operator", Deployment.OperatorPassword);
        await page.GotoAsync($"/jobs/{job}");
        await page.GetByRole(AriaRole.Button, new() { Name = "中止" }).ClickAsync();
        await Expect(page.Flash("cancelled")).ToContainTextAsync("コピーを中止しました。");
        await page.GotoAsync($"/jobs?state=cancelled&kind=mail-data-copy&domain={tenant.Domain}");
        await Expect(page.Locator($"tr[data-job={job}]")).ToContainTextAsync("中止");
        await page.GotoAsync($"/jobs?state=failed&domain={tenant.Domain}");
        await Expect(page.GetByText("条件に一致するジョブはありません。")).ToBeVisibleAsync();
    }

    [Fact]
    [Trait("Rule", "ROLE-2")]
    public async Task A_job_of_another_domain_is_not_there()
    {
        var (mine, others) = (await panel.TenantAsync(), await panel.TenantAsync());
        var job = await ChangeAsync(others, "mail_account,mail_capacity\ntaro,33\n");
        var page = await panel.SignedInAsync(mine.Admin, PanelUnderTest.AdminPassword);

        foreach (var path in new[] { $"/jobs/{job}", $"/jobs/{job}/events", $"/jobs/{job}/errors.csv", "/jobs/nothing-1" })
            Assert.Equal(404, (await page.GotoAsync(path))!.Status);
        await page.GotoAsync("/jobs");
        await Expect(page.GetByText("実行中・過去のジョブはありません。")).ToBeVisibleAsync();
    }

    [Fact]
    [Trait("Rule", "ACC-6")]
    public async Task A_user_sees_the_job_about_their_own_account()
    {
        var tenant = await panel.TenantAsync();
        var token = await panel.Platform.Client.SignInAsync(tenant.User, Deployment.Password);
        var job = (string)(await panel.Platform.Client.MustAsync(HttpStatusCode.Accepted, HttpMethod.Delete, $"/api/v1/accounts/{tenant.User}/mail", token)).Body!["id"]!;
        var page = await panel.SignedInAsync(tenant.User, Deployment.Password, "en", PanelUnderTest.Phone);
        await page.GotoAsync("/mail/jobs");
        await page.Locator($"tr[data-job={job}]").GetByRole(AriaRole.Link).ClickAsync();

        await Expect(page.Screen("S-JOB")).ToContainTextAsync(tenant.User);
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToContainTextAsync("Deletion of mail data");
    }

    private async Task<string> ChangeAsync(Tenant tenant, string csv)
    {
        using var file = new StringContent(csv, Encoding.UTF8, "text/csv");
        var token = await panel.Platform.Client.SignInAsync(tenant.Admin, PanelUnderTest.AdminPassword);
        return (string)(await panel.Platform.Client.MustAsync(HttpStatusCode.Accepted, HttpMethod.Post, $"/api/v1/domains/{tenant.Domain}/bulk-changes", token, file)).Body!["id"]!;
    }
}
