using System.Globalization;

namespace Hikyaku.Platform.Testing;

/// <summary>A line of <c>deploy/services.tsv</c>, where the columns are explained: a program of the platform that is deployed.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Project">The folder of its project, below the repository's.</param>
/// <param name="Port">What is added to HIKYAKU_PORT_BASE; null when only <c>./dev</c> calls it.</param>
/// <param name="Database">Its database; null when it has none.</param>
/// <param name="Broker">What it may do at the broker: <c>events</c>, <c>states</c>, <c>node</c>.</param>
/// <param name="Nodes"><c>lists</c> when mail nodes list its states.</param>
/// <param name="Deletion"><c>erases</c> when deletions wait for it.</param>
/// <param name="Keys">The keys that it is given: <c>token</c>, <c>data</c>.</param>
/// <param name="Verbs">What <c>./dev</c> calls it for: <c>verify</c>, <c>rebuild</c>.</param>
public sealed record DeployedProgram(
    string Name, string Project, int? Port, string? Database,
    IReadOnlyList<string> Broker, IReadOnlyList<string> Nodes, IReadOnlyList<string> Deletion, IReadOnlyList<string> Keys, IReadOnlyList<string> Verbs)
{
    private static readonly string[] Columns = ["name", "project", "port", "database", "broker", "nodes", "deletion", "keys", "verbs"];

    /// <summary>All of them, in the file's order.</summary>
    public static IReadOnlyList<DeployedProgram> All { get; } = Read(File.ReadLines(Path.Combine(Root(AppContext.BaseDirectory), "deploy", "services.tsv")));

    /// <summary>Reads the lines of such a file.</summary>
    public static IReadOnlyList<DeployedProgram> Read(IEnumerable<string> lines)
    {
        var rows = lines.Where(l => l.Length > 0 && !l.StartsWith('#')).Select(l => l.Split('\t')).ToList();
        if (rows.Count == 0 || !rows[0].SequenceEqual(Columns)) throw new InvalidDataException($"The columns must be {string.Join(", ", Columns)}");
        return [.. rows.Skip(1).Select(Read)];
    }

    private static DeployedProgram Read(string[] row)
        => row.Length == Columns.Length
            ? new(row[0], row[1], Value(row[2]) is { } port ? int.Parse(port, CultureInfo.InvariantCulture) : null, Value(row[3]), Values(row[4]), Values(row[5]), Values(row[6]), Values(row[7]), Values(row[8]))
            : throw new InvalidDataException($"A line must have {Columns.Length} columns: {string.Join(' ', row)}");

    private static string? Value(string cell) => cell == "-" ? null : cell;

    private static string[] Values(string cell) => Value(cell)?.Split(',') ?? [];

    private static string Root(string folder)
        => File.Exists(Path.Combine(folder, "platform.sln")) ? folder : Root(Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("Not within the repository"));
}
