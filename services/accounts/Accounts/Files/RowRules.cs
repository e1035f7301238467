using System.Globalization;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Platform;

namespace Hikyaku.Accounts.Files;

/// <summary>What both kinds of files have in common: the columns, whose account a row is about, and what is wrong with a cell.</summary>
internal static class RowRules
{
    /// <summary>What stands in a column; empty where the file has no such column.</summary>
    public static string Cell(CsvRow row, string column) => row.Cells.GetValueOrDefault(column, "");

    /// <summary>
    /// The account that a row is about: the local part, or the full address where the domain is the file's. Answers the name in
    /// lower case, and null with what is wrong when it is none.
    /// </summary>
    public static string? ReadName(CsvRow row, string domain, List<JobProblem> problems)
    {
        var typed = Cell(row, CsvColumns.Account).Trim(); // of ideographic spaces, too
        var name = typed;
        if (typed.AsSpan().ContainsAny('@', '\uFF20'))
        {
            if (!InternetNames.TryReadAddress(typed, out var address, out var its) || its != domain)
            {
                problems.Add(new(row.Line, CsvColumns.Account, AccountsProblems.OtherDomain, [("d", domain)]));
                return null;
            }

            name = address[..address.LastIndexOf('@')];
        }

        var before = problems.Count;
        Add(problems, row, AccountName.Broken(name, CsvColumns.Account));
        return problems.Count == before ? name.ToLowerInvariant() : null;
    }

    /// <summary>A row's capacity in MB; null when the cell is blank, or, with what is wrong, when it is none.</summary>
    public static long? ReadCapacity(CsvRow row, long most, List<JobProblem> problems)
    {
        var typed = Cell(row, CsvColumns.Capacity).Trim();
        if (typed.Length == 0) return null;
        if (long.TryParse(typed, NumberStyles.None, CultureInfo.InvariantCulture, out var mb) && mb >= 1 && mb <= most) return mb;
        problems.Add(new(row.Line, CsvColumns.Capacity, AccountsProblems.CapacityRange, [("max", most)]));
        return null;
    }

    /// <summary>Adds what a rule says of a row, under the file's name of the column.</summary>
    public static void Add(List<JobProblem> problems, CsvRow row, IEnumerable<Rejection> broken)
    {
        foreach (var no in broken) problems.Add(new(row.Line, ColumnOf(no.Field), no.Code, no.Values));
    }

    private static string? ColumnOf(string? field) => field switch
    {
        "capacityMb" => CsvColumns.Capacity,
        "name" => CsvColumns.Account,
        _ => field,
    };
}
