using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Hikyaku.Platform.Testing;

/// <summary>
/// The scripts of <c>tests/Clients</c> in a folder of their own, run by Node.js. Their npm packages are those that <c>./dev test</c> installs
/// (<c>deploy/local/clients.sh</c>); <c>HIKYAKU_NODE_PACKAGES</c> names where.
/// </summary>
public sealed class NodeScripts : IDisposable
{
    private const string Variable = "HIKYAKU_NODE_PACKAGES";
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("hikyaku-clients-");

    /// <param name="testing">Filled in by the compiler.</param>
    public NodeScripts([CallerFilePath] string testing = "")
    {
        var packages = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } folder ? Path.Combine(folder, "node_modules") : "";
        if (!Directory.Exists(packages)) throw new InvalidOperationException($"{Variable} does not name the packages: run ./dev test, or see deploy/local/clients.sh. It is: {packages}");
        Directory.CreateSymbolicLink(this["node_modules"], packages);
        foreach (var file in Directory.EnumerateFiles(Scripts(testing))) File.Copy(file, this[Path.GetFileName(file)]);
    }

    /// <summary>The path of a file in the folder.</summary>
    public string this[string name] => Path.Combine(_folder.FullName, name);

    /// <summary>Runs a script and gives what it prints; one that fails is an error with what it said.</summary>
    /// <param name="input">Its standard input.</param>
    /// <param name="arguments">The script and its arguments.</param>
    public async Task<string> RunAsync(byte[]? input, params IEnumerable<string> arguments)
    {
        using var limit = new CancellationTokenSource(Longest);
        using var node = Process.Start(new ProcessStartInfo("node", arguments)
        {
            WorkingDirectory = _folder.FullName,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        try
        {
            var (output, errors) = (node.StandardOutput.ReadToEndAsync(limit.Token), node.StandardError.ReadToEndAsync(limit.Token));
            await node.StandardInput.BaseStream.WriteAsync(input ?? [], limit.Token);
            node.StandardInput.Close();
            await node.WaitForExitAsync(limit.Token);
            return node.ExitCode == 0 ? await output : throw new InvalidOperationException($"node {string.Join(' ', arguments)}: {node.ExitCode}\n{await output}\n{await errors}");
        }
        finally
        {
            if (!node.HasExited) node.Kill(entireProcessTree: true);
        }
    }

    /// <summary>Removes the folder.</summary>
    public void Dispose()
    {
        Directory.Delete(this["node_modules"]); // the link, not the packages
        _folder.Delete(recursive: true);
    }

    private static string Scripts(string testFile)
    {
        for (var folder = Path.GetDirectoryName(testFile); folder is not null; folder = Path.GetDirectoryName(folder))
            if (Directory.Exists(Path.Combine(folder, "tests", "Clients"))) return Path.Combine(folder, "tests", "Clients");
        throw new InvalidOperationException($"No tests/Clients above {testFile}");
    }
}
