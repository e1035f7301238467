using System.Net.Sockets;
using Hikyaku.Platform.Testing;
using MailKit.Net.Smtp;
using MailKit.Security;

namespace Hikyaku.Journeys;

[Trait("Nodes", "several")]
public sealed class Exchanging_mail(PlatformUnderTest platform)
{
    [Fact, Trait("Rule", "ACC-3"), Trait("Rule", "NOD-1")]
    public async Task A_new_account_receives_by_port_25_and_reads_by_IMAP_and_POP_on_every_port()
    {
        var account = await platform.AccountAsync(await platform.DomainAsync());
        await platform.DeliverAsync(account, "ようこそ");
        foreach (var server in new[] { "imap", "imap+starttls", "imaps" }) await platform.ArrivesAsync(account, "ようこそ", server);
        foreach (var server in new[] { "pop3", "pop3+starttls", "pop3s" })
        {
            using var pop = await platform.Pop3Async(account, server);
            Assert.Equal("ようこそ", (await pop.GetMessageAsync(0)).Subject);
            await pop.DisconnectAsync(true);
        }
    }

    [Fact, Trait("Rule", "ACC-3"), Trait("Rule", "NOD-1")]
    public async Task It_sends_with_a_login_by_both_submission_ports_to_the_outside_and_to_a_neighbour()
    {
        var domain = await platform.DomainAsync();
        var (account, neighbour) = (await platform.AccountAsync(domain), await platform.AccountAsync(domain, "hanako"));
        var friend = $"friend-{Guid.NewGuid():N}@far.example";
        await platform.SubmitAsync(account, friend, "by 587", "submission");
        await platform.SubmitAsync(account, friend, "without TLS", "submission+plain");
        await platform.SubmitAsync(account, friend, "by 465", "submissions");
        var raw = await Eventually.Async(() => platform.OutboxAsync(friend), m => m.Count == 3, TimeSpan.FromSeconds(20));
        Assert.Contains(raw, m => m.Contains("Subject: by 587", StringComparison.Ordinal));
        Assert.Contains(raw, m => m.Contains("Subject: without TLS", StringComparison.Ordinal));
        Assert.Contains(raw, m => m.Contains("Subject: by 465", StringComparison.Ordinal));

        await platform.SubmitAsync(account, neighbour, "隣へ");
        await platform.ArrivesAsync(neighbour, "隣へ");
    }

    [Fact, Trait("Rule", "NOD-2"), Trait("Rule", "ACC-3")]
    public async Task Every_node_has_mailboxes_and_takes_mail_and_logins_for_all()
    {
        await Eventually.Async(NodesAsync, nodes => nodes.All(n => n!["state"]!.GetValue<string>() == "serving"), TimeSpan.FromSeconds(30));
        var account = await platform.AccountAsync(await platform.DomainAsync());
        string[] suffixes = platform.Endpoints["smtp2"] is null ? [""] : ["", "2"];
        foreach (var node in suffixes)
        {
            await platform.DeliverAsync(account, $"by smtp{node}", server: $"smtp{node}");
            await platform.SubmitAsync(account, account, $"by submission{node}", $"submission{node}+starttls");
            foreach (var other in suffixes)
            {
                await platform.ArrivesAsync(account, $"by smtp{node}", $"imap{other}");
                await platform.ArrivesAsync(account, $"by submission{node}", $"imap{other}+starttls");
            }
        }

        Assert.Equal(suffixes.Length, (await NodesAsync()).Count(n => n!["accounts"]!.GetValue<long>() > 0));
    }

    [Fact, Trait("Rule", "ACC-15")]
    public async Task Any_case_of_an_address_is_the_same_account_in_mail_and_logins()
    {
        var domain = await platform.DomainAsync();
        var account = await platform.AccountAsync(domain, "taro");
        await platform.DeliverAsync($"TARO@{domain.ToUpperInvariant()}", "大文字");
        await platform.ArrivesAsync($"Taro@{domain}", "大文字");
        using var session = await platform.SignInAsync(account.ToUpperInvariant(), PlatformUnderTest.Password);
        Assert.Equal(account, (await session.GetAsync("/api/v1/me")).Body!["login"]!.GetValue<string>());
    }

    [Fact, Trait("Rule", "ACC-4")]
    public async Task Postmaster_receives_from_the_start_and_logs_in_once_it_has_a_password()
    {
        var domain = await platform.DomainAsync();
        await platform.AccountAsync(domain);
        await platform.DeliverAsync($"postmaster@{domain}", "管理者へ");
        await Assert.ThrowsAsync<AuthenticationException>(() => platform.ImapAsync($"postmaster@{domain}", password: ""));
        var set = await platform.Operator.SendAsync(HttpMethod.Put, $"/api/v1/accounts/postmaster@{domain}/password", new { @new = PlatformUnderTest.Password });
        Assert.Equal(204, set.Status);
        await platform.InForceAsync($"postmaster@{domain}");
        await platform.ArrivesAsync($"postmaster@{domain}", "管理者へ");
    }

    [Fact, Trait("Rule", "NOD-6")]
    public async Task Nobody_sends_as_a_neighbour_and_nobody_relays_without_a_login()
    {
        var domain = await platform.DomainAsync();
        var (account, neighbour) = (await platform.AccountAsync(domain), await platform.AccountAsync(domain, "hanako"));
        var refused = await Assert.ThrowsAsync<SmtpCommandException>(() => platform.SubmitAsync(account, "friend@far.example", "spoofed", from: neighbour));
        Assert.Equal(553, (int)refused.StatusCode);
        var relay = await Assert.ThrowsAsync<SmtpCommandException>(() => platform.DeliverAsync("friend@far.example", "relayed"));
        Assert.InRange((int)relay.StatusCode, 550, 554);
        var unknown = await Assert.ThrowsAsync<SmtpCommandException>(() => platform.DeliverAsync($"nobody@{domain}", "unknown"));
        Assert.Equal(550, (int)unknown.StatusCode);
    }

    [Fact, Trait("Rule", "NOD-4"), Trait("Rule", "NOD-1")]
    public async Task The_servers_announce_100_MB_and_offer_logins_only_where_users_are()
    {
        var mx = await EhloAsync("smtp");
        Assert.Contains("SIZE 104857600", mx, StringComparison.Ordinal);
        Assert.DoesNotContain("AUTH", mx, StringComparison.Ordinal);
        var submission = await EhloAsync("submission");
        Assert.Contains("STARTTLS", submission, StringComparison.Ordinal);
        Assert.Matches("AUTH (PLAIN LOGIN|LOGIN PLAIN)\r", submission);
    }

    private async Task<System.Text.Json.Nodes.JsonArray> NodesAsync() => (await platform.Operator.GetAsync("/api/v1/nodes")).Body!["items"]!.AsArray();

    private async Task<string> EhloAsync(string server)
    {
        var (host, port) = platform.Server(server);
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(host, port);
        await using var stream = tcp.GetStream();
        using var reader = new StreamReader(stream);
        await reader.ReadLineAsync();
        await stream.WriteAsync("EHLO test.example\r\n"u8.ToArray());
        var text = "";
        for (var line = await reader.ReadLineAsync(); line is not null; line = await reader.ReadLineAsync())
        {
            text += line + "\r\n";
            if (line.Length > 3 && line[3] == ' ') break;
        }

        return text;
    }
}
