using System.ComponentModel;
using System.Diagnostics;

namespace Hikyaku.MailNode;

/// <summary>Runs a program of the mail servers.</summary>
internal static class ServerProgram
{
    /// <summary>What is answered when there is no such program.</summary>
    public const string NotInstalled = "not installed";

    private const int NoSuchFile = 2; // ENOENT
    private const int ErrorTextKept = 500;

    /// <summary>Runs one to its end, or ends it when it takes too long.</summary>
    /// <param name="program">Its name.</param>
    /// <param name="arguments">As it gets them; no shell is between.</param>
    /// <param name="input">The lines that it reads.</param>
    /// <param name="read">Gets each line that it writes.</param>
    /// <param name="patience">How long it may take.</param>
    /// <param name="stop">Gives up.</param>
    /// <returns>Null when it ended well; else what went wrong.</returns>
    public static async Task<string?> RunAsync(
        string program, string[] arguments, IReadOnlyCollection<string> input, Action<string> read, TimeSpan patience, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(patience);
        try
        {
            var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
            using var process = Process.Start(start)!;
            await using var end = limit.Token.Register(() => process.Kill(entireProcessTree: true));
            var error = process.StandardError.ReadToEndAsync(limit.Token);
            foreach (var line in input) await process.StandardInput.WriteLineAsync(line.AsMemory(), limit.Token);
            process.StandardInput.Close();
            while (await process.StandardOutput.ReadLineAsync(limit.Token) is { } line) read(line);
            await process.WaitForExitAsync(limit.Token);
            var said = (await error).Trim();
            return process.ExitCode == 0 ? null : $"{process.ExitCode} {said[..Math.Min(said.Length, ErrorTextKept)]}";
        }
        catch (Win32Exception e) when (e.NativeErrorCode == NoSuchFile)
        {
            return NotInstalled;
        }
        catch (Exception e) when (e is Win32Exception or IOException || (e is OperationCanceledException && !stop.IsCancellationRequested))
        {
            return e is OperationCanceledException ? $"not done within {patience}" : e.Message;
        }
    }
}
