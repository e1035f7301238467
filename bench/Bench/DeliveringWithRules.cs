using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Hikyaku.Bench;

/// <summary>What Sieve costs: messages handed to Dovecot by LMTP, to accounts with and without rules, beside the same Dovecot without Sieve.</summary>
internal static class DeliveringWithRules
{
    private const int Runs = 5, Messages = 1500, Clients = 4, Bytes = 4096, Destinations = 300;

    public static async Task RunAsync(Report report)
    {
        report.LineOfLoad("before it began");
        report.Line();
        var platform = new RunningPlatform();
        var domain = await platform.DomainAsync();
        var none = await platform.AccountAsync(domain, "none");
        var one = await WithRulesAsync(platform, domain, "one", 1);
        var fifty = await WithRulesAsync(platform, domain, "fifty", 50);
        var forwards = await platform.AccountAsync(domain, "forwards");
        await platform.SendAsync(HttpMethod.Post, $"/api/v1/accounts/{forwards}/forwarding-rules", new { condition = "all", destinations = new[] { $"bench@{domain.Replace("jp", "test", StringComparison.Ordinal)}" } });
        await platform.InForceAsync(forwards);
        using var plain = await OtherDovecot.WithPasswdFileAsync(platform.Home, platform.PortBase + 305, new NodeReplica(platform.Home).Accounts(domain), h => "{ARGON2ID}" + h, "0", "lmtp");

        (string What, int Port, string Address)[] kinds =
        [
            ("plain Dovecot, without Sieve", plain.Port, none), ("the node, nothing set", platform.PortOf("lmtp"), none), ("the node, 1 rule that does not match", platform.PortOf("lmtp"), one),
            ("the node, 50 rules that do not match", platform.PortOf("lmtp"), fifty), ("the node, each message forwarded as well", platform.PortOf("lmtp"), forwards),
        ];
        var figures = kinds.ToDictionary(k => k.What, _ => new List<double>());
        for (var run = 0; run <= Runs; run++) // the first one warms up
        {
            foreach (var (what, port, address) in kinds)
            {
                var rate = await LoadAsync(port, address, run == 0 ? Messages / 10 : Messages);
                if (run > 0) figures[what].Add(rate);
            }
        }

        report.Line(string.Create(CultureInfo.InvariantCulture, $"{Runs} runs in turn after a warm-up, {Messages} messages of {Bytes} bytes by {Clients} connections; median (minimum–maximum)."));
        report.Table(["", "messages/s", "ratio to plain Dovecot"], [.. kinds.Select(k => new[] { k.What, Report.Spread(figures[k.What]), Report.Spread(figures[k.What].Zip(figures[kinds[0].What], (a, b) => a / b), "0.00") })]);
        await ToManyAsync(report, platform, domain);
    }

    // From the message's last byte by SMTP until the server elsewhere has all of its copies.
    private static async Task ToManyAsync(Report report, RunningPlatform platform, string domain)
    {
        var (account, run) = (await platform.AccountAsync(domain, "many"), Guid.NewGuid().ToString("N")[..8]);
        await platform.SendAsync(HttpMethod.Post, $"/api/v1/accounts/{account}/forwarding-rules", new { condition = "all", destinations = Enumerable.Range(0, Destinations).Select(i => $"d{i}@{run}.example").ToArray() });
        await platform.InForceAsync(account);
        using var outbox = new HttpClient();
        var times = new List<double>();
        for (var i = 0; i < Runs; i++)
        {
            var before = await CopiesAsync();
            using var client = new TcpClient("127.0.0.1", platform.Server("smtp").Port) { NoDelay = true };
            using var reader = new StreamReader(client.GetStream(), Encoding.ASCII);
            await SayAsync(reader, client.GetStream(), null);
            foreach (var command in new[] { "EHLO bench.elsewhere.example\r\n", "MAIL FROM:<bench@elsewhere.example>\r\n", $"RCPT TO:<{account}>\r\n", "DATA\r\n", Message(account) }) await SayAsync(reader, client.GetStream(), command);
            var watch = Stopwatch.StartNew();
            while (await CopiesAsync() < before + Destinations)
            {
                if (watch.Elapsed > TimeSpan.FromMinutes(1)) throw new TimeoutException("Not all copies came");
                await Task.Delay(20);
            }

            times.Add(watch.Elapsed.TotalSeconds);
        }

        report.Line(string.Create(CultureInfo.InvariantCulture, $"One message to {Destinations} destinations of one server elsewhere, from its acceptance on port 25 until that server has all copies: {Report.Spread(times, "0.0")} s, {Runs} runs."));

        async Task<int> CopiesAsync()
            => (await outbox.GetFromJsonAsync<JsonArray>($"{platform.Endpoints["outbox"]}/messages"))!.Sum(m => m!["to"]!.AsArray().Count(t => t!.GetValue<string>().EndsWith($"@{run}.example", StringComparison.Ordinal)));
    }

    private static async Task<string> WithRulesAsync(RunningPlatform platform, string domain, string name, int rules)
    {
        var account = await platform.AccountAsync(domain, name);
        for (var i = 0; i < rules; i++)
            await platform.SendAsync(HttpMethod.Post, $"/api/v1/accounts/{account}/forwarding-rules", new { condition = "subject", keyword = $"見積 {i}", destinations = new[] { $"d{i}@elsewhere.example" } });
        await platform.InForceAsync(account);
        return account;
    }

    private static async Task<double> LoadAsync(int port, string address, int messages)
    {
        var (next, watch) = (-1, Stopwatch.StartNew());
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async _ =>
        {
            using var client = new TcpClient("127.0.0.1", port) { NoDelay = true };
            var stream = client.GetStream();
            using var reader = new StreamReader(stream, Encoding.ASCII);
            await SayAsync(reader, stream, null);
            await SayAsync(reader, stream, "LHLO bench\r\n");
            for (int i; (i = Interlocked.Increment(ref next)) < messages;)
            {
                foreach (var command in new[] { "MAIL FROM:<bench@elsewhere.example>\r\n", $"RCPT TO:<{address}>\r\n", "DATA\r\n", Message(address) }) await SayAsync(reader, stream, command);
            }
        }));
        return messages / watch.Elapsed.TotalSeconds;
    }

    /// <summary>A message of 4 kB, with the point that ends it.</summary>
    public static string Message(string to)
    {
        var id = Guid.NewGuid().ToString("N");
        var header = $"Received: from bench by bench (Postfix) with ESMTP id {id};\r\n Thu, 26 Nov 2026 10:00:00 +0900\r\nFrom: bench@elsewhere.example\r\nTo: {to}\r\nSubject: =?UTF-8?B?44GU6KaL56mN44KK?=\r\nMessage-ID: <{id}@elsewhere.example>\r\n\r\n";
        return header + string.Concat(Enumerable.Repeat(new string('x', 70) + "\r\n", (Bytes - header.Length) / 72)) + ".\r\n";
    }

    /// <summary>Says something, unless null, and waits for the answer.</summary>
    public static async Task SayAsync(StreamReader reader, NetworkStream stream, string? text)
    {
        if (text is not null) await stream.WriteAsync(Encoding.ASCII.GetBytes(text));
        string answer;
        do answer = await reader.ReadLineAsync() ?? throw new IOException("The connection is over");
        while (answer.Length > 3 && answer[3] == '-');
        if (answer[0] is '4' or '5') throw new IOException(answer);
    }
}
