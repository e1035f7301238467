namespace Hikyaku.CommandLine.Output;

/// <summary>A column of a table.</summary>
/// <param name="Head">What stands above it.</param>
/// <param name="IsNumber">Whether its cells stand at its right.</param>
public sealed record Column(string Head, bool IsNumber = false)
{
    /// <summary>A column of texts.</summary>
    public static implicit operator Column(string head) => new(head);
}

/// <summary>A table as lines. Nothing is cut: a line that is too long goes on in the next row of the terminal, and <c>grep</c> finds it.</summary>
public static class Table
{
    private const string Between = "  ";
    private const string Nothing = "-";

    /// <summary>The lines, the head first.</summary>
    /// <param name="columns">The columns.</param>
    /// <param name="rows">A cell for each column; null where there is nothing.</param>
    public static IEnumerable<string> Lines(IReadOnlyList<Column> columns, IReadOnlyList<IReadOnlyList<string?>> rows)
    {
        ArgumentNullException.ThrowIfNull(columns);
        ArgumentNullException.ThrowIfNull(rows);
        List<string[]> cells = [[.. columns.Select(c => c.Head)], .. rows.Select(r => r.Select(c => string.IsNullOrEmpty(c) ? Nothing : TerminalText.Visible(c)).ToArray())];
        var widths = columns.Select((_, i) => cells.Max(row => TerminalText.Width(row[i]))).ToList();
        return cells.Select(row => string.Join(Between, row.Select((cell, i) => TerminalText.Pad(cell, widths[i], atRight: !columns[i].IsNumber))).TrimEnd());
    }

    /// <summary>Names and values, one below the other; a value that is null is left out.</summary>
    public static IEnumerable<string> Facts(params IReadOnlyList<(string Name, string? Value)> facts)
    {
        ArgumentNullException.ThrowIfNull(facts);
        var known = facts.Where(f => f.Value is not null).ToList();
        var width = known.Select(f => TerminalText.Width(f.Name)).DefaultIfEmpty().Max();
        return known.Select(f => $"{TerminalText.Pad(f.Name, width)}{Between}{TerminalText.Visible(f.Value!)}".TrimEnd());
    }
}
