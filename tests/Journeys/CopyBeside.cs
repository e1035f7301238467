using System.Diagnostics;
using System.Globalization;

namespace Hikyaku.Journeys;

/// <summary>Another copy of the platform beside the one under test, with a folder and ports of its own.</summary>
/// <param name="repository">The sources that it is built from.</param>
/// <param name="settings">What it is told in addition, by the environment.</param>
public sealed class CopyBeside(string repository, params (string Name, string Value)[] settings) : IAsyncDisposable
{
    /// <summary>The sources that it is built from.</summary>
    public string Repository { get; } = repository;

    /// <summary>Its HIKYAKU_HOME.</summary>
    public string Home { get; } = NewFolder();

    /// <summary>It as its clients reach it, when it is up.</summary>
    public PlatformUnderTest Platform { get; private set; } = null!;

    private static int PortBase => int.Parse(Environment.GetEnvironmentVariable("HIKYAKU_PORT_BASE")!, CultureInfo.InvariantCulture) + 1000;

    /// <summary>Starts it.</summary>
    public async Task UpAsync()
    {
        await DevAsync("up");
        Platform = await PlatformUnderTest.AtAsync(Home);
    }

    /// <summary>A port of its own.</summary>
    public static int Port(int offset) => PortBase + offset;

    /// <summary>Runs <c>./dev</c> on it; answers what it printed.</summary>
    public Task<string> DevAsync(params string[] arguments) => RunAsync(Path.Combine(Repository, "dev"), arguments);

    /// <summary>Runs a program with its settings; answers what it printed.</summary>
    public async Task<string> RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["HIKYAKU_HOME"] = Home;
        start.Environment["HIKYAKU_PORT_BASE"] = PortBase.ToString(CultureInfo.InvariantCulture);
        start.Environment["HIKYAKU_NODES"] = "1";
        foreach (var (name, value) in settings) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {await output}{await errors}");
        return await output;
    }

    /// <summary>A folder for what servers that run as users of their own must reach.</summary>
    public static string NewFolder()
    {
        var folder = Directory.CreateTempSubdirectory("hikyaku-test-").FullName;
#pragma warning disable CA1416 // journeys run where ./dev does
        File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);
#pragma warning restore CA1416
        return folder;
    }

    public async ValueTask DisposeAsync()
    {
        await DevAsync("down");
        if (Platform is not null) await Platform.DisposeAsync();
        Directory.Delete(Home, recursive: true);
    }
}
