using Hikyaku.Bench;
using Hikyaku.Bench.Chaos;
using Hikyaku.Bench.Copying;
using Hikyaku.Bench.Restricting;

// Benchmarks print what they measure, side by side with what it is compared to, and write it into bench/results/.
Dictionary<string, (string What, Func<Report, Task> Run)> benchmarks = new()
{
    ["create"] = ("PERF-2: creation of one account at 0, 15,000 and 100,000 accounts (needs ./dev up)", CreatingAmongMany.RunAsync),
    ["import"] = ("PERF-1: 10,000 accounts registered from one file, beside hashing their passwords alone (needs ./dev up)", RegisteringInBulk.RunAsync),
    ["beside"] = ("what others wait while 10,000 accounts are registered from one file (needs ./dev up)", RegisteringInBulk.WaitBesideAsync),
    ["list"] = ("PERF-3: account list, search and sort at 100,000 accounts (needs ./dev up)", ListingMany.RunAsync),
    ["export"] = ("PERF-4: 100,000 accounts exported as CSV, beside COPY of the same rows (needs ./dev up)", ExportingMany.RunAsync),
    ["setting"] = ("PERF-5: a password changed until the mail node obeys it, beside RabbitMQ alone (needs ./dev up)", SettingTakesEffect.RunAsync),
    ["gateway"] = ("PERF-6: the account list through the gateway, beside the service itself (needs ./dev up)", GatewayBesideService.RunAsync),
    ["feed"] = ("events per second to 1, 10 and 100 followers of the feed, and how late they come (needs ./dev up)", FeedToFollowers.RunAsync),
    ["append"] = ("PERF-7: events appended by 16 writers, beside plain INSERT (needs ./dev up)", AppendBesideInsert.RunAsync),
    ["rebuild"] = ("PERF-8: read models rebuilt from 1,000,000 events (needs ./dev up, as root)", RebuildingReadModels.RunAsync),
    ["logins"] = ("PERF-12: IMAP logins per second on the mail node, beside the same Dovecot with a passwd-file (needs ./dev up, as root)", LoginsBesidePasswdFile.RunAsync),
    ["reconnect"] = ("PERF-16: 10,000 IMAP clients log in again at once after a restart of Dovecot (needs ./dev up, as root)", ReconnectOfEverybody.RunAsync),
    ["replica"] = ("PERF-13: a new replica of 100,000 accounts (needs ./dev up)", ReplicaOfMany.RunAsync),
    ["rules"] = ("deliveries per second with no rule, 1 rule and 50 rules, beside the same Dovecot without Sieve (needs ./dev up, as root)", DeliveringWithRules.RunAsync),
    ["mail"] = ("PERF-11: mail through the node per second, beside the same servers with a static configuration (needs ./dev up, as root)", ReceivingMail.RunAsync),
    ["facts"] = ("PERF-15: facts of deliveries taken in for 10 minutes, and one message found among 10,000,000 (needs ./dev up)", TakingInFacts.RunAsync),
    ["restrictions"] = ("a fact until it is in force, policy requests per second beside Debian's, and a labelled replay (needs ./dev up)", RestrictingAccounts.RunAsync),
    ["abuse-facts"] = ("PERF-15: facts of logins and messages taken in and judged for 10 minutes (needs ./dev up)", RestrictingAccounts.TakeInFactsAsync),
    ["copy"] = ("PERF-9: 6,046 real messages copied from a source 0, 20 and 40 ms away, beside other programs and the bound (as root)", CopyingBesidePeers.RunAsync),
    ["copy-sets"] = ("PERF-10: 100,000 small messages, 50 large ones, 500 folders, and reruns, beside other programs (as root)", CopyingSets.RunAsync),
    ["copy-load"] = ("100 copies at once from a source 20 ms away, and what a user of the same Dovecot waits meanwhile (as root)", CopyingMany.RunAsync),
    ["up"] = ("PERF-14: ./dev up until the first message is delivered, and the idle platform's memory", FromUpToFirstMessage.RunAsync),
};

if (args is ["chaos", ..]) return await ChaosRun.RunAsync(args[1..]);
if (args is not [var name, .. var options] || !benchmarks.TryGetValue(name, out var benchmark))
{
    foreach (var (key, (what, _)) in benchmarks) Console.WriteLine($"./dev bench {key,-10} {what}");
    return args.Length == 0 ? 0 : 2;
}

var report = new Report(name, benchmark.What, options);
await benchmark.Run(report);
report.Write();
return 0;
