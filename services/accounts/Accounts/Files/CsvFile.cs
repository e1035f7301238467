using System.Text;
using CsvHelper;
using Hikyaku.Platform;

namespace Hikyaku.Accounts.Files;

/// <summary>
/// Reads the CSV files of ACC-9, ACC-10 and ACC-12, as Japanese Excel and Unix tools write them: UTF-8 with and without a byte
/// order mark or CP932; CRLF or LF; comma or tab; RFC 4180 quotes, with line breaks in them. Columns in any order, by the names
/// of the samples or of an export. Everything wrong with the file is named at once, by line and column; what its cells must be
/// is the rule of accounts and judged elsewhere. No problem ever quotes a cell of the password column.
/// </summary>
public static class CsvFile
{
    /// <summary>The largest file.</summary>
    public const int MaxBytes = MaxMb * 1_048_576;

    /// <summary>The most accounts in a file.</summary>
    public const int MaxRows = 150_000;

    /// <summary>The most problems that are named; the rest is counted.</summary>
    public const int MaxProblems = JobProblems.Most;

    private const int MaxMb = 35;
    private const int MaxCellLength = 4096; // far above a comment of 200 characters, and far below what hurts

    /// <summary>Reads a file.</summary>
    /// <param name="file">Its bytes.</param>
    /// <param name="kind">What it is for.</param>
    public static CsvContent Read(ReadOnlyMemory<byte> file, CsvKind kind)
    {
        var problems = new CsvFindings(MaxProblems);
        // What was declared to be Shift_JIS was measured when it came: in UTF-8 it is up to three times as long, and has a byte order mark.
        if (file.Length > (file.Span.StartsWith(Encoding.UTF8.Preamble) ? 3 * MaxBytes : MaxBytes)) problems.Add(new(1, null, CsvProblems.TooLarge, ("max", MaxMb)));
        else if (CsvText.ToUtf8(file, problems) is { } utf8)
        {
            if (IsBlank(utf8.Span)) problems.Add(new(1, null, CsvProblems.Empty));
            else return ReadRecords(utf8, kind, problems);
        }

        return problems.With([]);
    }

    private static CsvContent ReadRecords(ReadOnlyMemory<byte> utf8, CsvKind kind, CsvFindings problems)
    {
        var header = HeaderOf(utf8.Span);
        if (CsvColumns.AreSeparatedBySemicolons(header))
        {
            problems.Add(new(1, null, CsvProblems.Semicolons));
            return problems.With([]);
        }

        using var reader = CsvReader.Create(utf8, new CsvReaderOptions
        {
            HasHeader = false, // it is read here, as the first record
            Separator = header.Count((byte)'\t') > header.Count((byte)',') ? '\t' : ',',
            TrackLineNumbers = true,
            OnMalformedRecord = bad => problems.Add(new((int)bad.LineNumber, null, bad.Reason == CsvMalformedReason.UnterminatedQuote ? CsvProblems.UnclosedQuote : CsvProblems.MisplacedQuote)),
        });
        if (!reader.Read()) throw new InvalidOperationException("A text that is not blank has a record");
        var columns = CsvColumns.Read(CellsOf(reader), kind, (int)reader.LineNumber, problems);
        if (problems.Any) return problems.With([]); // without its header no record can be understood

        var (rows, accounts, records) = (new List<CsvRow>(), new SeenAccounts(), 0);
        while (reader.Read())
        {
            var (line, cells) = ((int)reader.LineNumber, CellsOf(reader));
            if (cells.TrueForAll(string.IsNullOrWhiteSpace)) continue; // what a spreadsheet leaves of rows that were cleared
            if (++records > MaxRows)
            {
                problems.Add(new(line, null, CsvProblems.TooManyRows, ("max", MaxRows)));
                return problems.With([]);
            }

            if (ReadRow(line, cells, columns, problems) is not { } row) continue;
            if (accounts.Earlier(row) is { } earlier) problems.Add(new(line, CsvColumns.Account, CsvProblems.Duplicate, ("a", row.Cells[CsvColumns.Account]), ("line", earlier)));
            rows.Add(row);
        }

        if (records == 0) problems.Add(new(1, null, CsvProblems.NoRows));
        return problems.With(rows);
    }

    private static CsvRow? ReadRow(int line, List<string> cells, string?[] columns, CsvFindings problems)
    {
        if (cells.Count != columns.Length)
        {
            problems.Add(new(line, null, cells.Count < columns.Length ? CsvProblems.TooFewCells : CsvProblems.TooManyCells, ("n", cells.Count), ("expected", columns.Length)));
            return null;
        }

        var (row, whole) = (new Dictionary<string, string>(4), true);
        for (var i = 0; i < cells.Count; i++)
        {
            if (cells[i].Length > MaxCellLength) problems.Add(new(line, columns[i], CsvProblems.CellTooLong, ("max", MaxCellLength)));
            else if (cells[i].Any(IsForeignControl)) problems.Add(new(line, columns[i], CsvProblems.ControlCharacter));
            else
            {
                if (columns[i] is { } column) row.Add(column, Plain(column, cells[i]));
                continue;
            }

            whole = false;
        }

        return whole ? new CsvRow(line, row) : null;
    }

    // Line breaks and tabs may be intended; the rules for comments judge them.
    private static bool IsForeignControl(char c) => char.IsControl(c) && c is not ('\r' or '\n' or '\t');

    // Full-width characters and ideographic spaces stay, so that the rules can name them.
    private static string Plain(string column, string cell) => column switch
    {
        CsvColumns.Password => cell, // exactly as typed
        CsvColumns.Comment => CsvCell.Bare(cell),
        _ => CsvCell.Bare(cell.Trim(' ', '\t', '\r', '\n')),
    };

    private static List<string> CellsOf(CsvReader reader)
    {
        var cells = new List<string>(reader.FieldCount);
        for (var i = 0; i < reader.FieldCount; i++) cells.Add(reader.GetString(i));
        return cells;
    }

    private static bool IsBlank(ReadOnlySpan<byte> utf8) => !utf8.ContainsAnyExcept(" \t\r\n"u8);

    // The header decides what separates cells, as its names contain no separator.
    private static ReadOnlySpan<byte> HeaderOf(ReadOnlySpan<byte> utf8)
    {
        var start = utf8.TrimStart("\r\n"u8);
        return start.IndexOfAny("\r\n"u8) is var end and >= 0 ? start[..end] : start;
    }
}
