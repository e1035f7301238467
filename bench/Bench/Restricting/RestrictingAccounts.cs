using System.Globalization;
using Hikyaku.MailNode.Contracts;
using Npgsql;

namespace Hikyaku.Bench.Restricting;

/// <summary>RST-2 and RST-5 in figures: how fast a fact restricts, what asking at each recipient costs, and who is stopped by mistake.</summary>
internal static class RestrictingAccounts
{
    private const int Accounts = 2000;

    public static async Task RunAsync(Report report)
    {
        report.LineOfLoad("before it began");
        report.Line();
        var platform = new RunningPlatform();
        Replay(report);
        var times = await FactToForce.RunAsync(platform);
        report.Line(string.Create(CultureInfo.InvariantCulture, $"From the acceptance of the message that is too much until the same session's next recipient is refused, {times.Count} accounts one after the other: p50 {Report.Percentile(times, 50):0} ms, p99 {Report.Percentile(times, 99):0} ms, longest {times.Max():0} ms. Must reach: 1 s (RST-2). {(times.Max() <= 1000 ? "Reached." : "Not reached.")}"));
        var rates = await PolicyRequests.RunAsync(platform);
        report.Table(["policy requests for a recipient, 4 connections", "per second", "ratio to the agent"], [.. rates.Select(r => new[] { r.Who, Report.Spread(r.Rates), Report.Spread(r.Rates.Zip(rates[0].Rates, (a, b) => a / b), "0.00") })]);
    }

    /// <summary>PERF-15: of twenty facts of 2,000 accounts seventeen are right logins, one is a wrong password, each account's always the same, and two are messages.</summary>
    public static async Task TakeInFactsAsync(Report report)
    {
        report.LineOfLoad("before it began");
        report.Line();
        var platform = new RunningPlatform();
        await using var database = NpgsqlDataSource.Create($"Host=127.0.0.1;Port={platform.PortBase + 5};Database=restrictions;Username=restrictions;Password={platform.Secret("postgres-restrictions")}");
        var node = $"bench-{Guid.NewGuid():N}";
        await FactsOverTheBroker.TellAsync(report, platform, "restrictions", database, "(select at, node, id from login union all select at, node, id from submission) as facts", node, (told, many) =>
        {
            var (now, batch) = (DateTimeOffset.UtcNow, told / many);
            if (batch % 10 == 9) return new SubmissionsObserved(node, [.. Enumerable.Range(0, many).Select(i => Submission(told + i, now))]);
            return new LoginsObserved(node, [.. Enumerable.Range(0, many).Select(i => Login(told + i, now))]);
        });

        static LoginObserved Login(long number, DateTimeOffset at)
        {
            var (account, isRight) = (number % Accounts, number % 18 != 0);
            return new(at, at, 1, $"bench{account}", $"u{account}@b{account}.example", $"10.{account / 250}.{account % 250}.7", "imap", true, isRight, isRight ? null : $"{account:x3}", "bench", isRight ? null : "credentials");
        }

        static SubmissionObserved Submission(long number, DateTimeOffset at)
        {
            var account = number % Accounts;
            return new($"{Guid.NewGuid():N}", at, $"bench{account}", $"u{account}@b{account}.example", $"10.{account / 250}.{account % 250}.7", 2, [$"a{account}@elsewhere.example", $"b{account}@elsewhere.example"], 4096, "4d0001");
        }
    }

    private static void Replay(Report report)
    {
        var outcome = LabelledReplay.Run();
        report.Line(string.Create(CultureInfo.InvariantCulture, $"A month of made-up facts with labels, judged in its last week by the default thresholds: recipients that an intruder reached before the account was stopped {Report.Spread(outcome.Reached)}, {outcome.NeverStopped} of {outcome.Reached.Count} not stopped. Must reach: median 50. {(Report.Percentile(outcome.Reached, 50) <= 50 ? "Reached." : "Not reached.")}"));
        var kinds = outcome.Mistakes.GroupBy(m => m).OrderByDescending(g => g.Count()).Select(g => $"{g.Key} {g.Count()} times");
        report.Line(string.Create(CultureInfo.InvariantCulture, $"Restricted by mistake, of {outcome.People} accounts that nobody broke into: {outcome.Mistakes.Count}{(outcome.Mistakes.Count > 0 ? $" ({string.Join(", ", kinds)})" : "")}."));
        report.Line();
    }
}
