using System.Net;
using Hikyaku.Platform.Testing;
using MailKit.Net.Imap;
using MailKit.Net.Smtp;
using MailKit.Security;

namespace Hikyaku.Journeys;

/// <summary>Each status of the manual's table (6-1-9), from what leads to it to its end.</summary>
public sealed class Restrictions(PlatformUnderTest platform)
{
    [Fact, Trait("Rule", "RST-1"), Trait("Rule", "RST-6"), Trait("Rule", "RST-9")]
    public async Task A_suspected_compromise_keeps_from_sending_until_an_administrator_sets_a_password()
    {
        var account = await NewAccountAsync();
        Assert.Equal(201, (await platform.Operator.SendAsync(HttpMethod.Post, $"/api/v1/accounts/{account}/restrictions", new { kind = "compromise-suspected", reason = "reported by a provider" })).Status);
        var (status, reference) = await StatusAsync(account, "compromise-suspected");
        Assert.Equal("compromise-suspected", status);
        await platform.InForceAsync(account);
        var refused = await Assert.ThrowsAsync<SmtpCommandException>(() => platform.SubmitAsync(account, account, "spam"));
        Assert.Contains(reference, refused.Message, StringComparison.Ordinal);
        await platform.DeliverAsync(account, "still received");
        await platform.ArrivesAsync(account, "still received");

        Assert.InRange((await platform.Operator.SendAsync(HttpMethod.Put, $"/api/v1/accounts/{account}/password", new { @new = "Tsukimi-34cd-yo" })).Status, 200, 204);
        await StatusAsync(account, "normal");
        await platform.InForceAsync(account);
        await platform.SubmitAsync(account, account, "free again", password: "Tsukimi-34cd-yo");
        await platform.ArrivesAsync(account, "free again", password: "Tsukimi-34cd-yo");
    }

    [Fact, Trait("Rule", "RST-4"), Trait("Rule", "OPS-3")]
    public async Task What_an_intruder_changed_is_undone_in_one_step()
    {
        var account = await NewAccountAsync();
        var (spam, rules) = ($"/api/v1/accounts/{account}/spam", $"/api/v1/accounts/{account}/forwarding-rules");
        var before = (await platform.Operator.GetAsync(spam)).Body!;
        using (var intruder = await platform.SignInAsync(account, PlatformUnderTest.Password))
        {
            foreach (var on in new[] { true, false, true })
                Assert.Equal(200, (await intruder.SendAsync(HttpMethod.Put, spam, new { tagSubject = on, sortToJunk = !on })).Status);
            Assert.Equal(201, (await intruder.SendAsync(HttpMethod.Post, rules, new { condition = "all", destinations = new[] { "thief@elsewhere.example" } })).Status);
        }

        Assert.Equal(201, (await platform.Operator.SendAsync(HttpMethod.Post, $"/api/v1/accounts/{account}/restrictions", new { kind = "compromise-suspected", reason = "mail that nobody sent" })).Status);
        var rewind = $"/api/v1/accounts/{account}/restrictions/compromise-suspected/rewind";
        var view = await Eventually.Async(() => platform.Operator.GetAsync(rewind), r => r.Body?["changes"]?.AsArray().Count >= 6);
        var chosen = view.Body!["changes"]!.AsArray().Where(c => (string)c!["change"]!["by"]!["role"]! == "user").Select(c => (string)c!["change"]!["id"]!).ToArray();
        Assert.Equal(6, chosen.Length); // the second and third change of both switches are two each
        var undone = await platform.Operator.SendAsync(HttpMethod.Post, rewind, new { changes = chosen });
        Assert.Equal(chosen.Select(id => (id, 200)), undone.Body!["changes"]!.AsArray().Select(c => ((string)c!["id"]!, (int)c["status"]!)));
        var after = (await platform.Operator.GetAsync(spam)).Body!;
        Assert.Equal(((bool)before["tagSubject"]!, (bool)before["sortToJunk"]!), ((bool)after["tagSubject"]!, (bool)after["sortToJunk"]!));
        Assert.Empty((await platform.Operator.GetAsync(rules)).Body!["items"]!.AsArray());
    }

    [Fact, Trait("Rule", "RST-1"), Trait("Rule", "RST-2"), Trait("Rule", "RST-3"), Trait("Rule", "RST-7")]
    public async Task Guessing_locks_the_account_for_the_guessers_network_and_nobody_else()
    {
        var account = await NewAccountAsync();
        for (var i = 0; i < 10; i++) Assert.NotEqual("", await LogInAsync(account, "127.0.77.1", $"wrong-{i}"));
        var (_, reference) = await StatusAsync(account, "account-locked");
        await platform.InForceAsync(account);
        Assert.Contains(reference, await LogInAsync(account, "127.0.77.2", PlatformUnderTest.Password), StringComparison.Ordinal);
        Assert.DoesNotContain(reference, await LogInAsync(account, "127.0.77.2", "wrong-again"), StringComparison.Ordinal);
        Assert.Equal("", await LogInAsync(account, "127.0.0.1", PlatformUnderTest.Password));
        using (var user = await platform.SignInAsync(account, PlatformUnderTest.Password))
        {
            var own = (await user.GetAsync($"/api/v1/accounts/{account}/restrictions")).Body!.AsArray().Single()!;
            Assert.True(own["until"] is not null && own["evidence"] is null);
        }

        Assert.Equal(204, (await platform.Operator.SendAsync(HttpMethod.Delete, $"/api/v1/accounts/{account}/restrictions/account-locked", new { reason = "our own test" })).Status);
        await StatusAsync(account, "normal");
        await platform.InForceAsync(account);
        Assert.Equal("", await LogInAsync(account, "127.0.77.2", PlatformUnderTest.Password));
    }

    [Fact, Trait("Rule", "RST-1"), Trait("Rule", "RST-2"), Trait("Rule", "RST-4"), Trait("Rule", "RST-5")]
    public async Task Mass_sending_locks_by_the_domains_thresholds_and_operators_read_why()
    {
        var account = await NewAccountAsync();
        var domain = account.Split('@')[1];
        // 404 until the service has heard of the domain.
        await Eventually.Async(() => platform.Operator.SendAsync(
            HttpMethod.Put, $"/api/v1/domains/{domain}/restriction-policy", new { values = new { firstTimePerDay = 3 }, reason = "a customer on trial" }), r => r.Status == 200);
        for (var i = 0; i < 4; i++) await platform.SubmitAsync(account, $"{Guid.NewGuid():N}@elsewhere.example", $"offer {i}");
        var (_, reference) = await StatusAsync(account, "sending-locked");
        await platform.InForceAsync(account);
        var refused = await Assert.ThrowsAsync<SmtpCommandException>(() => platform.SubmitAsync(account, account, "one more"));
        Assert.Contains(reference, refused.Message, StringComparison.Ordinal);
        var evidence = (await platform.Operator.GetAsync($"/api/v1/accounts/{account}/restrictions")).Body![0]!["evidence"]![0]!;
        Assert.Equal(("first-time-per-day", 4, 3), ((string)evidence["rule"]!, (int)evidence["counted"]!["signs"]![0]!["value"]!, (int)evidence["counted"]!["signs"]![0]!["limit"]!));
        await Eventually.Async(() => platform.Operator.GetAsync("/api/v1/notices?kind=restriction-began"), r => r.Text.Contains(account, StringComparison.Ordinal));
    }

    [Fact, Trait("Rule", "RST-2"), Trait("Rule", "NOD-2"), Trait("Rule", "REL-2")]
    public async Task A_restriction_stays_in_force_while_the_control_plane_is_down()
    {
        var (account, neighbour) = (await NewAccountAsync(), await NewAccountAsync());
        Assert.Equal(201, (await platform.Operator.SendAsync(HttpMethod.Post, $"/api/v1/accounts/{account}/restrictions", new { kind = "compromise-suspected", reason = "reported by a provider" })).Status);
        var (_, reference) = await StatusAsync(account, "compromise-suspected");
        await platform.InForceAsync(account);
        string[] stopped = ["restrictions", "accounts", "rabbitmq"];
        try
        {
            foreach (var program in stopped) await platform.ControlAsync("stop", program);
            await RefusedAsync();
            // Nor does it end when the node's agent starts again, with nobody to ask.
            await platform.KillAsync("mailnode");
            await RefusedAsync();
            await platform.DeliverAsync(account, "still received");
            await platform.ArrivesAsync(account, "still received");
            await platform.SubmitAsync(neighbour, neighbour, "others send");
            await platform.ArrivesAsync(neighbour, "others send");
        }
        finally
        {
            foreach (var program in stopped.Reverse()) await platform.ControlAsync("start", program);
            await platform.AllReadyAsync();
        }

        await RefusedAsync();
        Assert.Equal(204, (await platform.Operator.SendAsync(HttpMethod.Delete, $"/api/v1/accounts/{account}/restrictions/compromise-suspected", new { reason = "it was a mistake" })).Status);
        await platform.InForceAsync(account, TimeSpan.FromSeconds(60));
        await platform.SubmitAsync(account, account, "free again");
        await platform.ArrivesAsync(account, "free again");

        async Task RefusedAsync()
        {
            var refused = await Assert.ThrowsAsync<SmtpCommandException>(() => platform.SubmitAsync(account, account, "spam"));
            Assert.Contains(reference, refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact, Trait("Rule", "RST-1"), Trait("Rule", "RST-8")]
    public async Task A_full_mailbox_is_over_capacity_until_mail_is_deleted()
    {
        var account = await NewAccountAsync(capacityMb: 1);
        await platform.DeliverAsync(account, "large", bytes: 900_000);
        await platform.ArrivesAsync(account, "large");
        var arrived = DateTimeOffset.UtcNow;
        await Assert.ThrowsAsync<SmtpCommandException>(() => platform.DeliverAsync(account, "too large", bytes: 500_000));
        await StatusAsync(account, "over-capacity");
        // Mail of the very second in which the deletion is asked for stays (ACC-6).
        await Eventually.Async(() => DateTimeOffset.UtcNow > arrived.AddSeconds(2));
        Assert.Equal(202, (await platform.Operator.SendAsync(HttpMethod.Delete, $"/api/v1/accounts/{account}/mail")).Status);
        await StatusAsync(account, "normal");
        await platform.DeliverAsync(account, "fits again", bytes: 500_000);
    }

    private async Task<string> NewAccountAsync(int capacityMb = 50)
    {
        var account = await platform.AccountAsync(await platform.DomainAsync(), capacityMb: capacityMb);
        await StatusAsync(account, "normal");
        return account;
    }

    // Waits for it in the account's summary.
    private async Task<(string Status, string Reference)> StatusAsync(string account, string status)
    {
        var summary = await Eventually.Async(() => platform.Operator.GetAsync($"/api/v1/accounts/{account}"), r => (string?)r.Body!["status"] == status);
        return ((string)summary.Body!["status"]!, (string?)(summary.Body["restrictions"]!.AsArray() is [var first, ..] ? first!["reference"] : null) ?? "");
    }

    // Empty: logged in; else what the server says.
    private async Task<string> LogInAsync(string account, string from, string password)
    {
        using var imap = new ImapClient { LocalEndPoint = new IPEndPoint(IPAddress.Parse(from), 0), ServerCertificateValidationCallback = platform.IsOwnCertificate };
        var (host, port) = platform.Server("imap");
        await imap.ConnectAsync(host, port, SecureSocketOptions.None);
        try
        {
            await imap.AuthenticateAsync(account, password);
            return "";
        }
        catch (AuthenticationException e)
        {
            return e.Message;
        }
    }
}
