using System.Collections.Concurrent;
using System.Text;
using Hikyaku.Platform.Testing;

namespace Hikyaku.Journeys;

public sealed class Outages(PlatformUnderTest platform)
{
    [Fact, Trait("Rule", "NOD-2"), Trait("Rule", "REL-2")]
    public async Task With_PostgreSQL_down_the_API_answers_503_while_mail_and_logins_go_on()
    {
        var account = await platform.AccountAsync(await platform.DomainAsync());
        await platform.ControlAsync("stop", "postgres");
        try
        {
            var reply = await platform.Operator.GetAsync($"/api/v1/accounts/{account}");
            Assert.Equal((503, "platform.unavailable"), (reply.Status, reply.Code));
            await platform.DeliverAsync(account, "it goes on");
            await platform.ArrivesAsync(account, "it goes on");
            await platform.SubmitAsync(account, account, "so does sending");
            await platform.ArrivesAsync(account, "so does sending", "imaps");
        }
        finally
        {
            await platform.ControlAsync("start", "postgres");
        }

        await platform.AllReadyAsync();
        Assert.Equal(200, (await platform.Operator.GetAsync($"/api/v1/accounts/{account}")).Status);
    }

    [Fact, Trait("Rule", "REL-2"), Trait("Rule", "NOD-2"), Trait("Size", "outage")]
    public async Task Mail_flows_while_services_broker_and_database_are_down_and_then_all_agrees()
    {
        const int senders = 8, messagesEach = 80;
        var outage = TimeSpan.FromMinutes(Campaign.Size("outage", everyDay: 1));
        string[] stopped = [.. DeployedProgram.All.Where(p => p.Database is not null).Select(p => p.Name), "rabbitmq", "postgres"];
        var domain = await platform.DomainAsync();
        var accounts = new List<string>();
        for (var i = 0; i < senders; i++) accounts.Add(await platform.AccountAsync(domain, $"user{i}"));
        var friend = $"friend-{Guid.NewGuid():N}@far.example";

        await Task.WhenAll(stopped.Select(platform.KillForGoodAsync));
        var since = System.Diagnostics.Stopwatch.StartNew();
        var (inboxes, outside) = (accounts.ToDictionary(a => a, _ => new ConcurrentBag<string>()), new ConcurrentBag<string>());
        try
        {
            await Task.WhenAll(accounts.Select(async (account, i) =>
            {
                var neighbour = accounts[(i + 1) % senders];
                await SendAsync(messagesEach, "at once");
                var round = 0;
                do
                {
                    await SendAsync(2, $"round {round++}");
                    foreach (var server in new[] { "imap", "imaps" }) (await platform.ImapAsync(account, server)).Dispose();
                    (await platform.Pop3Async(account)).Dispose();
                }
                while (since.Elapsed < outage);

                // From outside, and half as many each to a neighbour and to the outside.
                async Task SendAsync(int messages, string when)
                {
                    await platform.DeliverManyAsync(account, $"in, {when}", messages);
                    await platform.SubmitManyAsync(account, neighbour, $"within, {when}", messages / 2);
                    await platform.SubmitManyAsync(account, friend, $"out, {account}, {when}", messages / 2);
                    for (var m = 0; m < messages; m++) inboxes[account].Add($"in, {when} {m}");
                    for (var m = 0; m < messages / 2; m++)
                    {
                        inboxes[neighbour].Add($"within, {when} {m}");
                        outside.Add($"out, {account}, {when} {m}");
                    }
                }
            }));
        }
        finally
        {
            foreach (var program in stopped.AsEnumerable().Reverse()) await platform.ControlAsync("start", program);
            await platform.AllReadyAsync();
        }

        var sent = await Eventually.Async(() => platform.OutboxAsync(friend), m => m.Count >= outside.Count, TimeSpan.FromSeconds(60));
        Assert.Equal(outside.Order(), sent.Select(SubjectOf).Order());
        foreach (var account in accounts) Assert.Equal(inboxes[account].Order(), await platform.SubjectsAsync(account, inboxes[account].Count));
        // What the node saw meanwhile is counted.
        foreach (var account in accounts) await Eventually.Async(() => platform.Operator.GetAsync($"/api/v1/accounts/{account}"), r => r.Body?["usedMb"]?.GetValue<int>() > 0, TimeSpan.FromSeconds(60));
        var changed = await platform.Operator.SendAsync(HttpMethod.Patch, $"/api/v1/accounts/{accounts[0]}", new { capacityMb = 123 });
        Assert.Equal(200, changed.Status);
        await platform.InForceAsync(accounts[0]);
        await PlatformUnderTest.VerifyAsync();
    }

    [Fact, Trait("Rule", "REL-1"), Trait("Rule", "ACC-6")]
    public async Task After_a_minute_without_RabbitMQ_commands_take_effect_as_of_their_requests()
    {
        var domain = await platform.DomainAsync();
        var emptied = await platform.AccountAsync(domain, "emptied");
        await platform.DeliverAsync(emptied, "before the request");
        await platform.ArrivesAsync(emptied, "before the request");
        var accounts = Enumerable.Range(0, 50).Select(i => $"user{i:00}@{domain}").ToList();
        await platform.ControlAsync("stop", "rabbitmq");
        Reply deletion;
        List<string> later = [];
        try
        {
            foreach (var account in accounts)
            {
                var reply = await platform.Operator.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/accounts", new { name = account.Split('@')[0], password = PlatformUnderTest.Password });
                Assert.Equal(201, reply.Status);
            }

            deletion = await platform.Operator.SendAsync(HttpMethod.Delete, $"/api/v1/accounts/{emptied}/mail");
            Assert.Equal(202, deletion.Status);
            for (var since = System.Diagnostics.Stopwatch.StartNew(); since.Elapsed < TimeSpan.FromMinutes(1);)
            {
                later.Add($"later {later.Count}");
                await platform.DeliverAsync(emptied, later[^1]);
                await platform.ArrivesAsync(emptied, later[^1]);
                await Eventually.Async(() => since.Elapsed > TimeSpan.FromSeconds(10 * later.Count), TimeSpan.FromSeconds(60));
            }

            await platform.ReadyAsync("accounts", ready: false);
            await platform.ReadyAsync("mailnode", ready: false);
        }
        finally
        {
            await platform.ControlAsync("start", "rabbitmq");
        }

        foreach (var account in accounts) await platform.InForceAsync(account, TimeSpan.FromSeconds(120));
        await platform.DeliverAsync(accounts[49], "in force");
        await platform.ArrivesAsync(accounts[49], "in force");
        await platform.JobAsync(deletion, "succeeded");
        Assert.Equal(later, await platform.SubjectsAsync(emptied, later.Count));
        await platform.AllReadyAsync();
    }

    [Theory, Trait("Rule", "REL-1"), Trait("Rule", "NOD-3")]
    [InlineData("accounts", "mailnode", "gateway")]
    [InlineData("mailnode", "gateway", "accounts")]
    [InlineData("gateway", "accounts", "mailnode")]
    public async Task Killed_in_any_order_services_and_agent_come_back_and_changes_take_effect(string first, string second, string third)
    {
        var account = await platform.AccountAsync(await platform.DomainAsync());
        foreach (var program in new[] { first, second, third }) await platform.KillAsync(program);
        await platform.DeliverAsync(account, "meanwhile"); // nobody needs them for that
        await platform.ArrivesAsync(account, "meanwhile");

        await platform.AllReadyAsync();
        var changed = await platform.Operator.SendAsync(HttpMethod.Put, $"/api/v1/accounts/{account}/password", new { @new = "Betsu-no-98yz" });
        Assert.Equal(204, changed.Status);
        await platform.InForceAsync(account);
        (await platform.ImapAsync(account, password: "Betsu-no-98yz")).Dispose();
    }

    [Fact, Trait("Rule", "GWY-4")]
    public async Task A_repeated_key_answers_the_first_answer_also_after_the_service_was_killed()
    {
        var domain = await platform.DomainAsync();
        var body = new { name = "taro", password = PlatformUnderTest.Password };
        var first = await platform.Operator.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/accounts", body, ("Idempotency-Key", "journey-1"));
        Assert.Equal(201, first.Status);
        await platform.KillAsync("accounts");
        await platform.ReadyAsync("accounts");
        var again = await platform.Operator.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/accounts", body, ("Idempotency-Key", "journey-1"));
        Assert.Equal((first.Status, first.Text, first.ETag), (again.Status, again.Text, again.ETag));
    }

    private static string SubjectOf(string message)
    {
        using var stream = new MemoryStream(Encoding.Latin1.GetBytes(message));
        return MimeKit.MimeMessage.Load(stream).Subject ?? "";
    }
}
