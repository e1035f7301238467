using System.Diagnostics;

namespace Hikyaku.Deploy.Tests;

/// <summary>What a part of <c>deploy/local</c> prints.</summary>
internal static class Shell
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static Task<string> RunAsync(string script) => RunAsync("bash", "-c", script);

    /// <summary>What a program prints; throws with what it complains of when it fails.</summary>
    public static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        using var limit = new CancellationTokenSource(Patience);
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(limit.Token), process.StandardError.ReadToEndAsync(limit.Token));
        await process.WaitForExitAsync(limit.Token);
        return process.ExitCode == 0 ? await output : throw new InvalidDataException($"{program} {string.Join(' ', arguments)}: {await errors}");
    }
}
