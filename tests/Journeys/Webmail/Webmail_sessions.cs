using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Hikyaku.Platform.Testing;

namespace Hikyaku.Journeys.Webmail;

/// <summary>Sessions of webmail, and what it gives away to whoever has none.</summary>
[Trait("Rule", "WEB-1")]
public sealed partial class Webmail_sessions(PlatformUnderTest platform, WebmailBrowser browser) : IClassFixture<WebmailBrowser>
{
    [Theory, Trait("Rule", "ACC-7")]
    [InlineData("?_task=mail")]
    [InlineData("?_task=addressbook")]
    [InlineData("?_task=settings")]
    public async Task A_changed_password_ends_the_session(string page)
    {
        var account = await platform.AccountAsync(await platform.DomainAsync());
        await using var window = await browser.LogInAsync(account);
        await window.GoAsync(page);
        Assert.Equal(0, await window.Page.Locator("#rcmloginuser").CountAsync());

        Assert.Equal(200, (await platform.Operator.SendAsync(HttpMethod.Patch, $"/api/v1/accounts/{account}", new { password = "Natsukashii-34cd" })).Status);
        await platform.InForceAsync(account);

        // While Dovecot is too busy to answer, the session goes on.
        await Eventually.Async(
            async () =>
            {
                await window.GoAsync(page);
                return await window.Page.Locator("#rcmloginuser").CountAsync();
            },
            c => c == 1);
        await window.Notice("パスワードが変更されたか").WaitForAsync();
        await window.LogInAsync(account, "Natsukashii-34cd");
        await window.Page.WaitForSelectorAsync("a.logout");
    }

    [Fact]
    public async Task Webmail_can_read_every_password_that_it_encrypted_for_a_session()
    {
        var root = Path.Combine(platform.Home, "webmail", "root");
        var script = $$"""
            define('INSTALL_PATH', '{{root}}/');
            require INSTALL_PATH . 'program/include/clisetup.php';
            $unread = 0;
            for ($i = 0; $i < 2000; $i++) {
                $unread += $rcmail->decrypt($rcmail->encrypt("Password-$i")) !== "Password-$i";
            }
            echo "unread: $unread";
            """;
        var shell = $"set -a; . {platform.Home}/settings/webmail; WEBMAIL_ROOT={root} exec setpriv --reuid=www-data --regid=www-data --init-groups php -r \"$0\"";
        Assert.Equal("unread: 0", await PlatformUnderTest.RunAsync("bash", "-c", shell, script));
    }

    [Fact, Trait("Rule", "RST-3"), Trait("Rule", "RST-2")]
    public async Task A_login_carries_the_address_of_the_client_and_no_other_that_it_claims()
    {
        var account = await platform.AccountAsync(await platform.DomainAsync());
        using var handler = new SocketsHttpHandler { ConnectCallback = ConnectFromAsync, CookieContainer = new CookieContainer() };
        using var http = new HttpClient(handler) { BaseAddress = new Uri(platform.Endpoints["webmail"]!.GetValue<string>()) };
        http.DefaultRequestHeaders.Add("X-Forwarded-For", "203.0.113.5");

        var token = Token().Match(await http.GetStringAsync("/")).Groups[1].Value;
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["_task"] = "login",
            ["_action"] = "login",
            ["_token"] = token,
            ["_user"] = account,
            ["_pass"] = PlatformUnderTest.Password,
        });
        using var answer = await http.PostAsync(new Uri("/?_task=login", UriKind.Relative), form);
        Assert.Contains("_task=mail", answer.RequestMessage!.RequestUri!.Query, StringComparison.Ordinal);

        await Eventually.Async(
            () => File.ReadAllTextAsync(Path.Combine(platform.Home, "logs", "dovecot.log")), l => l.Contains($"user=<{account}>, method=PLAIN, rip=127.0.0.9,", StringComparison.Ordinal));

        static async ValueTask<Stream> ConnectFromAsync(SocketsHttpConnectionContext context, CancellationToken stop)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.9"), 0));
            await socket.ConnectAsync(context.DnsEndPoint, stop);
            return new NetworkStream(socket, ownsSocket: true);
        }
    }

    [Fact, Trait("Rule", "NOD-6")]
    public async Task The_address_of_the_identity_cannot_be_changed()
    {
        var account = await platform.AccountAsync(await platform.DomainAsync());
        await using var window = await browser.LogInAsync(account);
        await window.GoAsync("?_task=settings&_action=identities");
        await window.Page.ClickAsync("#identities-table tr >> nth=0");
        var email = window.Page.FrameLocator("#preferences-frame").Locator("[name=_email]");
        await email.WaitForAsync();

        Assert.Equal(account, await email.InputValueAsync());
        Assert.True(await email.IsDisabledAsync());
        Assert.Equal(0, await window.Page.Locator("a.create").CountAsync()); // there is one identity
    }

    [Fact]
    public async Task Nothing_but_the_front_page_runs_and_no_setting_is_served()
    {
        using var http = new HttpClient { BaseAddress = new Uri(platform.Endpoints["webmail"]!.GetValue<string>()) };
        foreach (var path in new[] { "installer/", "config/config.inc.php", "ready.php", "plugins/hikyaku/hikyaku.php", "plugins/hikyaku/localization/ja_JP.inc", "skins/elastic/meta.json", "temp/", "logs/", "SQL/" })
        {
            using var answer = await http.GetAsync(new Uri(path, UriKind.Relative));
            Assert.Equal((path, HttpStatusCode.NotFound), (path, answer.StatusCode));
        }

        using var front = await http.GetAsync(new Uri("/", UriKind.Relative));
        var policy = Assert.Single(front.Headers.GetValues("Content-Security-Policy"));
        Assert.StartsWith("default-src 'none';", policy, StringComparison.Ordinal);
        Assert.Contains("img-src 'self' data: blob:;", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'self'", policy, StringComparison.Ordinal);
        Assert.Contains(front.Headers.GetValues("Set-Cookie"), c => c.Contains("HttpOnly", StringComparison.Ordinal) && c.Contains("SameSite=Lax", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Passwords_are_not_in_the_logs()
    {
        var account = await platform.AccountAsync(await platform.DomainAsync());
        await using var window = await browser.OpenAsync();
        await window.LogInAsync(account, "Mistyped-Secret-77");
        await window.Notice("正しくありません").WaitForAsync();
        await window.LogInAsync(account, PlatformUnderTest.Password);
        await window.Page.WaitForSelectorAsync("a.logout");

        foreach (var log in new[] { "webmail.log", "nginx.log" })
        {
            var text = await File.ReadAllTextAsync(Path.Combine(platform.Home, "logs", log));
            Assert.NotEmpty(text);
            Assert.DoesNotContain("Mistyped-Secret-77", text, StringComparison.Ordinal);
            Assert.DoesNotContain(PlatformUnderTest.Password, text, StringComparison.Ordinal);
        }
    }

    [GeneratedRegex("name=\"_token\" value=\"([^\"]+)\"")]
    private static partial Regex Token();
}
