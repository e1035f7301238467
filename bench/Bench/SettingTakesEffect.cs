using System.Diagnostics;
using MailKit.Net.Imap;
using MailKit.Security;
using MassTransit;

namespace Hikyaku.Bench;

/// <summary>PERF-5: from the answer of a password change until the node obeys it, proved by a login with the new password.</summary>
internal static class SettingTakesEffect
{
    private const int Runs = 5;
    private const int Samples = 100;

    public static async Task RunAsync(Report report)
    {
        var platform = new RunningPlatform();
        var account = await platform.AccountAsync(await platform.DomainAsync(), "taro");
        var (setting, broker) = (new List<List<double>>(), new List<List<double>>());
        for (var run = 0; run <= Runs; run++) // the first one warms up
        {
            var (changed, published) = (await ChangesAsync(platform, account), await BrokerAloneAsync(platform));
            if (run == 0) continue;
            setting.Add(changed);
            broker.Add(published);
        }

        report.Line($"{Runs} runs in turn after a warm-up, each of {Samples} changes of one account's password, one after the other, each answered 204 before its clock starts; every tenth is proved by an IMAP login with the new password at the first try. RabbitMQ alone: {Samples} messages published with confirms and consumed by the same client library on a quorum queue of the same broker. Median (minimum–maximum) of the runs.");
        report.Table(["", "p50 ms", "p99 ms", "max ms"], Row("password changed until in force on the node", setting), Row("RabbitMQ publish to consume", broker));
        report.Line($"Must reach: p99 ≤ 250 ms. {(setting.TrueForAll(run => Report.Percentile(run, 99) <= 250) ? "Reached." : "Not reached.")}");
    }

    private static async Task<List<double>> ChangesAsync(RunningPlatform platform, string account)
    {
        var times = new List<double>();
        for (var i = 0; i < Samples; i++)
        {
            var password = i % 2 == 0 ? RunningPlatform.OtherPassword : RunningPlatform.Password;
            await platform.SendAsync(HttpMethod.Put, $"/api/v1/accounts/{account}/password", new { @new = password });
            var watch = Stopwatch.StartNew();
            await platform.InForceAsync(account);
            times.Add(watch.Elapsed.TotalMilliseconds);
            if (i % 10 == 0) await LogInAsync(platform, account, password);
        }

        return times;
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
