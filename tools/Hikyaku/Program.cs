using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Hikyaku.CommandLine;

/// <summary><c>hikyaku</c>: what operators do by a terminal, through the HTTP API alone (docs/command-line.md).</summary>
public static class Program
{
    /// <summary>Runs one command.</summary>
    public static async Task<int> Main(string[] args)
    {
        await using var output = new StreamWriter(StandardOutput(), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { AutoFlush = true };
        return await HikyakuCommand.RunAsync(
            args,
            new(Environment.GetEnvironmentVariable, Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), Console.OpenStandardInput, output, Console.Error, TimeZoneInfo.Local),
            CancellationToken.None);
    }

    // The console's own stream does not tell that nobody reads a pipe any more, as after `hikyaku events --follow | head`.
    private static Stream StandardOutput()
    {
        var stream = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        return stream.CanSeek ? Console.OpenStandardOutput() : stream; // a file may have other writers, whose place is the console stream's, too
    }
}
