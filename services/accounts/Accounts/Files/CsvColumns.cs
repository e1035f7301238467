using System.Text;

namespace Hikyaku.Accounts.Files;

/// <summary>The columns of files, in and out (ACC-9 to ACC-11).</summary>
internal static class CsvColumns
{
    public const string Account = "mail_account";
    public const string Password = "password";
    public const string Capacity = "mail_capacity";
    public const string Comment = "comment";

    /// <summary>What an export calls the password's column, which is empty there and may be filled in.</summary>
    public const string ExportedPassword = "mail_password";

    /// <summary>The nine columns of ACC-11.</summary>
    public static readonly IReadOnlyList<string> Exported =
        [Account, ExportedPassword, Comment, "amount_of_mail_box", "spam", "forward", "auto", "pop", Capacity];

    /// <summary>What <c>columns=all</c> appends.</summary>
    public static readonly IReadOnlyList<string> ExportedToo = ["auto_sort", "status", "forced_change"];

    private static readonly string[] Canonical = [Account, Password, Capacity, Comment];

    // Cells of capacity and comment may be empty, so their columns may be missing. A misspelt column is reported as unknown.
    private static readonly Dictionary<CsvKind, string[]> Required = new() { [CsvKind.Registration] = [Account, Password], [CsvKind.Change] = [Account] };

    /// <summary>Whether a header's columns, in quotes or not, are separated by semicolons, as Excel writes them in some countries.</summary>
    public static bool AreSeparatedBySemicolons(ReadOnlySpan<byte> header)
        => !header.ContainsAny((byte)',', (byte)'\t') && Encoding.UTF8.GetString(header).Split(';') is { Length: > 1 } names
            && names.Select(n => n.Trim().Trim('"').Trim().ToLowerInvariant()).Select(n => n == ExportedPassword ? Password : n).Intersect(Canonical).Any();

    /// <summary>Reads a header: the canonical name of each column, null for one that an import leaves out.</summary>
    public static string?[] Read(IReadOnlyList<string> header, CsvKind kind, int line, CsvFindings problems)
    {
        var names = header.Select(h => h.Trim().ToLowerInvariant()).Select(h => h == ExportedPassword ? Password : h).ToArray();
        if (!names.Any(Canonical.Contains))
        {
            problems.Add(new(line, null, CsvProblems.HeaderMissing, ("columns", string.Join(",", Canonical))));
            return [];
        }

        for (var i = 0; i < names.Length; i++)
        {
            // The column is named by its number: if the header is missing, its text may be somebody's password.
            if (!Canonical.Contains(names[i]) && !IsOnlyExported(names[i])) problems.Add(new(line, null, CsvProblems.ColumnUnknown, ("n", i + 1)));
            else if (Array.IndexOf(names, names[i]) < i) problems.Add(new(line, names[i], CsvProblems.ColumnTwice, ("column", names[i])));
        }

        foreach (var missing in Required[kind].Except(names)) problems.Add(new(line, missing, CsvProblems.ColumnMissing, ("column", missing)));
        return [.. names.Select(n => Canonical.Contains(n) ? n : null)];
    }

    private static bool IsOnlyExported(string name) => Exported.Contains(name) || ExportedToo.Contains(name);
}
