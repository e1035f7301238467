using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using MailKit.Net.Imap;
using MailKit.Net.Smtp;
using MailKit.Security;
using MassTransit;
using MimeKit;

namespace Hikyaku.Bench;

/// <summary>PERF-5: from the answer of a change until the node obeys it, proved by a login with the new password, and by mail that is forwarded.</summary>
internal static class SettingTakesEffect
{
    private const int Runs = 5;
    private const int Samples = 100;

    public static async Task RunAsync(Report report)
    {
        var platform = new RunningPlatform();
        var account = await platform.AccountAsync(await platform.DomainAsync(), "taro");
        var (setting, forwarding, broker) = (new List<List<double>>(), new List<List<double>>(), new List<List<double>>());
        for (var run = 0; run <= Runs; run++) // the first one warms up
        {
            var (changed, forwarded, published) = (await PasswordsAsync(platform, account), await ForwardingAsync(platform, account), await BrokerAloneAsync(platform));
            if (run == 0) continue;
            setting.Add(changed);
            forwarding.Add(forwarded);
            broker.Add(published);
        }

        report.Line($"{Runs} runs in turn after a warm-up, each of {Samples} changes of one account, one after the other, each answered before its clock starts. Every tenth is proved at the first try: a password by an IMAP login, a forwarding rule by a message that is delivered then and reaches its destination. RabbitMQ alone: {Samples} messages published with confirms and consumed by the same client library on a quorum queue of the same broker. Median (minimum–maximum) of the runs.");
        report.Table(["", "p50 ms", "p99 ms", "max ms"], Row("password changed until in force on the node", setting), Row("forwarding rule changed until in force on the node", forwarding), Row("RabbitMQ publish to consume", broker));
        report.Line($"Must reach: p99 ≤ 250 ms. {(setting.Concat(forwarding).All(run => Report.Percentile(run, 99) <= 250) ? "Reached." : "Not reached.")}");
    }

    private static Task<List<double>> PasswordsAsync(RunningPlatform platform, string account) => ChangesAsync(platform, account,
        i => platform.SendAsync(HttpMethod.Put, $"/api/v1/accounts/{account}/password", new { @new = PasswordOf(i) }),
        i => LogInAsync(platform, account, PasswordOf(i)));

    private static async Task<List<double>> ForwardingAsync(RunningPlatform platform, string account)
    {
        var rules = $"/api/v1/accounts/{account}/forwarding-rules";
        var run = Guid.NewGuid().ToString("N")[..8];
        var made = await platform.SendAsync(HttpMethod.Post, rules, new { condition = "all", destinations = new[] { To(-1) } });
        var id = made!["items"]![0]!["id"]!.GetValue<string>();
        var times = await ChangesAsync(platform, account,
            i => platform.SendAsync(HttpMethod.Put, $"{rules}/{id}", new { condition = "all", destinations = new[] { To(i) } }),
            i => ForwardedAsync(platform, account, To(i)));
        await platform.SendAsync(HttpMethod.Delete, $"{rules}/{id}");
        return times;

        string To(int i) => $"d{i}.{run}@elsewhere.example";
    }

    private static async Task<List<double>> ChangesAsync(RunningPlatform platform, string account, Func<int, Task> change, Func<int, Task> prove)
    {
        var times = new List<double>();
        for (var i = 0; i < Samples; i++)
        {
            await change(i);
            var watch = Stopwatch.StartNew();
            await platform.InForceAsync(account);
            times.Add(watch.Elapsed.TotalMilliseconds);
            if (i % 10 == 0) await prove(i);
        }

        return times;
    }

    private static string PasswordOf(int i) => i % 2 == 0 ? RunningPlatform.OtherPassword : RunningPlatform.Password;

    private static async Task ForwardedAsync(RunningPlatform platform, string account, string to)
    {
        using var smtp = new SmtpClient();
        var (host, port) = platform.Server("smtp");
        await smtp.ConnectAsync(host, port, SecureSocketOptions.None);
        await smtp.SendAsync(new MimeMessage([MailboxAddress.Parse("bench@elsewhere.example")], [MailboxAddress.Parse(account)], "bench", new TextPart("plain") { Text = "x" }));
        await smtp.DisconnectAsync(true);
        using var outbox = new HttpClient();
        for (var deadline = DateTime.UtcNow.AddSeconds(20); DateTime.UtcNow < deadline; await Task.Delay(20))
        {
            var messages = await outbox.GetFromJsonAsync<JsonArray>($"{platform.Endpoints["outbox"]}/messages");
            if (messages!.Any(m => m!["to"]!.AsArray().Any(t => t!.GetValue<string>() == to))) return;
        }

        throw new TimeoutException($"Nothing was forwarded to {to}");
    }

    private static string[] Row(string what, List<List<double>> runs)
        => [what, Spread(runs, r => Report.Percentile(r, 50)), Spread(runs, r => Report.Percentile(r, 99)), Spread(runs, r => r.Max())];

    private static string Spread(List<List<double>> runs, Func<List<double>, double> of) => Report.Spread(runs.ConvertAll(r => of(r)), "0.0");

    private static async Task LogInAsync(RunningPlatform platform, string account, string password)
    {
        using var imap = new ImapClient();
        var (host, port) = platform.Server("imap");
        await imap.ConnectAsync(host, port, SecureSocketOptions.None);
        await imap.AuthenticateAsync(account, password);
        await imap.DisconnectAsync(true);
    }

    private static async Task<List<double>> BrokerAloneAsync(RunningPlatform platform)
    {
        var arrived = new SemaphoreSlim(0);
        var bus = MassTransit.Bus.Factory.CreateUsingRabbitMq(rabbit =>
        {
            rabbit.Host("127.0.0.1", (ushort)(platform.PortBase + 6), "hikyaku", h => { h.Username("gateway"); h.Password(platform.Secret("rabbit-gateway")); });
            rabbit.ReceiveEndpoint($"gateway-bench-{Guid.NewGuid():N}", e =>
            {
                e.SetQuorumQueue();
                e.QueueExpiration = TimeSpan.FromMinutes(1);
                e.Handler<Ping>(_ => { arrived.Release(); return Task.CompletedTask; });
            });
        });
        await bus.StartAsync();
        var times = new List<double>();
        for (var i = 0; i < Samples; i++)
        {
            var watch = Stopwatch.StartNew();
            await bus.Publish(new Ping(i));
            await arrived.WaitAsync();
            times.Add(watch.Elapsed.TotalMilliseconds);
        }

        await bus.StopAsync();
        return times;
    }
}

/// <summary>The broker's own measure.</summary>
internal sealed record Ping(int Number);
