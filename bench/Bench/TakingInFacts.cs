using System.Diagnostics;
using System.Globalization;
using Hikyaku.MailNode.Contracts;
using Npgsql;

namespace Hikyaku.Bench;

/// <summary>
/// PERF-15 for deliveries, and where one message went among 10,000,000 facts. The facts are told over the broker as a node tells them; those
/// of the past are put into the table before, spread over 30 days and 10,000 accounts.
/// </summary>
internal static class TakingInFacts
{
    private const int Accounts = 10_000, Questions = 500;
    private const long Past = 10_000_000;

    public static async Task RunAsync(Report report)
    {
        report.LineOfLoad("before it began");
        report.Line();
        var platform = new RunningPlatform();
        await using var database = NpgsqlDataSource.Create($"Host=127.0.0.1;Port={platform.PortBase + 5};Database=spam;Username=spam;Password={platform.Secret("postgres-spam")};Command Timeout=1800");
        var domain = await platform.DomainAsync();
        var account = await platform.AccountAsync(domain, "facts");
        var id = Path.GetFileName(new NodeReplica(platform.Home).Accounts(domain).Single().Folder); // mailboxes lie below the account's id
        await FillAsync(database, id);
        await AskAsync(report, platform, database, account, id);
        await TellAsync(report, platform, database, id);
    }

    // Three facts a message: taken in, judged, stored.
    private static async Task FillAsync(NpgsqlDataSource database, string account)
    {
        var watch = Stopwatch.StartNew();
        for (var day = 0; day < 30; day++)
        {
            var from = DateTime.UtcNow.Date.AddDays(-day);
            var name = string.Create(CultureInfo.InvariantCulture, $"delivery_{from:yyyyMMdd}");
            await ExecuteAsync(database, string.Create(CultureInfo.InvariantCulture, $"create table if not exists {name} partition of delivery for values from ('{from:yyyy-MM-dd} 00:00:00+00') to ('{from.AddDays(1):yyyy-MM-dd} 00:00:00+00')"));
            await ExecuteAsync(database, string.Create(CultureInfo.InvariantCulture,
                $"""
                insert into delivery (at, node, id, account_id, direction, kind, delivery, way, queue_id, message_id, sender, recipient, size, door, client, session, folder, verdict, score)
                select '{from:yyyy-MM-dd} 00:00:00+00'::timestamptz + (m * 86000.0 / {Past / 90} + k) * interval '1 second', 'mail1', '{day}.' || m || '.' || k,
                       case when m % {Accounts} = 0 then '{account}' else md5((m % {Accounts})::text) end, 'received', (array['taken', 'judged', 'stored'])[k + 1], '{day}q' || m, 'delivery',
                       '{day}q' || m, case k when 0 then m || '.{day}@elsewhere.example' end, case k when 0 then 's' || m % 977 || '@elsewhere.example' end, 'u' || m % {Accounts} || '@example.jp', 4096, 'smtp',
                       'mail.elsewhere.example[192.0.2.7]', case k when 2 then '{day}s' || m end, case k when 2 then 'INBOX' end, case k when 1 then 'ham' end, case k when 1 then 0.1 end
                from generate_series(1, {Past / 90}) m, generate_series(0, 2) k on conflict do nothing
                """));
        }

        await ExecuteAsync(database, "analyze delivery");
        Console.WriteLine($"The table was filled in {watch.Elapsed.TotalSeconds:0} s");
    }

    private static async Task AskAsync(Report report, RunningPlatform platform, NpgsqlDataSource database, string account, string id)
    {
        await using var count = database.CreateCommand("select count(*), count(*) filter (where account_id = $1 and kind = 'taken') from delivery");
        count.Parameters.Add(new() { Value = id });
        await using var row = await count.ExecuteReaderAsync();
        await row.ReadAsync();
        var (facts, own) = (row.GetInt64(0), row.GetInt64(1));
        var (lists, traces, ids) = (new List<double>(), new List<double>(), new List<string>());
        for (var i = 0; i < Questions; i++)
        {
            var message = $"{Accounts * (1 + (i % (Past / 90 / Accounts)))}.{i % 30}@elsewhere.example";
            var watch = Stopwatch.StartNew();
            var found = await platform.SendAsync(HttpMethod.Get, $"/api/v1/accounts/{account}/deliveries?messageId={message}");
            lists.Add(watch.Elapsed.TotalMilliseconds);
            ids.Add(found!["items"]![0]!["id"]!.GetValue<string>());
        }

        foreach (var delivery in ids)
        {
            var watch = Stopwatch.StartNew();
            var steps = (await platform.SendAsync(HttpMethod.Get, $"/api/v1/accounts/{account}/deliveries/{delivery}"))!["steps"]!.AsArray().Count;
            traces.Add(watch.Elapsed.TotalMilliseconds);
            if (steps != 3) throw new InvalidOperationException($"{steps} steps instead of 3");
        }

        report.Line(string.Create(CultureInfo.InvariantCulture, $"One message among {facts:N0} facts of 30 days, of an account with {own:N0} messages, through the gateway; {Questions} questions one after the other."));
        report.Table(["ms", "p50", "p99"], Row("found by Message-ID", lists), Row("its steps", traces));
    }

    private static string[] Row(string what, List<double> times)
        => [what, Report.Percentile(times, 50).ToString("0.0", CultureInfo.InvariantCulture), Report.Percentile(times, 99).ToString("0.0", CultureInfo.InvariantCulture)];

    private static Task TellAsync(Report report, RunningPlatform platform, NpgsqlDataSource database, string account)
    {
        var run = Guid.NewGuid().ToString("N");
        return FactsOverTheBroker.TellAsync(report, platform, "spam", database, "delivery", run, (told, many) => new DeliveriesObserved("mail1", [.. Enumerable.Range(0, many).Select(i => new DeliveryObserved(
            $"{run}.{told + i}", DateTimeOffset.UtcNow, account, "received", i % 3 == 0 ? DeliveryKinds.Taken : i % 3 == 1 ? DeliveryKinds.Judged : DeliveryKinds.Stored, $"{run}{(told + i) / 3}", MessageId: $"{told + i}@elsewhere.example",
            Sender: "s@elsewhere.example", Recipient: "facts@example.jp", Size: 4096, Door: "smtp"))]));
    }

    private static async Task ExecuteAsync(NpgsqlDataSource database, string sql)
    {
#pragma warning disable CA2100 // this program's own text
        await using var command = database.CreateCommand(sql);
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync();
    }
}
