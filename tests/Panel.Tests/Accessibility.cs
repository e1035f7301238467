using System.Net;
using Deque.AxeCore.Playwright;
using Hikyaku.Gateway.Tests.Integration;
using Hikyaku.Platform.Testing;
using Microsoft.Playwright;

namespace Hikyaku.Panel.Tests;

[Trait("Rule", "PNL-2")]
public class Accessibility(PanelUnderTest panel)
{
    [Theory]
    [InlineData(PanelUnderTest.Desktop, ColorScheme.Light)]
    [InlineData(PanelUnderTest.Desktop, ColorScheme.Dark)]
    [InlineData(PanelUnderTest.Phone, ColorScheme.Light)]
    public async Task Screens_of_administrators_have_no_violations(int width, ColorScheme scheme)
    {
        var tenant = await panel.TenantAsync();
        var page = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword, "ja", width, scheme);
        foreach (var path in new[]
        {
            "/", "/me/preferences", "/nothing", $"/domains/{tenant.Domain}/accounts", $"/domains/{tenant.Domain}/accounts/new", $"/domains/{tenant.Domain}/accounts/delete?names=taro",
            $"/accounts/{tenant.User}", $"/accounts/{tenant.User}/details", $"/accounts/{tenant.User}/delete",
            "/jobs", $"/domains/{tenant.Domain}/bulk/register?refused=missing", $"/domains/{tenant.Domain}/bulk/export", "/notices", "/notices/by-mail",
            "/domains", $"/domains/{tenant.Domain}", $"/domains/{tenant.Domain}/dns", $"/domains/{tenant.Domain}/administrators",
        })
            await JudgeAsync(page, path);
        await JudgeAsync(page, $"/jobs/{await FailedJobAsync(tenant)}");
    }

    [Theory]
    [InlineData(PanelUnderTest.Desktop, ColorScheme.Light)]
    [InlineData(PanelUnderTest.Phone, ColorScheme.Dark)]
    public async Task Screens_of_users_have_no_violations(int width, ColorScheme scheme)
    {
        var tenant = await panel.TenantAsync();
        await JudgeAsync(await panel.PageAsync("en", width, scheme), "/mail/login");
        var page = await panel.SignedInAsync(tenant.User, Deployment.Password, "en", width, scheme);
        foreach (var path in new[] { "/mail", "/mail/password", "/mail/jobs", "/mail/notices" }) await JudgeAsync(page, path);
    }

    private async Task<string> FailedJobAsync(Tenant tenant)
    {
        using var file = new StringContent("mail_account,password\ntaro,x\n", System.Text.Encoding.UTF8, "text/csv");
        var token = await panel.Platform.Client.SignInAsync(tenant.Admin, PanelUnderTest.AdminPassword);
        var job = (string)(await panel.Platform.Client.MustAsync(HttpStatusCode.Accepted, HttpMethod.Post, $"/api/v1/domains/{tenant.Domain}/imports", token, file)).Body!["id"]!;
        await Eventually.Async(async () => (string?)(await panel.Platform.Client.GetAsync($"/api/v1/jobs/{job}", token)).Body!["state"] == "failed");
        return job;
    }

    private static async Task JudgeAsync(IPage page, string path)
    {
        await page.GotoAsync(path);
        var result = await page.RunAxe();
        Assert.True(result.Violations.Length == 0, $"{path}: {string.Join("; ", result.Violations.Select(v => $"{v.Id} at {string.Join(", ", v.Nodes.Select(n => n.Html).Take(3))}"))}");
        // Nothing is read by scrolling sideways.
        Assert.True(await page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= innerWidth"), $"{path} is wider than the screen");
    }
}
