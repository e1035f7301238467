using System.Globalization;
using System.Text;

namespace Hikyaku.Bench.Copying;

/// <summary>PERF-10: very many small messages, large ones, very many folders, and a rerun with nothing new, beside the peers.</summary>
internal static class CopyingSets
{
    private const int Small = 100_000, Large = 50, ManyFolders = 500, MessagesOfEach = 10;
    private const int SmallestLarge = 20 * 1024 * 1024, LargestLarge = 90 * 1024 * 1024;
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    private sealed record Set(string Name, string[] Folders, int Count, Func<int, IEnumerable<byte[]>> Messages);

    public static async Task RunAsync(Report report)
    {
        // A hundredth of a set has one large message: that is a trial, too.
        var (part, distance) = (report.Option("percent", 100), report.Option("milliseconds", 20));
        report.LineOfLoad("before it began");
        await using var servers = await CopyServers.StartAsync();
        var tools = CopyTools.Peers.Where(t => t.IsInstalled).Prepend(CopyTools.Own).ToList();
        report.Line($"One run of each, stopped after {Longest.TotalMinutes:0} minutes, into a new mailbox; the rerun goes into the same one with nothing new at the source.");
        foreach (var set in Sets())
        {
            var count = Math.Max(1, set.Count * part / 100);
            var user = await servers.FillAsync(set.Folders.Length == 1 ? set.Folders : [.. set.Folders.Take(Math.Max(1, set.Folders.Length * part / 100))], set.Messages(count));
            var source = await MailboxComparison.ReadAsync(servers.Source.Port, user, CopyCase.NameAtDestination);
            await using var proxy = new DelayingProxy(servers.Source.Port, TimeSpan.FromMilliseconds(distance));
            foreach (var (milliseconds, port) in new[] { (0, servers.Source.Port), (distance, proxy.Port) })
            {
                var rows = new List<string[]>();
                foreach (var tool in tools) rows.Add(await RowAsync(servers, tool, servers.NewCase(port, user), source));
                report.Line();
                report.Line($"{set.Name.Replace("{count}", count.ToString("N0", CultureInfo.InvariantCulture), StringComparison.Ordinal)}, the source {milliseconds} ms away:");
                report.Table(["", "s", "CPU s", "peak MB", "rerun s", "rerun peak MB", "compared after the rerun"], [.. rows]);
            }

            CopyServers.Remove(servers.Source, user);
        }

        foreach (var tool in CopyTools.Peers.Where(t => !t.IsInstalled)) report.Line($"{tool.Name} is not installed and was left out.");
        report.LineOfLoad("at the end");
    }

    private static IEnumerable<Set> Sets() =>
    [
        new("{count} small messages in one folder", ["INBOX"], Small, count => Enumerable.Range(0, count).Select(SmallMessage)),
        new("{count} messages of 20 to 90 MB in one folder", ["INBOX"], Large, count => Enumerable.Range(0, count).Select(i => CopyServers.Large(i, SmallestLarge + (int)((long)(LargestLarge - SmallestLarge) * i / Large)))),
        new("{count} messages in 500 folders", [.. Enumerable.Range(0, ManyFolders).Select(i => string.Create(CultureInfo.InvariantCulture, $"INBOX.Box {i % 20}.{i}"))], ManyFolders * MessagesOfEach,
            count => Enumerable.Range(0, count).Select(SmallMessage)),
    ];

    private static async Task<string[]> RowAsync(CopyServers servers, CopyTool tool, CopyCase copy, MailboxComparison source)
    {
        var first = await tool.RunAsync(copy, Longest);
        var again = first.Code == 0 ? await tool.RunAsync(copy, Longest) : null;
        var equal = first.Code == 0 ? source.To(await MailboxComparison.ReadCopyAsync(copy)) : first.Code is { } code ? $"ended with {code}: {first.Output.Trim().Split('\n')[^1]}" : "stopped";
        CopyServers.Remove(servers.Destination, copy.DestinationUser);
        string[] row = [tool.Name, Text(first, r => r.Seconds, "0.00"), Text(first, r => r.CpuSeconds, "0.00"), Text(first, r => r.PeakMegabytes, "0"), Text(again, r => r.Seconds, "0.00"), Text(again, r => r.PeakMegabytes, "0"), equal];
        Console.WriteLine($"  {string.Join(", ", row)}");
        return row;
    }

    private static string Text(ToolRun? run, Func<ToolRun, double> figure, string format)
        => run is null ? "–" : (run.Code is null ? "more than " : "") + figure(run).ToString(format, CultureInfo.InvariantCulture);

    private static byte[] SmallMessage(int number) => Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture,
        $"From: bench@example.jp\r\nTo: taro@example.jp\r\nSubject: message {number}\r\nMessage-ID: <{number}@example.jp>\r\nDate: Thu, 22 Aug 2002 09:00:00 +0900\r\n\r\n{string.Join("\r\n", Enumerable.Repeat("A line of a small message that says nothing.", 8 + (number % 24)))}\r\n"));
}
