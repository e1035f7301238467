using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Hikyaku.Bench.Chaos;

/// <summary>
/// REL-1: random processes of a running copy are killed under a mixed load of commands and mail; then nothing is lost or
/// done twice, everything converges, and <c>hikyaku verify</c> is clean. 1 when not.
/// </summary>
internal static class ChaosRun
{
    public const string Help = "./dev chaos [--minutes N (10)] [--seed N] [--ready S (180)] [--converge S (10)]: needs ./dev up; with 10 minutes or more the result goes into bench/results/chaos.md";

    private const double FullSize = 10;
    private const double MustBeReadyWithin = 180, MustConvergeWithin = 10;
    private const int Mailboxes = 6;
    private static readonly TimeSpan Converged = TimeSpan.FromMinutes(2);

    public static async Task<int> RunAsync(string[] args)
    {
        var (minutes, seed, ready, converge) = (FullSize, Environment.TickCount & 0xffff, MustBeReadyWithin, MustConvergeWithin);
        for (var i = 0; i < args.Length; i += 2)
        {
            var value = i + 1 < args.Length ? args[i + 1] : "";
            var isRead = args[i] switch
            {
                "--minutes" => double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out minutes),
                "--ready" => double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out ready),
                "--converge" => double.TryParse(value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out converge),
                "--seed" => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out seed),
                _ => false,
            };
            if (isRead) continue;
            await Console.Error.WriteLineAsync(Help);
            return 2;
        }

        return await RunAsync(TimeSpan.FromMinutes(minutes), seed, TimeSpan.FromSeconds(ready), TimeSpan.FromSeconds(converge));
    }

    private static async Task<int> RunAsync(TimeSpan length, int seed, TimeSpan mustBeReadyWithin, TimeSpan mustConvergeWithin)
    {
        var platform = new RunningPlatform();
        var report = new Report("chaos", "REL-1: random processes killed under a load of commands and mail (needs ./dev up)");
        report.Line(FormattableString.Invariant($"Seed {seed}, {length.TotalMinutes:0.##} minutes."));
        var domain = await platform.DomainAsync();
        var mailboxes = new List<string>();
        for (var i = 0; i < Mailboxes; i++) mailboxes.Add(await platform.AccountAsync(domain, $"mailbox{i}"));
        using var client = new PatientClient(platform);
        await client.SendAsync(HttpMethod.Get, "/api/v1/me"); // signs in once, before several workers would do so at the same time
        var (commands, mail, killer) = (new CommandLoad(client, domain, seed), new MailLoad(platform, mailboxes, seed), new Killer(platform.Home, new Random(seed)));

        using var stopLoad = new CancellationTokenSource();
        var load = Task.WhenAll(commands.RunAsync(stopLoad.Token), mail.RunAsync(stopLoad.Token));
        using (var stopKilling = new CancellationTokenSource(length)) await killer.RunAsync(stopKilling.Token);
        var readyAfter = await ReadyAsync(platform, mustBeReadyWithin);
        await stopLoad.CancelAsync();
        await load;

        var judgement = new Judgement(platform, client);
        var converged = await ConvergedAsync(client, commands, judgement, mustConvergeWithin);
        await judgement.CommandsAsync(commands.Accounts);
        await judgement.DeletionsAsync(commands.Accounts, Converged);
        await judgement.ErasedAsync(commands.Accounts, domain);
        await judgement.LoginsAsync(commands.Accounts);
        // Mail that waits after Dovecot was killed would be tried again within a minute; an operator does it at once.
        await Shell.RunAsync("postqueue", "-c", Path.Combine(platform.Home, "mailnode", "postfix"), "-f");
        await judgement.MailAsync(mail.Accepted, killer.Kills);
        judgement.Wrong.AddRange(commands.Refused);
        if (mail.RefusedLogins > 0) judgement.Wrong.Add($"{mail.RefusedLogins} logins with the right password were refused");
        var verified = await Shell.RunAsync(Path.Combine(Report.Repository, "dev"), "verify");
        if (verified.Code != 0) judgement.Wrong.Add($"hikyaku verify: {verified.Output.Trim()}");

        report.Table(["killed", "times"], [.. Killer.Programs.Select(p => new[] { p, $"{killer.Kills.Count(k => k.Program == p)}" })]);
        report.Table(
            ["", "counted"],
            ["accounts created", $"{commands.Accounts.Count}"],
            ["commands acknowledged", $"{commands.Acknowledged}"],
            ["of them deletions", commands.Deletes ? $"{commands.Accounts.Count(a => a.DeletionJob is not null)}" : "this version has none"],
            ["requests sent again", $"{client.SentAgain}"],
            ["messages accepted", $"{mail.Accepted.Count}"],
            ["of them for the outside", $"{mail.Accepted.Count(m => m.To.EndsWith(MailLoad.FarDomain, StringComparison.Ordinal))}"],
            ["copies that SMTP's own at-least-once explains", $"{judgement.ExplainedCopies}"],
            ["mailboxes looked into", $"{mail.Reads}"],
            ["ready after the last kill, s", Seconds(readyAfter)],
            [FormattableString.Invariant($"converged after that and the end of the load, s (must be ≤ {mustConvergeWithin.TotalSeconds})"), Seconds(converged)],
            ["hikyaku verify", verified.Code == 0 ? verified.Output.Trim().ReplaceLineEndings("; ") : "disagreements"],
            ["wrong", $"{judgement.Wrong.Count}"]);
        foreach (var wrong in judgement.Wrong.Take(100)) report.Line($"- {wrong}");
        if (length >= TimeSpan.FromMinutes(FullSize)) report.Write();
        return judgement.Wrong.Count == 0 ? 0 : 1;
    }

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture);

    private static async Task<TimeSpan> ReadyAsync(RunningPlatform platform, TimeSpan within)
    {
        var watch = Stopwatch.StartNew();
        while (await Shell.RunAsync(Path.Combine(Report.Repository, "dev"), "status") is { Code: not 0 } status)
        {
            if (watch.Elapsed > within) throw new TimeoutException($"{platform.Home} does not become ready:\n{status.Output}");
            await Task.Delay(200);
        }

        return watch.Elapsed;
    }

    private static async Task<TimeSpan> ConvergedAsync(PatientClient client, CommandLoad commands, Judgement judgement, TimeSpan mustConvergeWithin)
    {
        var watch = Stopwatch.StartNew();
        var late = new ConcurrentBag<string>();
        await Parallel.ForEachAsync(commands.Accounts.Where(a => a.DeletionJob is null), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (account, stop) =>
        {
            while ((await client.SendAsync(HttpMethod.Get, $"/api/v1/accounts/{account.Address}")).Body?["inForce"]?.GetValue<bool>() != true)
            {
                if (watch.Elapsed > Converged)
                {
                    late.Add(account.Address);
                    return;
                }

                await Task.Delay(50, stop);
            }
        });
        judgement.Wrong.AddRange(late.Select(a => $"{a} is not in force"));
        if (watch.Elapsed > mustConvergeWithin) judgement.Wrong.Add($"It took {Seconds(watch.Elapsed)} s to converge");
        return watch.Elapsed;
    }
}
