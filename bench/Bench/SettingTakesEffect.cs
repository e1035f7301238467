using System.Diagnostics;
using MailKit.Net.Imap;
using MailKit.Security;
using MassTransit;

namespace Hikyaku.Bench;

/// <summary>PERF-5: from the answer of a password change until the node obeys it, proved by a login with the new password.</summary>
internal static class SettingTakesEffect
{
    private const int Samples = 200;

    public static async Task RunAsync(Report report)
    {
        var platform = new RunningPlatform();
        var account = await platform.AccountAsync(await platform.DomainAsync(), "taro");
        var setting = new List<double>();
        for (var i = 0; i < Samples + 20; i++)
        {
            var password = i % 2 == 0 ? RunningPlatform.OtherPassword : RunningPlatform.Password;
            await platform.SendAsync(HttpMethod.Put, $"/api/v1/accounts/{account}/password", new { @new = password });
            var watch = Stopwatch.StartNew();
            await platform.InForceAsync(account);
            var took = watch.Elapsed.TotalMilliseconds;
            if (i >= 20) setting.Add(took); // the first ones warm up
            if (i % 10 == 0) await LogInAsync(platform, account, password);
        }

        var broker = await BrokerAloneAsync(platform);
        report.Line($"{Samples} changes of one account's password, one after the other, each answered 204 before its clock starts; every tenth is proved by an IMAP login with the new password at the first try. RabbitMQ alone: {Samples} messages published with confirms and consumed by the same client library on a quorum queue of the same broker.");
        report.Table(["", "p50 ms", "p99 ms", "max ms"], Row("password changed until in force on the node", setting), Row("RabbitMQ publish to consume", broker));
        report.Line($"Must reach: p99 ≤ 250 ms. {(Report.Percentile(setting, 99) <= 250 ? "Reached." : "Not reached.")}");
    }

    private static string[] Row(string what, List<double> values)
        => [what, .. new[] { Report.Percentile(values, 50), Report.Percentile(values, 99), values.Max() }.Select(v => v.ToString("0.0", System.Globalization.CultureInfo.InvariantCulture))];

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
            rabbit.Host("127.0.0.1", (ushort)(platform.PortBase + 6), "hikyaku", h => { h.Username("services"); h.Password(platform.Secret("rabbit-services")); });
            rabbit.ReceiveEndpoint($"bench-{Guid.NewGuid():N}", e =>
            {
                e.SetQuorumQueue();
                e.QueueExpiration = TimeSpan.FromMinutes(1);
                e.Handler<Ping>(_ => { arrived.Release(); return Task.CompletedTask; });
            });
        });
        await bus.StartAsync();
        var times = new List<double>();
        for (var i = 0; i < Samples + 20; i++)
        {
            var watch = Stopwatch.StartNew();
            await bus.Publish(new Ping(i));
            await arrived.WaitAsync();
            if (i >= 20) times.Add(watch.Elapsed.TotalMilliseconds);
        }

        await bus.StopAsync();
        return times;
    }
}

/// <summary>The broker's own measure.</summary>
internal sealed record Ping(int Number);
