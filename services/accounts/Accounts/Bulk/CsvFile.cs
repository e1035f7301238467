using System.Buffers;
using System.Text;
using Hikyaku.Platform;

namespace Hikyaku.Accounts.Bulk;

/// <summary>Which file it is.</summary>
public enum CsvKind
{
    /// <summary>Accounts to register (ACC-9).</summary>
    Registration,

    /// <summary>Accounts to change (ACC-10).</summary>
    Change,
}

/// <summary>One record of a file.</summary>
/// <param name="Line">The physical line where it starts; the header is 1.</param>
/// <param name="Cells">By column: <c>mail_account</c>, <c>password</c>, <c>mail_capacity</c>, <c>comment</c>, as far as the file has them.</param>
public sealed record CsvRow(int Line, IReadOnlyDictionary<string, string> Cells);

/// <summary>Something wrong with a file or one of its records.</summary>
/// <param name="Line">The physical line.</param>
/// <param name="Column">The column; null where it is the whole line or file.</param>
/// <param name="Code">Why.</param>
/// <param name="Args">What the text's placeholders stand for. Never a password.</param>
public sealed record CsvProblem(int Line, string? Column, ProblemCode Code, params (string Name, object Value)[] Args);

/// <summary>What a file holds.</summary>
/// <param name="Rows">Its records, in order.</param>
/// <param name="Problems">What is wrong with it; at most 1,000.</param>
/// <param name="MoreProblems">How many more there are.</param>
public sealed record CsvContent(IReadOnlyList<CsvRow> Rows, IReadOnlyList<CsvProblem> Problems, long MoreProblems);

/// <summary>
/// Reads the files of ACC-12: UTF-8 with and without BOM, else CP932; CRLF and LF; comma and tab; quoted fields (RFC 4180), with
/// line breaks in them too. The header must stay, its columns may stand in any order, and those of the export are understood:
/// <c>mail_password</c> is the password, what cannot be set is left out. A password is taken exactly as typed.
/// </summary>
public static class CsvFile
{
    /// <summary>The most records.</summary>
    public const int MostRows = 150_000;

    private const int LongestCell = 4096;
    private const int MostProblems = 1000;
    private static readonly string[] Known = [RowRules.Account, RowRules.Password, RowRules.Capacity, RowRules.Comment];

    private static readonly string[] OfExport =
        ["amount_of_mail_box", "spam", "forward", "auto", "pop", "auto_sort", "spam_sort", "status", "password_forcibly_changed", "forced_change"];

    // What is no text and yet might be decoded: picture, PDF, ZIP (an Excel workbook), UTF-16.
    private static readonly byte[][] Magic =
        ["GIF8"u8.ToArray(), "%PDF"u8.ToArray(), "PK\u0003\u0004"u8.ToArray(), [0x89, 0x50], [0xFF, 0xD8], [0xFF, 0xFE], [0xFE, 0xFF]];

    private static readonly SearchValues<char> Formula = SearchValues.Create("'=+-@\t\r");

    static CsvFile() => Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);

    /// <summary>Reads a file.</summary>
    public static CsvContent Read(ReadOnlyMemory<byte> file, CsvKind kind)
    {
        if (Decode(file.Span) is not { } text) return Bad(new(1, null, AccountsProblems.CsvNotText));
        if (string.IsNullOrWhiteSpace(text)) return Bad(new(1, null, AccountsProblems.CsvEmpty));
        var firstLine = text.AsSpan(0, text.IndexOf('\n') is var end and >= 0 ? end : text.Length);
        var records = Records(text, firstLine.Contains('\t') ? '\t' : ',').GetEnumerator();
        records.MoveNext();
        var (columns, problems) = Header(records.Current.Cells, kind);
        if (problems.Count > 0) return new([], problems, 0);

        var (rows, more) = (new List<CsvRow>(), 0L);
        while (records.MoveNext())
        {
            var (line, cells) = records.Current;
            if (cells is [""]) continue; // an empty line
            if (rows.Count == MostRows) return Bad(new(line, null, AccountsProblems.CsvTooManyRows, ("max", MostRows)));
            if (Problem(line, cells, columns) is { } problem)
            {
                if (problems.Count < MostProblems) problems.Add(problem);
                else more++;
                continue;
            }

            rows.Add(new(line, columns.Index().Where(c => Known.Contains(c.Item)).ToDictionary(c => c.Item, c => Cell(c.Item, cells[c.Index]))));
        }

        return new(rows, problems, more);
    }

    private static CsvContent Bad(CsvProblem problem) => new([], [problem], 0);

    private static string? Decode(ReadOnlySpan<byte> file)
    {
        foreach (var magic in Magic)
            if (file.StartsWith(magic)) return null;
        if (file.Contains((byte)0)) return null;
        return DecodeAs(new UTF8Encoding(false, throwOnInvalidBytes: true), file.StartsWith("\uFEFF"u8) ? file[3..] : file)
            ?? DecodeAs(Encoding.GetEncoding(932, EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback), file);
    }

    private static string? DecodeAs(Encoding encoding, ReadOnlySpan<byte> file)
    {
        try
        {
            return encoding.GetString(file);
        }
        catch (DecoderFallbackException)
        {
            return null; // it is in another encoding, or no text
        }
    }

    private static (string[] Columns, List<CsvProblem> Problems) Header(List<string> cells, CsvKind kind)
    {
        string[] columns = [.. cells.Select(c => c.Trim().ToLowerInvariant()).Select(c => c == "mail_password" ? RowRules.Password : c)];
        string[] needed = kind == CsvKind.Registration ? [RowRules.Account, RowRules.Password] : [RowRules.Account];
        var problems = needed.Except(columns).Select(c => new CsvProblem(1, c, AccountsProblems.CsvColumnMissing, ("column", c))).ToList();
        foreach (var column in columns.Where(c => !Known.Contains(c) && !OfExport.Contains(c)).Take(20))
            problems.Add(new(1, null, AccountsProblems.CsvColumnUnknown, ("column", column.Length > 40 ? column[..40] : column)));
        foreach (var column in columns.CountBy(c => c).Where(c => c.Value > 1 && Known.Contains(c.Key)))
            problems.Add(new(1, column.Key, AccountsProblems.CsvColumnTwice, ("column", column.Key)));
        return (columns, problems);
    }

    private static CsvProblem? Problem(int line, List<string> cells, string[] columns)
    {
        if (cells.Count != columns.Length) return new(line, null, AccountsProblems.CsvCells, ("n", cells.Count), ("expected", columns.Length));
        var tooLong = cells.FindIndex(c => c.Length > LongestCell);
        return tooLong < 0 ? null : new(line, columns[tooLong], AccountsProblems.CsvCellTooLong, ("max", LongestCell));
    }

    private static string Cell(string column, string cell)
    {
        if (column == RowRules.Password) return cell;
        var plain = cell.Length > 1 && cell[0] == '\'' && Formula.Contains(cell[1]) ? cell[1..] : cell;
        return column == RowRules.Comment ? plain : plain.Trim();
    }

    private static IEnumerable<(int Line, List<string> Cells)> Records(string text, char separator)
    {
        var (line, start, cells, cell, quoted) = (1, 1, new List<string>(), new StringBuilder(), false);
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '\n') line++;
            if (quoted)
            {
                if (c != '"') cell.Append(c);
                else if (i + 1 < text.Length && text[i + 1] == '"') cell.Append(text[++i]);
                else quoted = false;
            }
            else if (c == '"' && cell.Length == 0) quoted = true;
            else if (c == separator || c == '\n')
            {
                if (c == '\n' && cell.Length > 0 && cell[^1] == '\r') cell.Length--;
                cells.Add(cell.ToString());
                cell.Clear();
                if (c != '\n') continue;
                yield return (start, cells);
                (start, cells) = (line, []);
            }
            else cell.Append(c);
        }

        if (cell.Length == 0 && cells.Count == 0) yield break;
        cells.Add(cell.ToString().TrimEnd('\r'));
        yield return (start, cells);
    }
}
