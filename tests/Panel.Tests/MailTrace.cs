using System.Text;
using Hikyaku.Gateway.Tests.Integration;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform.Testing;
using Hikyaku.Spam.Contracts;
using MassTransit;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Hikyaku.Panel.Tests;

[Trait("Rule", "OPS-4")]
public class MailTrace(PanelUnderTest panel)
{
    [Theory]
    [InlineData("ja", PanelUnderTest.Desktop, ColorScheme.Light)]
    [InlineData("en", PanelUnderTest.Phone, ColorScheme.Dark)]
    public async Task A_user_finds_where_a_message_went_step_by_step(string language, int width, ColorScheme scheme)
    {
        var tenant = await panel.TenantAsync();
        await DeliverAsync(await panel.Platform.AccountIdAsync(tenant.User), tenant.User);
        var page = await panel.SignedInAsync(tenant.User, Deployment.Password, language, width, scheme);
        await page.GotoAsync("/mail");
        await page.GetByRole(AriaRole.Link, new() { Name = language == "ja" ? "配送の追跡" : "Trace" }).ClickAsync();
        await Expect(page.Screen("S-TRACE")).ToBeVisibleAsync();
        await Eventually.Async(async () =>
        {
            await page.ReloadAsync();
            return await page.Locator("[data-delivery]").CountAsync() == 1;
        });
        await page.ExpectNoViolationsAsync();
        await PanelUnderTest.ShootAsync(page, $"trace-{language}");

        await page.Field("sender").FillAsync("nobody");
        await page.GetByRole(AriaRole.Button, new() { Name = language == "ja" ? "検索する" : "Search" }).ClickAsync();
        await Expect(page.GetByText(language == "ja" ? "該当するメールはありません。30 日より前の記録は残っていません。" : "No message found. Records older than 30 days are not kept.")).ToBeVisibleAsync();
        await page.Field("sender").FillAsync("STRANGER");
        await page.GetByRole(AriaRole.Button, new() { Name = language == "ja" ? "検索する" : "Search" }).ClickAsync();
        await page.Locator("[data-delivery] a").ClickAsync();

        await Expect(page.Screen("S-TRACE-MESSAGE")).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync(language == "ja" ? "迷惑メールに保存" : "Stored in Junk");
        await Expect(Step(page, "spam")).ToContainTextAsync(language == "ja" ? "判定: スパム" : "judged: spam");
        await Expect(Step(page, "storage")).ToContainTextAsync(language == "ja" ? "スパムメール自動振分" : "Spam auto-sort");
        // The score is for operators.
        await Expect(page.GetByText("17.5")).ToHaveCountAsync(0);
        await page.ExpectNoViolationsAsync();
        await PanelUnderTest.ShootAsync(page, $"trace-message-{language}");
        await page.ReloadAsync();
        await Expect(Step(page, "reception")).ToBeVisibleAsync();
    }

    [Theory]
    [InlineData("ja", PanelUnderTest.Desktop)]
    [InlineData("en", PanelUnderTest.Phone)]
    public async Task An_administrator_tries_a_message_and_nothing_is_delivered(string language, int width)
    {
        var tenant = await panel.TenantAsync();
        var account = await panel.Platform.AccountIdAsync(tenant.User);
        var asked = new TaskCompletionSource<TraceAsked>(TaskCreationOptions.RunContinuationsAsynchronously);
        var node = await Listener.StartAsync(panel.Platform.SpamNodes, e => e.Handler<TraceAsked>(c =>
        {
            if (c.Message.AccountId != account) return Task.CompletedTask;
            asked.TrySetResult(c.Message);
            return panel.Platform.TellAsync(new MessageTraced("mail1", c.Message.RequestId, 2, 1, new("ham", 1, null), "INBOX", [new(0, "x@example.com")], true, ["RULE 1.00"]));
        }));
        try
        {
            var page = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword, language, width);
            await page.GotoAsync($"/accounts/{tenant.User}/trace?tab=sample");
            await page.GetByRole(AriaRole.Button, new() { Name = language == "ja" ? "試す" : "Try", Exact = true }).ClickAsync();
            await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync(language == "ja" ? "件名か本文を入力するか、ファイルを選択してください。" : "Enter a subject or a text, or choose a file.");
            await page.ExpectNoViolationsAsync();

            await page.Field("sender").FillAsync("somebody@outside.test");
            await page.Field("subject").FillAsync("ご請求書のお知らせ");
            await page.Field("text").FillAsync("11 月分です。");
            await page.GetByRole(AriaRole.Button, new() { Name = language == "ja" ? "試す" : "Try", Exact = true }).ClickAsync();
            await Expect(page.Flash("traced")).ToContainTextAsync(language == "ja" ? "受信トレイに保存" : "Stored in the inbox");
            await Expect(page.Flash("traced")).ToContainTextAsync("x@example.com");
            await Expect(Step(page, "forwarding")).ToBeVisibleAsync();
            // What was typed stands there for the next try.
            await Expect(page.Field("subject")).ToHaveValueAsync("ご請求書のお知らせ");
            await page.ExpectNoViolationsAsync();
            await PanelUnderTest.ShootAsync(page, $"trace-sample-{language}");
        }
        finally
        {
            await node.StopAsync();
        }

        var question = await asked.Task;
        Assert.Equal("somebody@outside.test", question.Sender);
        var message = Encoding.UTF8.GetString(Convert.FromBase64String(question.Message));
        Assert.Contains($"Subject: =?utf-8?B?{Convert.ToBase64String(Encoding.UTF8.GetBytes("ご請求書のお知らせ"))}?=\r\n", message, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n11 月分です。\r\n", message, StringComparison.Ordinal);
    }

    private static ILocator Step(IPage page, string by) => page.Locator($"[data-by={by}]").First;

    private Task DeliverAsync(string account, string address)
    {
        var (now, name) = (DateTimeOffset.UtcNow, $"q1-{account}");
        var step = new DeliveryObserved($"{account}.0", now, account, "received", DeliveryKinds.Taken, name, QueueId: "q1", MessageId: "m1@outside.test", Sender: "stranger@outside.test", Recipient: address, Size: 2048, Door: "smtp");
        return panel.Platform.TellAsync(new DeliveriesObserved("mail1",
        [
            step,
            step with { Id = $"{account}.1", At = now.AddMilliseconds(1), Kind = DeliveryKinds.Judged, Verdict = new("spam", 17.5, null) },
            step with { Id = $"{account}.2", At = now.AddMilliseconds(2), Kind = DeliveryKinds.Stored, Folder = "Junk" },
        ]));
    }
}
