using System.Resources;
using Hikyaku.Platform;

namespace Hikyaku.Accounts.Files;

/// <summary>Every 'no' to a CSV file as such; what its cells break are the rules of accounts. Texts: CsvProblems.resx and .ja.resx.</summary>
public static class CsvProblems
{
    private static readonly ResourceManager Texts = new("Hikyaku.Accounts.Files.CsvProblems", typeof(CsvProblems).Assembly);

    internal static readonly ProblemCode Empty = Rule("csv.empty");
    internal static readonly ProblemCode TooLarge = Rule("csv.too-large");
    internal static readonly ProblemCode Picture = Rule("csv.picture");
    internal static readonly ProblemCode Archive = Rule("csv.archive");
    internal static readonly ProblemCode Utf16 = Rule("csv.utf-16");
    internal static readonly ProblemCode Undecodable = Rule("csv.undecodable");
    internal static readonly ProblemCode HeaderMissing = Rule("csv.header-missing");
    internal static readonly ProblemCode Semicolons = Rule("csv.semicolons");
    internal static readonly ProblemCode ColumnMissing = Rule("csv.column-missing");
    internal static readonly ProblemCode ColumnUnknown = Rule("csv.column-unknown");
    internal static readonly ProblemCode ColumnTwice = Rule("csv.column-twice");
    internal static readonly ProblemCode NoRows = Rule("csv.no-rows");
    internal static readonly ProblemCode TooManyRows = Rule("csv.too-many-rows");
    internal static readonly ProblemCode TooFewCells = Rule("csv.too-few-cells");
    internal static readonly ProblemCode TooManyCells = Rule("csv.too-many-cells");
    internal static readonly ProblemCode CellTooLong = Rule("csv.cell-too-long");
    internal static readonly ProblemCode ControlCharacter = Rule("csv.control-character");
    internal static readonly ProblemCode UnclosedQuote = Rule("csv.unclosed-quote");
    internal static readonly ProblemCode MisplacedQuote = Rule("csv.misplaced-quote");
    internal static readonly ProblemCode Duplicate = Rule("csv.duplicate");
    internal static readonly ProblemCode NotInCp932 = Rule("csv.not-in-cp932");
    internal static readonly ProblemCode MoreNotInCp932 = Rule("csv.more-not-in-cp932");

    /// <summary>Every code of this page.</summary>
    public static readonly IReadOnlyList<ProblemCode> All =
    [
        Empty, TooLarge, Picture, Archive, Utf16, Undecodable, HeaderMissing, Semicolons, ColumnMissing, ColumnUnknown, ColumnTwice, NoRows, TooManyRows,
        TooFewCells, TooManyCells, CellTooLong, ControlCharacter, UnclosedQuote, MisplacedQuote, Duplicate, NotInCp932, MoreNotInCp932,
    ];

    private static ProblemCode Rule(string code) => new(code, 422, Texts);
}
