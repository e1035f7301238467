using System.Diagnostics;
using System.Globalization;

namespace Hikyaku.Copier.Tests.Integration;

/// <summary>A copy in a process of its own, whose journal is a file. It can be killed.</summary>
internal sealed class CopyProcess(CopyUnderTest copy, string journal)
{
    private const int KilledBySignal = 128 + 9;
    private static readonly TimeSpan EndsWithin = TimeSpan.FromMinutes(2);

    /// <summary>Runs it, and kills it (SIGKILL) when its connections have carried so many bytes.</summary>
    /// <returns>Whether it was killed, and how many bytes its connections have carried.</returns>
    public async Task<(bool Killed, long Bytes)> RunAsync(long mostBytes = long.MaxValue)
    {
        using var process = new Process();
        var bytes = 0L;
        await using var source = new CountingProxy(copy.Source.Server.Port, Carried);
        await using var destination = new CountingProxy(copy.Destination.Server.Port, Carried);
        process.StartInfo = new("dotnet", Arguments(source.Port, destination.Port)) { RedirectStandardOutput = true, RedirectStandardError = true };
        process.StartInfo.Environment["HIKYAKU_SOURCE_PASSWORD"] = MailServer.Password;
        process.StartInfo.Environment["HIKYAKU_DESTINATION_PASSWORD"] = MailServer.Password;
        process.StartInfo.Environment["HIKYAKU_COPY_ALLOW"] = "127.0.0.0/8";
        process.Start();
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        using var limit = new CancellationTokenSource(EndsWithin);
        await process.WaitForExitAsync(limit.Token);
        Assert.True(process.ExitCode is 0 or KilledBySignal, $"It ended with {process.ExitCode}: {output}{await errors}");
        return (process.ExitCode == KilledBySignal, Interlocked.Read(ref bytes));

        void Carried(int count)
        {
            if (Interlocked.Add(ref bytes, count) > mostBytes) process.Kill();
        }
    }

    private string[] Arguments(int source, int destination) =>
    [
        Path.Combine(AppContext.BaseDirectory, "CopyMailbox.dll"), journal, Uri(copy.Source, source), Uri(copy.Destination, destination),
        string.Create(CultureInfo.InvariantCulture, $"AppendMessages={copy.Settings.AppendMessages}"),
        string.Create(CultureInfo.InvariantCulture, $"SettleAfter={(long)copy.Settings.SettleAfter.TotalMilliseconds}"),
    ];

    private static string Uri(Mailbox mailbox, int port) => string.Create(CultureInfo.InvariantCulture, $"imap://{mailbox.User}@127.0.0.1:{port}");
}
