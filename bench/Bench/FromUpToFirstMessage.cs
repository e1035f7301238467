using System.Diagnostics;
using Hikyaku.Platform.Testing;
using MailKit;
using MailKit.Net.Imap;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace Hikyaku.Bench;

/// <summary>PERF-14: an empty copy of its own is started, an account opened, a message delivered and seen by IMAP.</summary>
internal static class FromUpToFirstMessage
{
    private const int Runs = 5;
    private const int PortBase = 38000;
    private static readonly string[] WithoutMailServers = ["postgres", "rabbitmq", .. DeployedProgram.All.Where(p => p.Port is not null).Select(p => p.Name)];

    public static async Task RunAsync(Report report)
    {
        var home = Path.Combine(Report.Repository, ".local-bench");
        var (started, delivered, memory) = (new List<double>(), new List<double>(), new List<double>());
        try
        {
            for (var run = 0; run <= Runs; run++) // the first one publishes and warms up
            {
                await DevAsync(home, "down");
                foreach (var folder in Directory.Exists(home) ? Directory.GetFileSystemEntries(home).Where(f => Path.GetFileName(f) != "bin").ToArray() : []) Remove(folder);
                var watch = Stopwatch.StartNew();
                await DevAsync(home, "up");
                var up = watch.Elapsed.TotalSeconds;
                await FirstMessageAsync(new RunningPlatform(home));
                if (run == 0) continue;
                started.Add(up);
                delivered.Add(watch.Elapsed.TotalSeconds);
                await Task.Delay(TimeSpan.FromSeconds(10)); // the memory is measured when the copy is idle
                memory.Add(WithoutMailServers.Sum(p => Megabytes(home, p)));
            }
        }
        finally
        {
            await DevAsync(home, "down");
        }

        report.Line($"{Runs} starts of an empty copy after one that published the programs; median (minimum–maximum). Memory is the proportional set size of {string.Join(", ", WithoutMailServers)} and their children, 10 s after the message.");
        report.Table(
            ["", "measured", "must reach"],
            ["./dev up returns, s", Report.Spread(started, "0.0"), ""],
            ["first message delivered and seen by IMAP, s", Report.Spread(delivered, "0.0"), "≤ 30"],
            ["memory of the idle platform without the mail servers, MB", Report.Spread(memory), "≤ 1,200"]);
    }

    private static async Task FirstMessageAsync(RunningPlatform platform)
    {
        var account = await platform.AccountAsync(await platform.DomainAsync(), "taro");
        using var smtp = new SmtpClient();
        var (host, port) = platform.Server("smtp");
        await smtp.ConnectAsync(host, port, SecureSocketOptions.None);
        var message = new MimeMessage { Subject = "first", Body = new TextPart("plain") { Text = "first" } };
        message.From.Add(MailboxAddress.Parse("sender@elsewhere.example"));
        message.To.Add(MailboxAddress.Parse(account));
        await smtp.SendAsync(message);
        using var imap = new ImapClient();
        (host, port) = platform.Server("imap");
        await imap.ConnectAsync(host, port, SecureSocketOptions.None);
        await imap.AuthenticateAsync(account, RunningPlatform.Password);
        await imap.Inbox.OpenAsync(FolderAccess.ReadOnly);
        for (var deadline = DateTime.UtcNow.AddSeconds(60); imap.Inbox.Count == 0;)
        {
            if (DateTime.UtcNow > deadline) throw new TimeoutException("The message did not arrive");
            await imap.NoOpAsync();
        }
    }

    private static async Task DevAsync(string home, string command)
    {
        var start = new ProcessStartInfo(Path.Combine(Report.Repository, "dev"), command) { RedirectStandardOutput = true };
        start.Environment["HIKYAKU_HOME"] = home;
        start.Environment["HIKYAKU_PORT_BASE"] = $"{PortBase}";
        using var process = Process.Start(start)!;
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException($"./dev {command} failed");
    }

    private static void Remove(string path)
    {
        if (Directory.Exists(path)) Directory.Delete(path, recursive: true);
        else File.Delete(path);
    }

    private static double Megabytes(string home, string program)
    {
        using var process = Process.Start(new ProcessStartInfo("supervisorctl", ["-c", Path.Combine(home, "supervisor", "supervisord.conf"), "pid", program]) { RedirectStandardOutput = true })!;
        var root = int.Parse(process.StandardOutput.ReadToEnd(), System.Globalization.CultureInfo.InvariantCulture);
        process.WaitForExit();
        var parents = Directory.GetDirectories("/proc").Select(Path.GetFileName).Where(n => int.TryParse(n, out _))
            .Select(n => (Id: int.Parse(n!, System.Globalization.CultureInfo.InvariantCulture), Parent: ParentOf(n!))).ToLookup(p => p.Parent, p => p.Id);
        return Family(root).Sum(Pss) / 1024.0;

        IEnumerable<int> Family(int id) => parents[id].SelectMany(Family).Prepend(id);
    }

    private static int ParentOf(string id)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{id}/stat");
            return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return -1; // it has just ended
        }
    }

    private static double Pss(int id)
    {
        try
        {
            var line = File.ReadLines($"/proc/{id}/smaps_rollup").First(l => l.StartsWith("Pss:", StringComparison.Ordinal));
            return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], System.Globalization.CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0; // it has just ended
        }
    }
}
