using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Hikyaku.Bench;

/// <summary>
/// PERF-11: mail from port 25 through spam and virus check and the account's script into the mailbox, beside the same servers with a static
/// configuration: Postfix and Dovecot with one account in their files and the same script, and the same Rspamd and ClamAV. They ask Dovecot's
/// quota-status at the recipient, as everybody does who refuses mail to full mailboxes before it is sent; without that they stand there, too.
/// </summary>
internal static class ReceivingMail
{
    private const int Runs = 5, Messages = 400, Clients = 4;
    private const double MustReach = 0.95;

    public static async Task RunAsync(Report report)
    {
        report.LineOfLoad("before it began");
        report.Line();
        var platform = new RunningPlatform();
        var (domain, replica) = (await platform.DomainAsync(), new NodeReplica(platform.Home));
        var (here, fixedly, boundless) = (await platform.AccountAsync(domain, "node"), await platform.AccountAsync(domain, "static"), await platform.AccountAsync(domain, "boundless"));
        await platform.SendAsync(HttpMethod.Put, $"/api/v1/accounts/{here}/spam", new { tagSubject = true, sortToJunk = true });
        await platform.InForceAsync(here);
        string script;
        for (var deadline = DateTime.UtcNow.AddSeconds(30); !(script = replica.ScriptOf(here)).Contains("Junk", StringComparison.Ordinal); await Task.Delay(100))
            if (DateTime.UtcNow > deadline) throw new TimeoutException("The account's spam settings do not act");
        var folders = replica.Accounts(domain).ToDictionary(a => a.Address, a => Path.Combine(a.Folder, "Maildir", "new"));
        using var dovecot = await OtherDovecot.WithPasswdFileAsync(platform.Home, platform.PortBase + 305, replica.Accounts(domain), h => "{ARGON2ID}" + h, "0", "lmtp", script);
        using var postfix = await OtherPostfix.StartAsync(platform, platform.PortBase + 306, dovecot.Port, fixedly, asksForSpace: true);
        using var without = await OtherPostfix.StartAsync(platform, platform.PortBase + 307, dovecot.Port, boundless, asksForSpace: false);

        var (node, other, least) = (new List<double>(), new List<double>(), new List<double>());
        for (var run = 0; run <= Runs; run++) // the first one warms up
        {
            var rates = (await LoadAsync(platform.Server("smtp").Port, here, folders[here]), await LoadAsync(postfix.Port, fixedly, folders[fixedly]), await LoadAsync(without.Port, boundless, folders[boundless]));
            if (run == 0) continue;
            node.Add(rates.Item1);
            other.Add(rates.Item2);
            least.Add(rates.Item3);
        }

        var (ratio, toLeast) = (node.Zip(other, (a, b) => a / b).ToList(), least.Zip(other, (a, b) => a / b));
        report.Line(string.Create(CultureInfo.InvariantCulture, $"{Runs} runs in turn after a warm-up, {Messages} messages of 4 kB by {Clients} connections, each until the last one is in the mailbox; median (minimum–maximum). The account has spam tagged and sorted."));
        report.Table(["", "messages/s", "ratio"], ["the node", Report.Spread(node, "0.0"), Report.Spread(ratio, "0.00")], ["the same servers, static", Report.Spread(other, "0.0"), "1"], ["the same, without a question about space", Report.Spread(least, "0.0"), Report.Spread(toLeast, "0.00")]);
        report.Line($"Must reach: {MustReach.ToString(CultureInfo.InvariantCulture)}. {(Report.Percentile(ratio, 50) >= MustReach ? "Reached." : "Not reached.")}");
    }

    private static async Task<double> LoadAsync(int port, string address, string folder)
    {
        var before = Count(folder);
        var (next, watch) = (-1, Stopwatch.StartNew());
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async _ =>
        {
            using var client = new TcpClient("127.0.0.1", port) { NoDelay = true };
            var stream = client.GetStream();
            using var reader = new StreamReader(stream, Encoding.ASCII);
            await DeliveringWithRules.SayAsync(reader, stream, null);
            await DeliveringWithRules.SayAsync(reader, stream, "EHLO bench.elsewhere.example\r\n");
            while (Interlocked.Increment(ref next) < Messages)
            {
                foreach (var command in new[] { "MAIL FROM:<bench@elsewhere.example>\r\n", $"RCPT TO:<{address}>\r\n", "DATA\r\n", DeliveringWithRules.Message(address) })
                    await DeliveringWithRules.SayAsync(reader, stream, command);
            }
        }));
        for (var deadline = DateTime.UtcNow.AddMinutes(2); Count(folder) < before + Messages; await Task.Delay(10))
            if (DateTime.UtcNow > deadline) throw new TimeoutException($"{Count(folder) - before} of {Messages} messages came");
        return Messages / watch.Elapsed.TotalSeconds;
    }

    private static int Count(string folder) => Directory.Exists(folder) ? Directory.EnumerateFiles(folder).Count() : 0;
}
