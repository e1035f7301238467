using Hikyaku.Platform.Testing;
using MailKit;
using MailKit.Security;

namespace Hikyaku.Journeys;

public sealed class Forcing_a_password(PlatformUnderTest platform)
{
    private const string Fresh = "Tsukimi.7soba+Kx";

    [Fact, Trait("Rule", "ACC-8"), Trait("Rule", "ROLE-3"), Trait("Rule", "NTC-1")]
    public async Task A_forced_change_ends_every_session_and_an_administrators_password_lets_in_again()
    {
        var domain = await platform.DomainAsync();
        var account = await platform.AccountAsync(domain);
        using var open = await platform.ImapAsync(account);
        using var here = await platform.SignInAsync(account, PlatformUnderTest.Password);

        var forced = await platform.Operator.SendAsync(HttpMethod.Post, $"/api/v1/accounts/{account}/force-password-change", new { reason = "planted reason" });
        Assert.Equal(204, forced.Status);
        await platform.InForceAsync(account);

        await Eventually.Async(async () => !await IsOpenAsync(open), TimeSpan.FromSeconds(15));
        await Eventually.Async(async () => (await here.GetAsync("/api/v1/me")).Status == 401, TimeSpan.FromSeconds(15));
        await Assert.ThrowsAsync<AuthenticationException>(() => platform.ImapAsync(account));
        await Assert.ThrowsAsync<AuthenticationException>(() => platform.Pop3Async(account));
        await Assert.ThrowsAsync<AuthenticationException>(() => platform.SmtpAsync(account));
        Assert.Equal((423, "sessions.password-forcibly-changed"), await TrySignInAsync(account, PlatformUnderTest.Password));
        Assert.Equal((401, "sessions.wrong-credentials"), await TrySignInAsync(account, "Wrong-password-1"));

        using var admin = await AdminAsync(domain);
        // One of the password, and one of what it leads to: nothing is sent until an administrator sets another one.
        var board = await Eventually.Async(() => admin.GetAsync("/api/v1/notices?state=unread"), b => b.Body!["items"]!.AsArray().Count == 2);
        Assert.All(board.Body!["items"]!.AsArray(), n => Assert.Equal(account, (string)n!["account"]!));
        Assert.Equal("compromise-suspected", (string)(await admin.GetAsync($"/api/v1/accounts/{account}")).Body!["status"]!);
        Assert.True((await admin.GetAsync($"/api/v1/accounts/{account}")).Body!["passwordForciblyChanged"]!.GetValue<bool>());
        Assert.Contains("planted reason", (await admin.GetAsync($"/api/v1/accounts/{account}/history")).Text, StringComparison.Ordinal);
        Assert.Equal("accounts.password-recent", (await SetAsync(admin, account, PlatformUnderTest.Password)).Code);
        Assert.Equal("accounts.password-guessable", (await SetAsync(admin, account, "Password-1234")).Code);
        Assert.Equal(200, (await SetAsync(admin, account, Fresh)).Status);
        await platform.InForceAsync(account);

        (await platform.ImapAsync(account, "imaps", Fresh)).Dispose();
        (await platform.SmtpAsync(account, "submissions", Fresh)).Dispose();
        await Assert.ThrowsAsync<AuthenticationException>(() => platform.ImapAsync(account));
        using var user = await platform.SignInAsync(account, Fresh);
        Assert.False((await user.GetAsync($"/api/v1/accounts/{account}")).Body!["passwordForciblyChanged"]!.GetValue<bool>());
        var history = await user.GetAsync($"/api/v1/accounts/{account}/history");
        Assert.Contains("accounts.mail-account-password-forcibly-changed", history.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("planted", history.Text, StringComparison.Ordinal);
    }

    private static Task<Reply> SetAsync(Client client, string account, string password)
        => client.SendAsync(HttpMethod.Patch, $"/api/v1/accounts/{account}", new { password });

    private async Task<(int Status, string? Code)> TrySignInAsync(string login, string password)
    {
        using var nobody = platform.Anonymous();
        var reply = await nobody.SendAsync(HttpMethod.Post, "/api/v1/sessions", new { login, password });
        return (reply.Status, reply.Code);
    }

    private async Task<Client> AdminAsync(string domain)
    {
        var login = $"adm{Guid.NewGuid():N}"[..20];
        var made = await platform.Operator.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/administrators", new { login, password = PlatformUnderTest.Password });
        Assert.Equal(201, made.Status);
        return await platform.SignInAsync(login, PlatformUnderTest.Password);
    }

    private static async Task<bool> IsOpenAsync(MailKit.Net.Imap.ImapClient imap)
    {
        try
        {
            await imap.NoOpAsync();
            return true;
        }
        catch (Exception e) when (e is IOException or ServiceNotConnectedException or MailKit.Net.Imap.ImapProtocolException)
        {
            return false; // what is waited for
        }
    }
}
