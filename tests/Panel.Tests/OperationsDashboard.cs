using System.Net;
using System.Text.Json.Nodes;
using Hikyaku.Gateway.Tests.Integration;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform.Testing;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Hikyaku.Panel.Tests;

[Trait("Rule", "OPS-1")]
public class OperationsDashboard(PanelUnderTest panel)
{
    [Theory]
    [InlineData("ja", PanelUnderTest.Desktop, ColorScheme.Light)]
    [InlineData("en", PanelUnderTest.Phone, ColorScheme.Dark)]
    public async Task Numbers_of_a_domain_are_those_that_nodes_and_services_told_and_follow_live(string language, int width, ColorScheme scheme)
    {
        var tenant = await panel.TenantAsync();
        await TellMailAndLoginsAsync(tenant);
        var page = await panel.SignedInAsync("operator", Deployment.OperatorPassword, language, width, scheme);
        await page.GotoAsync("/ops");
        await Expect(page.Screen("S-OPS")).ToBeVisibleAsync();
        await page.Field("domain").FillAsync(tenant.Domain);
        await page.GetByRole(AriaRole.Button, new() { Name = language == "ja" ? "表示する" : "Show" }).ClickAsync();

        await ExpectAsync(page, "mail", language == "ja" ? "受信" : "Received", 2);
        await ExpectAsync(page, "mail", language == "ja" ? "送信" : "Sent", 1);
        await ExpectAsync(page, "verdicts", language == "ja" ? "ウイルス" : "Virus", 1);
        await ExpectAsync(page, "logins", language == "ja" ? "パスワードの誤り" : "Wrong password", 7);
        var boss = await panel.Platform.OperatorAsync();
        var created = (int)(await panel.Platform.Client.MustAsync(HttpStatusCode.OK, HttpMethod.Get, $"/api/v1/domains/{tenant.Domain}", boss)).Body!["accounts"]!;
        await ExpectAsync(page, "accounts", language == "ja" ? "作成" : "Created", created);

        // What happens now is seen without a reload, and an open table stays open.
        var table = page.Locator("[data-part=accounts] details");
        await table.Locator("summary").ClickAsync();
        await page.Locator("h1").FocusAsync();
        await panel.Platform.Client.MustAsync(HttpStatusCode.Created, HttpMethod.Post, $"/api/v1/domains/{tenant.Domain}/accounts", boss, new { name = "jiro", password = Deployment.Password });
        await ExpectAsync(page, "accounts", language == "ja" ? "作成" : "Created", created + 1);
        await Expect(table).ToHaveAttributeAsync("open", "");
        await page.ExpectNoViolationsAsync();
        await PanelUnderTest.ShootAsync(page, $"operations-{language}");
    }

    [Fact]
    public async Task A_step_leads_to_the_numbers_of_its_time_and_the_address_is_the_state()
    {
        var tenant = await panel.TenantAsync();
        await TellMailAndLoginsAsync(tenant);
        var page = await panel.SignedInAsync("operator", Deployment.OperatorPassword);
        await page.GotoAsync($"/ops?range=7d&domain={tenant.Domain}");
        await ExpectAsync(page, "logins", "パスワードの誤り", 7);
        await page.Locator("[data-part=logins] details summary").ClickAsync();
        await page.Locator("[data-part=logins] details").GetByRole(AriaRole.Link, new() { Name = "7 パスワードの誤り" }).ClickAsync();

        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "24 時間" })).ToHaveAttributeAsync("aria-current", "true");
        await ExpectAsync(page, "logins", "パスワードの誤り", 7);
        await Expect(page.Locator("[data-live]")).ToHaveCountAsync(0); // a time that is over does not move
        await page.ReloadAsync();
        await ExpectAsync(page, "logins", "パスワードの誤り", 7);
        await page.GetByRole(AriaRole.Link, new() { Name = "現在に戻る" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "一時停止" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "再開" })).ToBeVisibleAsync();
        await Expect(page.Locator("[data-live]")).ToHaveCountAsync(0);
        await page.GotoAsync("/ops?range=1h&domain=no+domain");
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("ドメイン名ではありません。");
    }

    [Fact, Trait("Rule", "ROLE-2")]
    public async Task It_is_there_for_operators_only()
    {
        var tenant = await panel.TenantAsync();
        var page = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword);
        foreach (var path in new[] { "/ops", "/ops/live", $"/ops/live?domain={tenant.Domain}" }) Assert.Equal(404, (await page.GotoAsync(path))!.Status);
        await page.GotoAsync("/");
        await Expect(page.Locator("a[href='/ops']")).ToHaveCountAsync(0);
    }

    private async Task TellMailAndLoginsAsync(Tenant tenant)
    {
        var (id, at) = (await panel.Platform.AccountIdAsync(tenant.User), DateTimeOffset.UtcNow.AddMinutes(-2));
        DeliveryObserved Step(int number, string direction, string kind) => new($"{id}.{number}", at, id, direction, kind, $"q{number}-{id}", Sender: tenant.User, Recipient: tenant.User, Login: direction == "sent" ? tenant.User : null);
        await panel.Platform.TellAsync(new DeliveriesObserved("mail1",
        [
            Step(1, "received", DeliveryKinds.Taken), Step(2, "received", DeliveryKinds.Taken), Step(3, "sent", DeliveryKinds.Taken),
            Step(1, "received", DeliveryKinds.Judged) with { Id = $"{id}.4", Recipient = null, Verdict = new("virus", 0, "Eicar") },
        ]));
        await panel.Platform.ObserveAsync(new LoginsObserved("mail1", [new(at, at, 7, id, tenant.User, "192.0.2.7", "imap", true, false, "abc", Failure: LoginFailures.Credentials)]));
        await Eventually.Async(async () => (int)Part(await StatsAsync(tenant, "verdicts"), "virus")["sum"]! == 1 && (int)Part(await StatsAsync(tenant, "logins"), "credentials")["sum"]! == 7);
    }

    private async Task<JsonNode> StatsAsync(Tenant tenant, string series)
        => (await panel.Platform.Client.MustAsync(HttpStatusCode.OK, HttpMethod.Get, $"/api/v1/stats?series={series}&domain={tenant.Domain}", await panel.Platform.OperatorAsync())).Body!;

    private static JsonNode Part(JsonNode stats, string name) => stats["parts"]!.AsArray().Single(p => (string)p!["name"]! == name)!;

    private static Task ExpectAsync(IPage page, string series, string part, int sum)
        => Expect(page.Locator($"[data-part={series}] .keys li").Filter(new() { HasTextRegex = new($"^\\s*{part}\\s") }).Locator("strong")).ToHaveTextAsync($"{sum}");
}
