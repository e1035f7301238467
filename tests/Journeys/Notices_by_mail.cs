using Hikyaku.Feed.Notices.ByMail;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using MailKit;
using MimeKit;

namespace Hikyaku.Journeys;

[Trait("Rule", "NTC-1")]
public sealed class Notices_by_mail(PlatformUnderTest platform)
{
    [Fact, Trait("Rule", "ACC-8")]
    public async Task Administrators_get_a_forced_change_by_mail_inside_and_outside_the_platform()
    {
        var domain = await platform.DomainAsync();
        var (forced, inside) = (await platform.AccountAsync(domain), await platform.AccountAsync(domain, "hanako"));
        var outside = $"r{Guid.NewGuid():N}@elsewhere.example";
        foreach (var (address, language) in new[] { (inside, "ja"), (outside, "en"), (forced, "en") })
        {
            using var admin = await AdminAsync(domain);
            Assert.Equal(200, (await admin.SendAsync(HttpMethod.Put, "/api/v1/me/notices-by-mail", new { address, language })).Status);
        }

        Assert.Equal(204, (await platform.Operator.SendAsync(HttpMethod.Post, $"/api/v1/accounts/{forced}/force-password-change", new { reason = "planted reason" })).Status);

        // Of the password, and of the restriction that a forced change brings (ACC-8); in the order in which two services told them.
        var sent = await Eventually.Async(() => platform.OutboxAsync(outside), m => m.Count == 2, TimeSpan.FromSeconds(60));
        var messages = sent.Select(m => MimeMessage.Load(new MemoryStream(System.Text.Encoding.Latin1.GetBytes(m)))).ToList();
        Assert.Single(messages, m => m.TextBody!.Trim() == $"The password of {forced} was forcibly changed. Set a new one.");
        Assert.Single(messages, m => m.TextBody!.StartsWith($"{forced}: Unauthorised use suspected. ", StringComparison.Ordinal));
        Assert.All(messages, m => Assert.Equal("auto-generated", m.Headers[HeaderId.AutoSubmitted]));
        Assert.All(sent, m => Assert.DoesNotContain("planted", m, StringComparison.Ordinal));
        var subjects = await platform.SubjectsAsync(inside, 2);
        Assert.Equal(2, subjects.Count);
        Assert.Contains($"{forced} のパスワードを強制変更しました。新しいパスワードを設定してください。", subjects);
        Assert.Contains(subjects, s => s.StartsWith($"{forced}: 不正利用検知。", StringComparison.Ordinal));

        // Its own mailbox, which may be in wrong hands, got nothing, although an administrator wanted that.
        Assert.Equal(200, (await platform.Operator.SendAsync(HttpMethod.Patch, $"/api/v1/accounts/{forced}", new { password = "Tsukimi.7soba+Kx" })).Status);
        await platform.InForceAsync(forced);
        using var imap = await platform.ImapAsync(forced, password: "Tsukimi.7soba+Kx");
        await imap.Inbox.OpenAsync(FolderAccess.ReadOnly);
        Assert.Empty(imap.Inbox);
    }

    [Theory, Trait("Rule", "NOD-6")]
    [InlineData("submission")]
    [InlineData("submissions")]
    public async Task The_submission_that_people_use_takes_notices_over_tls_and_with_a_login(string server)
    {
        var domain = await platform.DomainAsync();
        var (account, to) = (await platform.AccountAsync(domain, "notices"), await platform.AccountAsync(domain, "hanako"));
        var folder = Directory.CreateTempSubdirectory("hikyaku-test-");
        var password = Path.Combine(folder.FullName, "password");
        await File.WriteAllTextAsync(password, PlatformUnderTest.Password + "\n");
        var (host, port) = platform.Server(server);
        var settings = new MailSettings(new Uri($"{server}://{host}:{port}"), account, account, password, Path.Combine(platform.Home, "secrets", "cert.pem"));
        var mail = new NoticeMail(Guid.NewGuid(), "sakura", to, "ja", $"お知らせ {server}", 0);

        Assert.Equal(Submitted.Taken, await SendAsync(settings, mail));
        Assert.Equal([$"お知らせ {server}"], await platform.SubjectsAsync(to, 1));
        Assert.Equal(Submitted.NotNow, await SendAsync(settings with { From = to }, mail)); // a fault of the settings
        await Assert.ThrowsAsync<MailKit.Security.SslHandshakeException>(() => SendAsync(settings with { Authority = null }, mail));
        await File.WriteAllTextAsync(password, "wrong");
        await Assert.ThrowsAsync<MailKit.Security.AuthenticationException>(() => SendAsync(settings, mail));
        folder.Delete(recursive: true);
    }

    private static async Task<Submitted> SendAsync(MailSettings settings, NoticeMail mail)
    {
        using var submission = new MailSubmission(settings);
        await submission.OpenAsync(TestContext.Current.CancellationToken);
        var (what, _) = await submission.SendAsync(mail.Message(settings.From, DateTimeOffset.UtcNow), TestContext.Current.CancellationToken);
        await submission.CloseAsync();
        return what;
    }

    private async Task<Client> AdminAsync(string domain)
    {
        var login = $"adm{Guid.NewGuid():N}"[..20];
        var made = await platform.Operator.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/administrators", new { login, password = PlatformUnderTest.Password });
        Assert.Equal(201, made.Status);
        return await platform.SignInAsync(login, PlatformUnderTest.Password);
    }
}
