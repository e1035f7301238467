using System.Net;
using Hikyaku.Gateway.Tests.Integration;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform.Testing;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Hikyaku.Panel.Tests;

[Trait("Rule", "RST-5")]
public class PolicyTrials(PanelUnderTest panel)
{
    [Theory]
    [InlineData("ja", PanelUnderTest.Desktop, ColorScheme.Light)]
    [InlineData("en", PanelUnderTest.Phone, ColorScheme.Dark)]
    [Trait("Rule", "RST-4")]
    [Trait("Rule", "PNL-2")]
    public async Task Thresholds_are_tried_saved_and_not_overwritten_by_another_operator(string language, int width, ColorScheme scheme)
    {
        var isJapanese = language == "ja";
        var tenant = await panel.TenantAsync();
        var (boss, policy) = (await panel.Platform.OperatorAsync(), $"/api/v1/domains/{tenant.Domain}/restriction-policy");
        await Eventually.Async(async () => (await panel.Platform.Client.GetAsync(policy, boss)).Status == HttpStatusCode.OK); // once the service has heard of the domain
        await FailAsync(tenant.User, 6);
        var page = await panel.SignedInAsync("operator", Deployment.OperatorPassword, language, width, scheme);
        await page.GotoAsync($"/domains/{tenant.Domain}");
        await page.Locator($"a[href='/domains/{tenant.Domain}/policy']").ClickAsync();
        await Expect(page.Screen("S-OPS-POLICY")).ToContainTextAsync(isJapanese ? "継承: 500" : "Inherited: 500");

        await page.Field("values.wrongPasswords").FillAsync("1");
        await page.Field("values.lockMinutes").FillAsync("many");
        await page.Field("from").FillAsync("先週");
        await ClickAsync(page, isJapanese ? "試算する" : "Try");
        await Expect(page.GetByRole(AriaRole.Alert).GetByRole(AriaRole.Link)).ToHaveCountAsync(3); // all of them at once
        await page.ExpectNoViolationsAsync();
        await page.Field("values.wrongPasswords").FillAsync("5");
        await page.Field("values.lockMinutes").FillAsync("");
        await page.Field("from").FillAsync("");
        await ClickAsync(page, isJapanese ? "試算する" : "Try");
        await Expect(page.Flash("trial")).ToContainTextAsync(isJapanese ? "1 アカウントが規制されていました(現行では 0)。" : "1 accounts would have been restricted (now 0).");
        await Expect(page.Locator($"[data-trial] tr[data-account='{tenant.User}']")).ToContainTextAsync(isJapanese ? "この値でのみ規制" : "Only with these values");
        await Expect(page.Field("values.wrongPasswords")).ToHaveValueAsync("5"); // what is typed stays
        Assert.Equal(10, await ValueAsync(policy, boss));
        await page.ExpectNoViolationsAsync();
        await PanelUnderTest.ShootAsync(page, $"ops-policy-{language}");

        await SaveAsync(page);
        await Expect(page.Locator(".field.wrong")).ToHaveCountAsync(1); // without a reason
        await page.Field("reason").FillAsync("試験運用");
        await SaveAsync(page);
        await Expect(page.Flash("in-force")).ToContainTextAsync(isJapanese ? "規制ポリシーを変更しました。" : "Restriction policy changed.");
        Assert.Equal(5, await ValueAsync(policy, boss));
        await page.ReloadAsync();
        await Expect(page.Field("values.wrongPasswords")).ToHaveValueAsync("5");
        await Expect(page.Locator("[data-list=policy-history] tbody tr").First).ToContainTextAsync("試験運用");

        await panel.Platform.Client.MustAsync(HttpStatusCode.OK, HttpMethod.Put, policy, boss, new { values = new { wrongPasswords = 7 }, reason = "another operator" });
        await page.Field("values.wrongPasswords").FillAsync("8");
        await page.Field("reason").FillAsync("試験の続き");
        await SaveAsync(page);
        await Expect(page.Flash("conflict")).ToContainTextAsync("operator");
        var changed = page.Locator(".conflict tbody tr");
        await Expect(changed).ToHaveCountAsync(1);
        foreach (var value in new[] { "5", "7", "8" }) await Expect(changed).ToContainTextAsync(value);
        await page.ExpectNoViolationsAsync();
        Assert.Equal(7, await ValueAsync(policy, boss));
        await ClickAsync(page, isJapanese ? "現在の値に自分の変更を重ねて保存する" : "Save mine over the present value");
        await Expect(page.Flash("in-force")).ToBeVisibleAsync();
        Assert.Equal(8, await ValueAsync(policy, boss));
    }

    [Fact]
    [Trait("Rule", "RST-3")]
    public async Task Networks_of_the_platform_are_refused_at_their_field_and_nothing_is_saved()
    {
        var boss = await panel.Platform.OperatorAsync();
        var before = (await panel.Platform.Client.GetAsync("/api/v1/restriction-policy", boss)).Text;
        var page = await panel.SignedInAsync("operator", Deployment.OperatorPassword);
        await page.GotoAsync("/");
        await page.GetByRole(AriaRole.Link, new() { Name = "規制ポリシー" }).ClickAsync();
        await page.Field("sharedFetchers").FillAsync("192.0.2.0/24\noffice");
        await page.Field("reason").FillAsync("社内");
        await SaveAsync(page);
        await Expect(page.Locator(".field.wrong")).ToContainTextAsync("office");
        await Expect(page.Field("sharedFetchers")).ToHaveValueAsync("192.0.2.0/24\noffice");
        Assert.Equal(before, (await panel.Platform.Client.GetAsync("/api/v1/restriction-policy", boss)).Text);
    }

    [Fact]
    [Trait("Rule", "ROLE-2")]
    public async Task Thresholds_are_there_for_operators_only()
    {
        var tenant = await panel.TenantAsync();
        var page = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword);
        foreach (var path in new[] { "/ops/policy", $"/domains/{tenant.Domain}/policy" }) Assert.Equal(404, (await page.GotoAsync(path))!.Status);
    }

    // Distinct wrong passwords, too few to lock by the thresholds that count.
    private async Task FailAsync(string address, int times)
    {
        var (id, now) = (await panel.Platform.AccountIdAsync(address), DateTimeOffset.UtcNow.AddMinutes(-30));
        LoginsObserved failed = new("mail1", [.. Enumerable.Range(0, times).Select(i => new LoginObserved(now, now, 1, id, address, "198.51.100.5", "imap", true, false, $"{i:x3}", Failure: LoginFailures.Credentials))]);
        await panel.Platform.ObserveAsync(failed);
        await Eventually.Async(async () => await panel.Platform.AskRestrictionsAsync("select count(*) from login where account_id = $1", id) is long n && n == times);
    }

    private async Task<int> ValueAsync(string policy, string boss) => (int)(await panel.Platform.Client.GetAsync(policy, boss)).Body!["values"]!["wrongPasswords"]!;

    private static Task ClickAsync(IPage page, string name) => page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true }).ClickAsync();

    private static Task SaveAsync(IPage page) => page.Locator("form.form > .buttons button.primary").ClickAsync();
}
