using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace Hikyaku.Bench.Restricting;

/// <summary>
/// From the acceptance of the message that is too much, until the same session's next recipient is refused: fact, bus, decision, state, replica
/// and Postfix's look-up.
/// </summary>
internal static class FactToForce
{
    private const int Samples = 200, Allowed = 3;

    public static async Task<List<double>> RunAsync(RunningPlatform platform)
    {
        var domain = await platform.DomainAsync();
        await platform.SendAsync(HttpMethod.Put, $"/api/v1/domains/{domain}/restriction-policy", new { values = new { firstTimePerDay = Allowed }, reason = "a benchmark" });
        var times = new List<double>();
        for (var i = 0; i < Samples; i++) times.Add(await OneAsync(platform, await platform.AccountAsync(domain, $"u{i}")));
        return times;
    }

    private static async Task<double> OneAsync(RunningPlatform platform, string account)
    {
        using var client = new TcpClient("127.0.0.1", platform.Server("submission").Port) { NoDelay = true };
        var stream = client.GetStream();
        using var reader = new StreamReader(stream, Encoding.ASCII);
        await DeliveringWithRules.SayAsync(reader, stream, null);
        await DeliveringWithRules.SayAsync(reader, stream, "EHLO bench\r\n");
        await DeliveringWithRules.SayAsync(reader, stream, $"AUTH PLAIN {Convert.ToBase64String(Encoding.ASCII.GetBytes($"\0{account}\0{RunningPlatform.Password}"))}\r\n");
        for (var i = 0; i <= Allowed; i++)
        {
            foreach (var command in new[] { $"MAIL FROM:<{account}>\r\n", $"RCPT TO:<{Guid.NewGuid():N}@elsewhere.example>\r\n", "DATA\r\n", $"From: {account}\r\nSubject: bench\r\n\r\nx\r\n.\r\n" })
                await DeliveringWithRules.SayAsync(reader, stream, command);
        }

        var watch = Stopwatch.StartNew();
        await DeliveringWithRules.SayAsync(reader, stream, $"MAIL FROM:<{account}>\r\n");
        while (!await IsRefusedAsync(reader, stream, account))
        {
            if (watch.Elapsed > TimeSpan.FromSeconds(30)) throw new TimeoutException($"{account} is not restricted");
        }

        return watch.Elapsed.TotalMilliseconds;
    }

    // The next recipient of the open session, as an attacker's program would go on.
    private static async Task<bool> IsRefusedAsync(StreamReader reader, NetworkStream stream, string account)
    {
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"RCPT TO:<{Guid.NewGuid():N}@elsewhere.example>\r\n"));
        var answer = await reader.ReadLineAsync() ?? throw new IOException("The connection is over");
        if (answer[0] is '4' or '5') return true;
        await DeliveringWithRules.SayAsync(reader, stream, "RSET\r\n");
        await DeliveringWithRules.SayAsync(reader, stream, $"MAIL FROM:<{account}>\r\n");
        return false;
    }
}
