using System.Buffers;

namespace Hikyaku.Accounts.Files;

/// <summary>
/// Cells that a spreadsheet would run as a formula (ACC-12): they get one leading apostrophe on the way out, which is removed
/// on the way in; a real one in front is doubled. An apostrophe that guards nothing is somebody's own and stays.
/// </summary>
public static class CsvCell
{
    // The characters with which a formula begins for Excel and LibreOffice. Japanese Excel also accepts the full-width forms.
    private static readonly SearchValues<char> Guarded = SearchValues.Create("'=+-@\t\r\n＝＋－＠");

    /// <summary>A text as it stands in a file.</summary>
    public static string Guard(string text) => text.Length > 0 && Guarded.Contains(text[0]) ? $"'{text}" : text;

    /// <summary>The text that <see cref="Guard"/> was given.</summary>
    public static string Bare(string cell) => cell.Length > 1 && cell[0] == '\'' && Guarded.Contains(cell[1]) ? cell[1..] : cell;
}
