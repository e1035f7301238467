using System.Net;
using Hikyaku.Gateway.Tests.Integration;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Hikyaku.Panel.Tests;

/// <summary>Where the two passwords of a form differ, the platform only judges what was typed.</summary>
[Trait("Rule", "GWY-3")]
public class DifferingPasswords(PanelUnderTest panel)
{
    private const string Typed = "Kinmokusei-7-aki";

    [Fact]
    public async Task No_account_is_created_and_no_password_is_changed()
    {
        var tenant = await panel.TenantAsync();
        var page = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword);
        await page.GotoAsync($"/domains/{tenant.Domain}/accounts/new");
        await page.Field("name").FillAsync("jiro");
        await SendAsync(page, "password");
        await page.GotoAsync($"/accounts/{tenant.User}/details");
        await SendAsync(page, "password");
        var user = await panel.SignedInAsync(tenant.OtherUser, Deployment.Password);
        await user.GotoAsync("/mail/password");
        await user.Field("current").FillAsync(Deployment.Password);
        await SendAsync(user, "new");

        var boss = await panel.Platform.OperatorAsync();
        Assert.Equal(HttpStatusCode.NotFound, (await panel.Platform.Client.GetAsync($"/api/v1/accounts/jiro@{tenant.Domain}", boss)).Status);
        foreach (var login in new[] { tenant.User, tenant.OtherUser })
            Assert.Equal(HttpStatusCode.Created, (await panel.Platform.Client.TrySignInAsync(login, Deployment.Password)).Status);
    }

    private static async Task SendAsync(IPage page, string field)
    {
        await page.Field(field).FillAsync(Typed);
        await page.Field("passwordAgain").FillAsync("another");
        await page.Locator("form.form button.primary").ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("2 回入力したパスワードが一致していません。");
    }
}
