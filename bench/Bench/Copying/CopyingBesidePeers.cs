using System.Diagnostics;
using System.Globalization;
using Hikyaku.Copier;
using Hikyaku.CopyMailbox;
using Hikyaku.Platform;

namespace Hikyaku.Bench.Copying;

/// <summary>PERF-9: real mail copied from a source at several distances, beside the programs that people use for that, and the bound.</summary>
internal static class CopyingBesidePeers
{
    private const int AllMessages = 6046, FullRuns = 5, SlowSeconds = 60;
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(20);

    // In modified UTF-7: one of them is Réunion.
    private static readonly string[] Folders = ["INBOX", "INBOX.Work", "INBOX.Lists", "INBOX.Lists.2002", "INBOX.R&AOk-union"];

    private static readonly CopyTool Bound = new("the bound", null, async (copy, _) => await InProcessAsync(() => CopyBound.RunAsync(copy)));
    private static readonly CopyTool Worker = new("hikyaku, in a worker", null, async (copy, _) => await InProcessAsync(() => CopyAsync(copy)));

    public static async Task RunAsync(Report report)
    {
        var (messages, runs) = (report.Option("messages", AllMessages), report.Option("runs", FullRuns));
        report.LineOfLoad("before it began");
        await using var servers = await CopyServers.StartAsync();
        var corpus = CopyServers.Corpus(messages);
        var user = await servers.FillAsync(Folders, corpus);
        var source = await MailboxComparison.ReadAsync(servers.Source.Port, user, CopyCase.NameAtDestination);
        CopyTool[] tools = [Bound, Worker, CopyTools.Own, .. CopyTools.Peers];
        report.Line(string.Create(CultureInfo.InvariantCulture, $"{corpus.Count} messages, {corpus.Sum(m => (long)m.Length)} bytes, {Folders.Length} folders; maildir at both ends, mail_fsync optimized, no TLS, as not all can do it."));
        report.Line($"Up to {runs} runs of each in turn after a warm-up, each into a new mailbox; what takes more than {SlowSeconds} s runs once. Median (minimum–maximum).");
        foreach (var milliseconds in new[] { 0, 20, 40 })
        {
            await using var proxy = new DelayingProxy(servers.Source.Port, TimeSpan.FromMilliseconds(milliseconds));
            var rows = await MeasureAsync(servers, milliseconds == 0 ? servers.Source.Port : proxy.Port, user, source, tools.Where(t => t.IsInstalled).ToList(), runs);
            report.Line();
            report.Line($"The source {milliseconds} ms away:");
            Tell(report, rows, corpus.Count);
        }

        foreach (var tool in tools.Where(t => !t.IsInstalled)) report.Line($"{tool.Name} is not installed and was left out.");
        report.LineOfLoad("at the end");
    }

    /// <summary>Our copier in this process.</summary>
    public static async Task<CopyResult> CopyAsync(CopyCase copy)
    {
        var settings = new CopySettings();
        await using var journal = SqliteJournal.Open(Path.Combine(copy.Folder, "journal"));
        var result = await new MailboxCopier(new(new NetworkGuard("127.0.0.0/8"), settings), settings).CopyAsync(
            new("127.0.0.1", copy.SourceUser, new(CopyCase.Password), copy.SourcePort, CopySecurity.Plain, AllowPlain: true),
            new("127.0.0.1", copy.DestinationPort, copy.DestinationUser, new(CopyCase.Password)), journal, null, CancellationToken.None);
        return result.Failure is null ? result : throw new InvalidOperationException($"{result.Failure}");
    }

    // Its memory and time cannot be told from the benchmark's.
    private static async Task<ToolRun> InProcessAsync(Func<Task> copy)
    {
        var watch = Stopwatch.StartNew();
        await copy();
        return new(watch.Elapsed.TotalSeconds, double.NaN, double.NaN, 0, "");
    }

    private static async Task<IReadOnlyList<(CopyTool Tool, List<ToolRun> Runs, string Equal)>> MeasureAsync(
        CopyServers servers, int port, string user, MailboxComparison source, IReadOnlyList<CopyTool> tools, int runs)
    {
        var rows = tools.Select(t => (Tool: t, Runs: new List<ToolRun>(), Equal: new List<string>())).ToList();
        for (var run = 0; run <= runs; run++)
        {
            foreach (var row in rows)
            {
                if (run > 0 && row.Runs.Any(r => r.Seconds > SlowSeconds)) continue;
                var copy = servers.NewCase(port, user);
                var ran = await row.Tool.RunAsync(copy, Longest);
                if (run == 1 && row.Runs.Count == 1) row.Runs.Clear(); // the first one was to warm up
                row.Runs.Add(ran);
                row.Equal.Add(ran.Code == 0 ? source.To(await MailboxComparison.ReadCopyAsync(copy)) : $"ended with {ran.Code}: {ran.Output.Trim().Split('\n')[^1]}");
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {row.Tool.Name}: {ran.Seconds:0.00} s, {row.Equal[^1]}"));
                CopyServers.Remove(servers.Destination, copy.DestinationUser);
            }
        }

        return [.. rows.Select(r => (r.Tool, r.Runs, string.Join("; ", r.Equal.Distinct())))];
    }

    private static void Tell(Report report, IReadOnlyList<(CopyTool Tool, List<ToolRun> Runs, string Equal)> rows, int messages)
    {
        var bound = Median(rows[0].Runs);
        report.Table(["", "s", "messages/s", "ratio to the bound", "CPU s", "peak MB", "runs", "compared by SHA-256, date and flags"], [.. rows.Select(r => new[]
        {
            r.Tool.Name, Report.Spread(r.Runs.Select(s => s.Seconds), "0.00"), Number(messages / Median(r.Runs), "0"), Number(Median(r.Runs) / bound, "0.00"),
            Number(r.Runs.Average(s => s.CpuSeconds), "0.00"), Number(r.Runs.Max(s => s.PeakMegabytes), "0"), Number(r.Runs.Count, "0"), r.Equal,
        })]);
    }

    private static double Median(List<ToolRun> runs) => runs.Select(r => r.Seconds).Order().ElementAt(runs.Count / 2);

    private static string Number(double value, string format) => double.IsNaN(value) ? "–" : value.ToString(format, CultureInfo.InvariantCulture);
}
