using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using Hikyaku.Bench.Chaos;
using Npgsql;

namespace Hikyaku.Bench;

/// <summary>PERF-4: 100,000 accounts exported as CSV through the gateway, beside psql's \copy of the same columns of the same rows.</summary>
internal static class ExportingMany
{
    private const int Accounts = 100_000, Runs = 5;
    private const double MustReach = 3;

    public static async Task RunAsync(Report report)
    {
        var platform = new RunningPlatform();
        var domain = await ManyAccounts.DomainOfAsync(platform, Accounts);
        platform.Gateway.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await platform.TokenAsync());
        var (gateway, accounts) = (await ProcessAsync(platform, "gateway"), await ProcessAsync(platform, "accounts"));
        List<(double Export, double Copy, double Bytes, double Gateway, double Service)> runs = [];
        for (var run = 0; run <= Runs; run++) // the first one warms up
        {
            await using MemoryOf ofGateway = new(gateway), ofService = new(accounts);
            var (seconds, bytes) = await ExportAsync(platform, domain);
            var copy = await CopyAsync(platform, domain);
            if (run > 0) runs.Add((seconds, copy, bytes, ofGateway.Peak - ofGateway.Before, ofService.Peak - ofService.Before));
            else report.Line($"Resident before: gateway {Text(ofGateway.Before)} MB, accounts service {Text(ofService.Before)} MB.");
        }

        var ratio = runs.Select(r => r.Export / r.Copy).ToList();
        report.Line($"{Runs} runs in turn after a warm-up, the file read and thrown away; {Accounts:N0} accounts in one domain, opened by {ManyAccounts.HowFilled}. Median (minimum–maximum).");
        report.Table(
            ["", "s", "accounts/s", "ratio"],
            [$"GET accounts.csv through the gateway, {runs[0].Bytes / 1_000_000:0.0} MB", Report.Spread(runs.Select(r => r.Export), "0.00"), Report.Spread(runs.Select(r => Accounts / r.Export)), Report.Spread(ratio, "0.00")],
            [@"psql \copy … to '/dev/null' csv, its start included", Report.Spread(runs.Select(r => r.Copy), "0.00"), Report.Spread(runs.Select(r => Accounts / r.Copy)), "1"]);
        report.Line($"Memory during an export, most minus before: gateway {Report.Spread(runs.Select(r => r.Gateway), "0.0")} MB, accounts service {Report.Spread(runs.Select(r => r.Service), "0.0")} MB.");
        report.Line($"Must reach: ≤ {MustReach} ×. {(Report.Percentile(ratio, 50) <= MustReach ? "Reached" : "Not reached")}.");
    }

    private static async Task<(double Seconds, long Bytes)> ExportAsync(RunningPlatform platform, string domain)
    {
        var watch = Stopwatch.StartNew();
        using var answer = await platform.Gateway.GetAsync($"/api/v1/domains/{domain}/accounts.csv", HttpCompletionOption.ResponseHeadersRead);
        answer.EnsureSuccessStatusCode();
        await using var file = await answer.Content.ReadAsStreamAsync();
        var (buffer, bytes, lines) = (new byte[1 << 16], 0L, 0);
        for (int read; (read = await file.ReadAsync(buffer)) > 0; bytes += read) lines += buffer.AsSpan(0, read).Count((byte)'\n');
        if (lines <= Accounts) throw new InvalidOperationException($"Only {lines} lines were exported");
        return (watch.Elapsed.TotalSeconds, bytes);
    }

    private static async Task<double> CopyAsync(RunningPlatform platform, string domain)
    {
        var to = new NpgsqlConnectionStringBuilder(platform.Postgres);
        var rows = $"select address, comment, used_bytes, capacity_mb, password_forcibly_changed from mail_account_list where domain = '{domain}' and deletion_job is null order by address";
        var watch = Stopwatch.StartNew();
        var (code, output) = await Shell.RunAsync(
            "psql", $"postgresql://{to.Username}:{to.Password}@{to.Host}:{to.Port}/{to.Database}", "-v", "ON_ERROR_STOP=1", "-c", $@"\copy ({rows}) to '/dev/null' csv header");
        var seconds = watch.Elapsed.TotalSeconds;
        var copied = code == 0 && output.StartsWith("COPY ", StringComparison.Ordinal) ? int.Parse(output[5..], CultureInfo.InvariantCulture) : 0;
        return copied >= Accounts ? seconds : throw new InvalidOperationException($"psql did not copy: {output}");
    }

    private static async Task<int> ProcessAsync(RunningPlatform platform, string program)
        => int.Parse(await Shell.OutputAsync("supervisorctl", "-c", Path.Combine(platform.Home, "supervisor", "supervisord.conf"), "pid", program), CultureInfo.InvariantCulture);

    private static string Text(double value) => value.ToString("0", CultureInfo.InvariantCulture);
}
