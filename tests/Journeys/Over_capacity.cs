using Hikyaku.Platform.Testing;
using MailKit.Net.Smtp;

namespace Hikyaku.Journeys;

[Trait("Nodes", "several")]
public sealed class Over_capacity(PlatformUnderTest platform)
{
    [Fact, Trait("Rule", "RST-8"), Trait("Rule", "ACC-13")]
    public async Task A_full_mailbox_refuses_with_5_2_2_and_takes_mail_again_once_it_is_larger()
    {
        var account = await platform.AccountAsync(await platform.DomainAsync(), capacityMb: 1);
        await platform.DeliverAsync(account, "first", bytes: 700_000);
        await platform.ArrivesAsync(account, "first");
        await Eventually.Async(() => platform.Operator.GetAsync($"/api/v1/accounts/{account}"), r => r.Body!["usedMb"]!.GetValue<int>() == 1, TimeSpan.FromSeconds(20));

        var refused = await Assert.ThrowsAsync<SmtpCommandException>(async () =>
        {
            await platform.DeliverAsync(account, "second", bytes: 400_000); // RCPT knows the size: it is announced
            await platform.DeliverAsync(account, "third", bytes: 400_000);
        });
        Assert.Equal(552, (int)refused.StatusCode);
        Assert.Contains("5.2.2", refused.Message, StringComparison.Ordinal);

        var raised = await platform.Operator.SendAsync(HttpMethod.Patch, $"/api/v1/accounts/{account}", new { capacityMb = 10 });
        Assert.Equal(200, raised.Status);
        await platform.InForceAsync(account);
        await platform.DeliverAsync(account, "fourth", bytes: 400_000);
        await platform.ArrivesAsync(account, "fourth");
    }
}
