using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Hikyaku.Bench;

/// <summary>
/// A benchmark's figures, printed and kept as a Markdown page with date, machine and versions. A run with options, such as
/// <c>--messages 200</c>, is a trial, whose figures are printed only.
/// </summary>
internal sealed class Report(string name, string what, params string[] options)
{
    private readonly StringBuilder _text = new();

    public static string Repository { get; } = FindRepository();

    /// <summary>A number that was given as an option; otherwise the usual one.</summary>
    public int Option(string option, int usual)
        => Array.IndexOf(options, $"--{option}") is >= 0 and var at && at + 1 < options.Length ? int.Parse(options[at + 1], CultureInfo.InvariantCulture) : usual;

    public void Line(string text = "")
    {
        Console.WriteLine(text);
        _text.AppendLine(text);
    }

    public void Table(string[] head, params string[][] rows)
    {
        Line();
        Line($"| {string.Join(" | ", head)} |");
        Line($"|{string.Concat(Enumerable.Repeat(" --- |", head.Length))}");
        foreach (var row in rows) Line($"| {string.Join(" | ", row)} |");
        Line();
    }

    /// <summary>The load of the machine: processes that run or wait for a core, mean of the last minute.</summary>
    public void LineOfLoad(string when) => Line($"Load of the machine {when}: {File.ReadAllText("/proc/loadavg").Split(' ')[0]}.");

    public void Write()
    {
        var page = $"""
            # {what}

            {DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC · {Processor()}, {Environment.ProcessorCount} cores · {RuntimeInformation.OSDescription} · {RuntimeInformation.FrameworkDescription} · `./dev bench {name}`

            {_text.ToString().Trim()}

            """;
        if (options.Length > 0) return;
        var folder = Path.Combine(Repository, "bench", "results");
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, $"{name}.md"), page);
    }

    /// <summary>Median, minimum and maximum.</summary>
    public static string Spread(IEnumerable<double> values, string format = "0")
    {
        var sorted = values.Order().ToList();
        return string.Create(CultureInfo.InvariantCulture, $"{Text(sorted[sorted.Count / 2])} ({Text(sorted[0])}–{Text(sorted[^1])})");
        string Text(double v) => v.ToString(format, CultureInfo.InvariantCulture);
    }

    public static double Percentile(IEnumerable<double> values, double percent)
    {
        var sorted = values.Order().ToList();
        return sorted[Math.Min(sorted.Count - 1, (int)Math.Ceiling(sorted.Count * percent / 100) - 1)];
    }

    private static string Processor()
        => File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() ?? "unknown processor";

    private static string FindRepository()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "platform.sln"))) folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("Not within the repository");
        return folder;
    }
}
