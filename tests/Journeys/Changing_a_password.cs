using Hikyaku.Platform.Testing;
using MailKit;
using MailKit.Security;

namespace Hikyaku.Journeys;

[Trait("Nodes", "several")]
public sealed class Changing_a_password(PlatformUnderTest platform)
{
    private const string New = "Betsu-no-98yz";

    [Fact, Trait("Rule", "ACC-7")]
    public async Task A_users_own_change_ends_all_other_sessions_and_is_in_force_on_every_port()
    {
        var account = await platform.AccountAsync(await platform.DomainAsync());
        using var open = await platform.ImapAsync(account);
        using var here = await platform.SignInAsync(account, PlatformUnderTest.Password);
        using var elsewhere = await platform.SignInAsync(account, PlatformUnderTest.Password);

        var changed = await here.SendAsync(HttpMethod.Put, $"/api/v1/accounts/{account}/password", new { current = PlatformUnderTest.Password, @new = New });
        Assert.Equal(204, changed.Status);
        await platform.InForceAsync(account);

        await Eventually.Async(async () => !await IsOpenAsync(open), TimeSpan.FromSeconds(15));
        await Eventually.Async(async () => (await elsewhere.GetAsync("/api/v1/me")).Status == 401, TimeSpan.FromSeconds(15));
        Assert.Equal(200, (await here.GetAsync("/api/v1/me")).Status);

        await Assert.ThrowsAsync<AuthenticationException>(() => platform.ImapAsync(account));
        await Assert.ThrowsAsync<AuthenticationException>(() => platform.Pop3Async(account));
        await Assert.ThrowsAsync<AuthenticationException>(() => platform.SmtpAsync(account));
        Assert.Equal(401, (await platform.Anonymous().SendAsync(HttpMethod.Post, "/api/v1/sessions", new { login = account, password = PlatformUnderTest.Password })).Status);

        (await platform.ImapAsync(account, "imaps", New)).Dispose();
        (await platform.Pop3Async(account, "pop3s", New)).Dispose();
        (await platform.SmtpAsync(account, "submissions", New)).Dispose();
        (await platform.SignInAsync(account, New)).Dispose();
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
