using System.Net;
using System.Text;
using Hikyaku.Gateway.Tests.Integration;
using Hikyaku.Platform.Testing;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Hikyaku.Panel.Tests;

[Trait("Rule", "ACC-9")]
public class BulkFiles(PanelUnderTest panel)
{
    private const string Secret = "Asagao-no-71y";
    private static readonly Encoding Cp932 = CodePagesEncodingProvider.Instance.GetEncoding(932)!;

    [Theory]
    [InlineData("ja", PanelUnderTest.Desktop, ColorScheme.Light)]
    [InlineData("en", PanelUnderTest.Phone, ColorScheme.Dark)]
    [Trait("Rule", "ACC-12")]
    public async Task A_file_is_looked_at_then_checked_then_registered(string language, int width, ColorScheme scheme)
    {
        var tenant = await panel.TenantAsync();
        var isJapanese = language == "ja";
        var page = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword, language, width, scheme);
        await page.GotoAsync($"/domains/{tenant.Domain}/accounts");
        await page.GetByRole(AriaRole.Link, new() { Name = isJapanese ? "一括登録・編集" : "Bulk registration and editing" }).ClickAsync();
        await Expect(page.Screen("S-BULK-NEW")).ToBeVisibleAsync();
        await Expect(page.GetByText(isJapanese ? "項目名(1行目)は消さずに残してください。" : "Keep the header in line 1.")).ToBeVisibleAsync();
        await page.Field("file").SetInputFilesAsync(Csv(Cp932.GetBytes($"mail_account,password,mail_capacity,comment\r\njiro,{Secret},20,\"営業部, 東京\"\r\nsaburo,{Secret},,\r\n")));
        await Expect(page.Locator("[data-facts]")).ToContainTextAsync("accounts.csv · 1 KB · Shift_JIS (CP932)");
        await Expect(page.Locator("[data-look] tbody tr").First).ToContainTextAsync("営業部, 東京");
        await Expect(page.Locator("[data-look]")).Not.ToContainTextAsync(Secret);
        await PanelUnderTest.ShootAsync(page, $"bulk-{language}");

        await page.GetByRole(AriaRole.Button, new() { Name = isJapanese ? "検証のみ行う" : "Check only" }).ClickAsync();
        await Expect(page.Flash("in-force")).ToContainTextAsync(isJapanese ? "誤りはありません。2 件を登録できます。" : "No mistakes. 2 can be registered.");
        Assert.Equal(HttpStatusCode.NotFound, (await AccountAsync($"jiro@{tenant.Domain}")).Status);
        await Expect(page.Locator("[data-held]")).ToHaveTextAsync(isJapanese ? "検証したファイル: accounts.csv" : "The file that was checked: accounts.csv");
        await PanelUnderTest.ShootAsync(page, $"bulk-checked-{language}");
        await page.GetByRole(AriaRole.Button, new() { Name = isJapanese ? "この内容で一括登録" : "Register exactly this" }).ClickAsync();
        await Expect(page.Flash("in-force")).ToContainTextAsync(isJapanese ? "2 件のメールアカウントを登録しました。" : "2 mail accounts registered.");
        await PanelUnderTest.ShootAsync(page, $"job-done-{language}");
        Assert.Equal("営業部, 東京", (string)(await AccountAsync($"jiro@{tenant.Domain}")).Body!["comment"]!);

        await page.ReloadAsync();
        await Expect(page.Flash("in-force")).ToBeVisibleAsync();
        await page.GoBackAsync();
        await Expect(page.GetByText(isJapanese ? "誤りはありません。" : "No mistakes.")).ToBeVisibleAsync();
        await Expect(page.Field("file")).ToBeVisibleAsync(); // it must be chosen again
    }

    [Fact]
    [Trait("Rule", "PNL-2")]
    public async Task A_file_is_registered_without_script()
    {
        var tenant = await panel.TenantAsync();
        var page = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword, script: false);
        await page.GotoAsync($"/domains/{tenant.Domain}/bulk/register");
        await page.GetByRole(AriaRole.Button, new() { Name = "一括登録" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("ファイルを選択してください。");
        await page.Field("file").SetInputFilesAsync(Csv($"mail_account,password\njiro,{Secret}\n"));
        await page.GetByRole(AriaRole.Button, new() { Name = "一括登録" }).ClickAsync();
        await Expect(page.Screen("S-JOB")).ToBeVisibleAsync();

        await Eventually.Async(async () =>
        {
            await page.ReloadAsync();
            return await page.Flash("in-force").CountAsync() == 1;
        });
        await Expect(page.Flash("in-force")).ToContainTextAsync("1 件のメールアカウントを登録しました。");
    }

    [Fact]
    [Trait("Rule", "GWY-3")]
    public async Task Every_mistake_of_a_file_is_listed_and_nothing_is_registered()
    {
        var tenant = await panel.TenantAsync();
        var page = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword);
        await page.GotoAsync($"/domains/{tenant.Domain}/bulk/register");
        await page.Field("file").SetInputFilesAsync(Csv($"mail_account,password\r\njiro,{Secret}\r\ntaro,{Secret}\r\nshiro,=1+1\r\n"));
        await page.GetByRole(AriaRole.Button, new() { Name = "一括登録" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("一括登録 — 失敗");
        await Expect(page.Flash("error")).ToContainTextAsync("件の誤りがあるため、何も登録していません。");
        await Expect(page.GetByRole(AriaRole.Row, new() { Name = "3 mail_account" })).ToContainTextAsync("すでに登録されています。");
        await Expect(page.GetByRole(AriaRole.Row).Filter(new() { HasText = "12 文字以上で入力してください" })).ToBeVisibleAsync();
        Assert.Equal(HttpStatusCode.NotFound, (await AccountAsync($"jiro@{tenant.Domain}")).Status);
        await PanelUnderTest.ShootAsync(page, "job-failed");

        var list = await page.Context.APIRequest.GetAsync(await page.GetByRole(AriaRole.Link, new() { Name = "誤り一覧を CSV で保存" }).GetAttributeAsync("href") ?? "");
        Assert.StartsWith("\uFEFF\"行\",\"列\",\"理由\"\r\n\"3\",\"mail_account\",", await list.TextAsync(), StringComparison.Ordinal);
        await page.GetByRole(AriaRole.Link, new() { Name = "修正したファイルを選択し直す" }).ClickAsync();
        await Expect(page.Screen("S-BULK-NEW")).ToBeVisibleAsync();
    }

    [Fact]
    [Trait("Rule", "ACC-10")]
    public async Task Accounts_are_changed_by_a_file_and_put_back()
    {
        var tenant = await panel.TenantAsync();
        var page = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword);
        await page.GotoAsync($"/domains/{tenant.Domain}/bulk/register");
        await page.GetByRole(AriaRole.Link, new() { Name = "一括編集" }).ClickAsync();
        await Expect(page.Screen("S-BULK-EDIT")).ToBeVisibleAsync();
        var sample = await page.Context.APIRequest.GetAsync(await page.GetByRole(AriaRole.Link, new() { Name = "CSV 一括編集サンプルファイル" }).GetAttributeAsync("href") ?? "");
        Assert.StartsWith("\uFEFFmail_account,password,mail_capacity", await sample.TextAsync(), StringComparison.Ordinal);
        await page.Field("file").SetInputFilesAsync(Csv("mail_account,mail_capacity\ntaro,77\nnobody,5\n"));
        await page.GetByRole(AriaRole.Button, new() { Name = "一括編集" }).ClickAsync();
        await Expect(page.Flash("in-force")).ToContainTextAsync("1 件を変更しました。存在しない 1 件は無視しました。");
        Assert.Equal(77, (int)(await AccountAsync(tenant.User)).Body!["capacityMb"]!);

        await page.GetByRole(AriaRole.Button, new() { Name = "容量とコメントの変更を元に戻す" }).ClickAsync();
        await Expect(page.Flash("in-force")).ToContainTextAsync("1 件を元に戻しました。");
        Assert.Equal(10, (int)(await AccountAsync(tenant.User)).Body!["capacityMb"]!);
        await page.GoBackAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "容量とコメントの変更を元に戻す" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("実行できませんでした");
    }

    [Fact]
    [Trait("Rule", "GWY-4")]
    public async Task A_file_that_is_too_large_or_forged_is_refused_with_words()
    {
        var tenant = await panel.TenantAsync();
        var page = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword);
        var form = page.Context.APIRequest.CreateFormData();
        form.Set("_token", "forged");
        form.Set("file", Csv("mail_account,password\n"));
        Assert.Equal(400, (await page.Context.APIRequest.PostAsync($"/domains/{tenant.Domain}/bulk/register/file", new() { Multipart = form })).Status);

        await page.GotoAsync($"/domains/{tenant.Domain}/bulk/register");
        // By the form alone, as without the script: the panel and the gateway take it piece by piece until it is too much.
        var fields = await page.EvaluateAsync<string[]>("() => ['_token', '_login', '_key'].map(n => document.querySelector(`form[data-file-form] [name=${n}]`).value)");
        var large = page.Context.APIRequest.CreateFormData();
        foreach (var (name, value) in new[] { "_token", "_login", "_key" }.Zip(fields)) large.Set(name, value);
        large.Set("file", Csv(new string('x', 36 << 20)));
        var answer = await page.Context.APIRequest.PostAsync($"/domains/{tenant.Domain}/bulk/register/file", new() { Multipart = large });
        Assert.Contains("ファイルが大きすぎます。35 MB までのファイルを選択してください。", await answer.TextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Rule", "ACC-11")]
    public async Task Accounts_are_exported_and_a_refusal_names_the_comment()
    {
        var tenant = await panel.TenantAsync();
        await panel.Platform.Client.MustAsync(HttpStatusCode.OK, HttpMethod.Patch, $"/api/v1/accounts/{tenant.User}", await panel.Platform.OperatorAsync(), new { comment = "😀" });
        var page = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword);
        await page.GotoAsync($"/domains/{tenant.Domain}/bulk/export");
        await Expect(page.GetByText("パスワードはセキュリティ上出力されません。")).ToBeVisibleAsync();
        await PanelUnderTest.ShootAsync(page, "bulk-export");
        var download = await page.RunAndWaitForDownloadAsync(() => page.GetByRole(AriaRole.Button, new() { Name = "CSV 出力" }).ClickAsync());
        Assert.Equal($"mail-accounts-{tenant.Domain}.csv", download.SuggestedFilename);
        var text = await File.ReadAllTextAsync(await download.PathAsync());
        Assert.StartsWith("mail_account,mail_password,comment", text, StringComparison.Ordinal);
        Assert.Contains(tenant.User.Split('@')[0], text, StringComparison.Ordinal);

        await page.GetByLabel("Shift_JIS (CP932)").CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "CSV 出力" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync(tenant.User);
        await Expect(page.GetByLabel("Shift_JIS (CP932)")).ToBeCheckedAsync();
    }

    private static FilePayload Csv(string text) => Csv(Encoding.UTF8.GetBytes(text));

    private static FilePayload Csv(byte[] bytes) => new() { Name = "accounts.csv", MimeType = "text/csv", Buffer = bytes };

    private async Task<Reply> AccountAsync(string address) => await panel.Platform.Client.GetAsync($"/api/v1/accounts/{address}", await panel.Platform.OperatorAsync());
}
