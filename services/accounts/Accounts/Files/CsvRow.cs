using Hikyaku.Platform;

namespace Hikyaku.Accounts.Files;

/// <summary>What a file is for.</summary>
public enum CsvKind
{
    /// <summary>New accounts (ACC-9).</summary>
    Registration,

    /// <summary>Changes of accounts that exist (ACC-10).</summary>
    Change,
}

/// <summary>One account of a file.</summary>
/// <param name="Line">The physical line where the record starts; the header is 1.</param>
/// <param name="Cells">By column (<c>mail_account</c>, <c>password</c>, <c>mail_capacity</c>, <c>comment</c>); a column that the file does not have is not there.</param>
public sealed record CsvRow(int Line, IReadOnlyDictionary<string, string> Cells)
{
    /// <summary>Without the cells: one of them is a password.</summary>
    public override string ToString() => $"line {Line}";
}

/// <summary>One thing that is wrong with a file.</summary>
/// <param name="Line">The physical line where the record starts; the header, and what concerns the whole file, is 1.</param>
/// <param name="Column">The canonical name of the column; null when it is none.</param>
/// <param name="Code">Why.</param>
/// <param name="Args">What the text's placeholders stand for. Never a cell of the password column.</param>
public sealed record CsvProblem(int Line, string? Column, ProblemCode Code, params (string Name, object Value)[] Args);

/// <summary>What a file says.</summary>
/// <param name="Rows">The accounts whose record could be read.</param>
/// <param name="Problems">At most <see cref="CsvFile.MaxProblems"/>, in the order of lines.</param>
/// <param name="MoreProblems">How many there are beyond them.</param>
public sealed record CsvContent(IReadOnlyList<CsvRow> Rows, IReadOnlyList<CsvProblem> Problems, long MoreProblems);
