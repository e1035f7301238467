using System.Diagnostics;
using System.Globalization;

namespace Hikyaku.Bench.Copying;

/// <summary>100 copies at once from a source 20 ms away, as many of them at a time as the service does from one source host, and what a user of the destination's Dovecot waits meanwhile.</summary>
internal static class CopyingMany
{
    private const int AllCopies = 100, MessagesOfEach = 500, RunningAtOnce = 2, IdleSeconds = 30;
    private const double AllowedRatio = 1.5;
    private static readonly TimeSpan Distance = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan BetweenCommands = TimeSpan.FromMilliseconds(20);
    private static readonly string[] Folders = ["INBOX", "INBOX.Work", "INBOX.Lists"];

    public static async Task RunAsync(Report report)
    {
        var (copies, messages, running) = (report.Option("copies", AllCopies), report.Option("messages", MessagesOfEach), report.Option("running", RunningAtOnce));
        report.LineOfLoad("before it began");
        await using var servers = await CopyServers.StartAsync();
        var corpus = CopyServers.Corpus(messages);
        var user = await servers.FillAsync(Folders, corpus);
        var source = await MailboxComparison.ReadAsync(servers.Source.Port, user, CopyCase.NameAtDestination);
        await using var reader = await MailboxReader.StartAsync(servers, corpus);
        await using var proxy = new DelayingProxy(servers.Source.Port, Distance);
        await CopyAllAsync(servers, proxy.Port, user, 1, 1); // to warm up

        var idle = await reader.WhileAsync(Task.Delay(TimeSpan.FromSeconds(report.Option("idle", IdleSeconds))));
        var watch = Stopwatch.StartNew();
        var before = MemoryOf.Megabytes("self");
        var copying = CopyAllAsync(servers, proxy.Port, user, copies, running);
        var busy = await reader.WhileAsync(copying);
        var (seconds, cases) = (watch.Elapsed.TotalSeconds, await copying);

        var faults = new List<string>();
        foreach (var copy in cases)
        {
            var found = source.To(await MailboxComparison.ReadCopyAsync(copy));
            if (found != "all equal") faults.Add(found);
        }

        report.Line(string.Create(CultureInfo.InvariantCulture,
            $"{copies} copies of {corpus.Count} messages were asked for at once, {running} ran at a time in one process: {seconds:0.0} s, {copies * corpus.Count / seconds:0} messages/s; {before:0} MB before, {MemoryOf.Megabytes("self"):0} MB after. Not equal by SHA-256, date and flags: {faults.Count} {string.Join("; ", faults.Distinct())}"));
        report.Line("What a user waits at the same Dovecot for SELECT and for FETCH of one message, a command every 20 ms:");
        report.Table(["", "commands", "p50 ms", "p99 ms"], Row("idle", idle), Row("during the copies", busy),
            ["ratio", "", Ratio(busy, idle, 50), $"{Ratio(busy, idle, 99)} (may be {AllowedRatio.ToString(CultureInfo.InvariantCulture)})"]);
        report.LineOfLoad("at the end");
    }

    private static async Task<IReadOnlyList<CopyCase>> CopyAllAsync(CopyServers servers, int port, string user, int copies, int running)
    {
        using var turns = new SemaphoreSlim(running);
        var cases = Enumerable.Range(0, copies).Select(_ => servers.NewCase(port, user)).ToList();
        await Task.WhenAll(cases.Select(async copy =>
        {
            await turns.WaitAsync();
            try
            {
                await Task.Run(() => CopyingBesidePeers.CopyAsync(copy));
            }
            finally
            {
                turns.Release();
            }
        }));
        return cases;
    }

    private static string[] Row(string what, IReadOnlyList<double> times)
        => [what, times.Count.ToString(CultureInfo.InvariantCulture), Text(Report.Percentile(times, 50)), Text(Report.Percentile(times, 99))];

    private static string Ratio(IReadOnlyList<double> busy, IReadOnlyList<double> idle, double percent) => Text(Report.Percentile(busy, percent) / Report.Percentile(idle, percent));

    private static string Text(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);

    /// <summary>A user who reads mail at the destination's server.</summary>
    private sealed class MailboxReader(ImapWire wire) : IAsyncDisposable
    {
        private const int Messages = 200;

        public static async Task<MailboxReader> StartAsync(CopyServers servers, IReadOnlyList<byte[]> corpus)
        {
            var copy = servers.NewCase(0, "");
            var wire = await ImapWire.LogInAsync(copy.DestinationPort, copy.DestinationUser, CopyCase.Password);
            await wire.DoneAsync(await wire.SendAppendAsync("INBOX", Enumerable.Range(0, Messages).Select(i => new WireMessage("", "22-Aug-2002 09:00:00 +0900", corpus[i % corpus.Count]))));
            return new(wire);
        }

        /// <summary>How long commands take while something goes on, in milliseconds.</summary>
        public async Task<IReadOnlyList<double>> WhileAsync(Task other)
        {
            var times = new List<double>();
            for (var number = 0; !other.IsCompleted; number++)
            {
                var watch = Stopwatch.StartNew();
                if (number % 10 == 0) await wire.CommandAsync("SELECT INBOX");
                else await foreach (var _ in wire.FetchedAsync(await wire.SendAsync(string.Create(CultureInfo.InvariantCulture, $"FETCH {1 + (number % Messages)} (FLAGS INTERNALDATE BODY.PEEK[])")))) { }
                times.Add(watch.Elapsed.TotalMilliseconds);
                await Task.Delay(BetweenCommands);
            }

            await other;
            return times;
        }

        public ValueTask DisposeAsync()
        {
            wire.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
