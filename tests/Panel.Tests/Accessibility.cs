using System.Net;
using Hikyaku.Gateway.Tests.Integration;
using Hikyaku.Platform.Testing;
using Microsoft.Playwright;

namespace Hikyaku.Panel.Tests;

[Trait("Rule", "PNL-2")]
public class Accessibility(PanelUnderTest panel)
{
    [Theory]
    [InlineData(PanelUnderTest.Desktop, ColorScheme.Dark)]
    [InlineData(PanelUnderTest.Phone, ColorScheme.Light)]
    public async Task Screens_of_administrators_have_no_violations(int width, ColorScheme scheme)
    {
        var tenant = await panel.TenantAsync();
        await FillAsync(tenant);
        var page = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword, "ja", width, scheme);
        foreach (var path in (string[])
        [
            "/", "/me/preferences", "/nothing", $"/domains/{tenant.Domain}/accounts", $"/domains/{tenant.Domain}/accounts/new", $"/domains/{tenant.Domain}/accounts/delete?names=taro",
            $"/accounts/{tenant.User}", $"/accounts/{tenant.User}/details", $"/accounts/{tenant.User}/delete", .. AccountScreens.Select(s => $"/accounts/{tenant.User}/{s}"),
            "/jobs", $"/jobs/{await FailedJobAsync(tenant)}", $"/domains/{tenant.Domain}/bulk/register?refused=missing", $"/domains/{tenant.Domain}/bulk/export",
            "/notices", "/notices/by-mail", "/domains", $"/domains/{tenant.Domain}", $"/domains/{tenant.Domain}/dns", $"/domains/{tenant.Domain}/administrators",
        ])
            await JudgeAsync(page, path);
    }

    [Theory]
    [InlineData(PanelUnderTest.Desktop, ColorScheme.Light)]
    [InlineData(PanelUnderTest.Phone, ColorScheme.Dark)]
    public async Task Screens_of_users_have_no_violations(int width, ColorScheme scheme)
    {
        var tenant = await panel.TenantAsync();
        await FillAsync(tenant);
        await JudgeAsync(await panel.PageAsync("en", width, scheme), "/mail/login");
        var page = await panel.SignedInAsync(tenant.User, Deployment.Password, "en", width, scheme);
        foreach (var path in (string[])["/mail", "/mail/password", "/mail/jobs", "/mail/notices", "/mail/forwarding/preview", .. AccountScreens.Select(s => "/mail/" + s)]) await JudgeAsync(page, path);
    }

    // They have a search of their own in the header.
    [Fact]
    public async Task Lists_of_operators_have_no_violations()
    {
        var tenant = await panel.TenantAsync();
        var page = await panel.SignedInAsync("operator", Deployment.OperatorPassword);
        foreach (var path in (string[])["/jobs", "/notices", $"/domains/{tenant.Domain}/accounts", $"/accounts/{tenant.User}/trace", "/ops"]) await JudgeAsync(page, path);
    }

    private async Task<string> FailedJobAsync(Tenant tenant)
    {
        using var file = new StringContent("mail_account,password\ntaro,x\n", System.Text.Encoding.UTF8, "text/csv");
        var token = await panel.Platform.Client.SignInAsync(tenant.Admin, PanelUnderTest.AdminPassword);
        var job = (string)(await panel.Platform.Client.MustAsync(HttpStatusCode.Accepted, HttpMethod.Post, $"/api/v1/domains/{tenant.Domain}/imports", token, file)).Body!["id"]!;
        await Eventually.Async(async () => (string?)(await panel.Platform.Client.GetAsync($"/api/v1/jobs/{job}", token)).Body!["state"] == "failed");
        return job;
    }

    // Those that exist in both shells.
    private static readonly string[] AccountScreens =
    [
        "forwarding", "forwarding/new", "forwarding/1", "forwarding/2/delete", "autoreply", "spam-tag", "spam-sort?to=on", "spam-advice?by=pop&filter=subject",
        "reception?to=off", "delete-mail", "status",
    ];

    // So that lists and messages are not empty.
    private async Task FillAsync(Tenant tenant)
    {
        var (client, boss, account) = (panel.Platform.Client, await panel.Platform.OperatorAsync(), $"/api/v1/accounts/{tenant.User}");
        await client.MustAsync(HttpStatusCode.Created, HttpMethod.Post, account + "/forwarding-rules", boss, new { condition = "from", keyword = "a@example.co.jp", destinations = Enumerable.Range(10, 25).Select(i => $"p{i}@example.com") });
        await client.MustAsync(HttpStatusCode.Created, HttpMethod.Post, account + "/forwarding-rules", boss, new { condition = "all", destinations = new[] { "a-rather-long-name-of-somebody@example.com" } });
        await client.MustAsync(HttpStatusCode.OK, HttpMethod.Put, account + "/autoreply", boss, new { text = "不在です。\nまたご連絡します。" });
        await client.MustAsync(HttpStatusCode.Created, HttpMethod.Post, account + "/restrictions", boss, new { kind = "sending-locked", reason = "Mass sending" });
    }

    private static async Task JudgeAsync(IPage page, string path)
    {
        await page.GotoAsync(path);
        await page.ExpectNoViolationsAsync();
    }
}
