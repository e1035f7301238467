using System.Runtime.CompilerServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Xunit;

namespace Hikyaku.Platform.Testing;

/// <summary>
/// Compares JSON with the file <c>Snapshots/NAME.json</c> beside the test. A difference fails and leaves
/// <c>NAME.received.json</c> there; <c>HIKYAKU_ACCEPT=1</c> in the environment writes what came as accepted.
/// </summary>
public static class JsonSnapshot
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Compares; the layout does not matter, the order of members does.</summary>
    /// <param name="name">The file's name without its ending.</param>
    /// <param name="json">One JSON value.</param>
    /// <param name="testFile">Filled in by the compiler.</param>
    public static void Match(string name, string json, [CallerFilePath] string testFile = "")
    {
        var received = Layout(json);
        var folder = Path.Combine(Path.GetDirectoryName(testFile)!, "Snapshots");
        var (accepted, rejected) = (Path.Combine(folder, name + ".json"), Path.Combine(folder, name + ".received.json"));
        var expected = File.Exists(accepted) ? Layout(File.ReadAllText(accepted)) : null;
        if (expected == received)
        {
            File.Delete(rejected);
            return;
        }

        Directory.CreateDirectory(folder);
        if (Environment.GetEnvironmentVariable("HIKYAKU_ACCEPT") == "1")
        {
            File.WriteAllText(accepted, received + "\n");
            File.Delete(rejected);
            return;
        }

        File.WriteAllText(rejected, received + "\n");
        Assert.Fail(expected is null
            ? $"There is no snapshot {accepted}; what came is in {rejected}. Run with HIKYAKU_ACCEPT=1 to accept it."
            : $"Not as in {accepted}:\n{FirstDifference(expected, received)}\nAll of what came is in {rejected}. A stored or published shape does not change: add a new version.");
    }

    private static string Layout(string json) => JsonNode.Parse(json)?.ToJsonString(Indented) ?? "null";

    private static string FirstDifference(string expected, string received)
    {
        var (left, right) = (expected.Split('\n'), received.Split('\n'));
        var line = left.Zip(right).TakeWhile(p => p.First == p.Second).Count();
        return $"line {line + 1}: accepted {left.ElementAtOrDefault(line)?.Trim() ?? "(end)"}, came {right.ElementAtOrDefault(line)?.Trim() ?? "(end)"}";
    }
}
