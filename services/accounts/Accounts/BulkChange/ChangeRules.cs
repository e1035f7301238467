using Hikyaku.Accounts.Credentials;
using Hikyaku.Accounts.Domains;
using Hikyaku.Accounts.Files;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Platform;

namespace Hikyaku.Accounts.BulkChange;

/// <summary>What a row asks of an account; null is unchanged.</summary>
/// <param name="Line">The row's line.</param>
/// <param name="Address">Lower case, domain in A-labels.</param>
/// <param name="Password">As typed.</param>
/// <param name="CapacityMb">In MB.</param>
/// <param name="Comment">As typed.</param>
public sealed record ChangedAccount(int Line, string Address, string? Password, long? CapacityMb, string? Comment)
{
    /// <summary>Decides it by the rules that a single change obeys (ACC-7, ACC-8); what is left in the domain is judged for the whole file.</summary>
    public Decision Decide(MailAccount account, Domain domain, PasswordFacts facts, string credentialId, DateTimeOffset now)
        => ChangeMailAccount.Decide(new(Password, credentialId, facts, CapacityMb, Comment, domain, new DomainUsage(0, account.CapacityMb), now), account);
}

/// <summary>Judges the rows of a bulk change (ACC-10). A blank cell is unchanged; accounts that are not there are skipped.</summary>
internal static class ChangeRules
{
    /// <summary>What the rows ask for, in their order, as far as their form is good; pure.</summary>
    public static List<ChangedAccount> Read(CsvContent content, Domain domain, FileProblems problems)
    {
        var accounts = new List<ChangedAccount>(content.Rows.Count);
        foreach (var row in content.Rows)
        {
            if (Read(row, domain, problems) is { } account) accounts.Add(account);
        }

        return accounts;
    }

    /// <summary>What one row asks for; null, with what is wrong, when its form is not good; pure.</summary>
    public static ChangedAccount? Read(CsvRow row, Domain domain, FileProblems problems)
    {
        List<JobProblem> broken = [];
        var account = Read(row, domain, broken);
        problems.AddRange(broken);
        return broken.Count == 0 ? account : null;
    }

    /// <summary>
    /// Whether there is room for all changes together, at the first row where it is not enough (ACC-13): what some give back
    /// others may take, whatever their order in the file.
    /// </summary>
    /// <param name="rows">What is asked for.</param>
    /// <param name="present">The capacities of the accounts that are there, by address.</param>
    /// <param name="leftMb">What is left in the domain.</param>
    /// <param name="netMb">What all of them take together.</param>
    public static JobProblem? Limit(IEnumerable<ChangedAccount> rows, IReadOnlyDictionary<string, int> present, long leftMb, out long netMb)
    {
        var deltas = rows.Where(r => r.CapacityMb is not null && present.ContainsKey(r.Address)).Select(r => (r.Line, Mb: r.CapacityMb!.Value - present[r.Address])).ToList();
        netMb = deltas.Sum(d => d.Mb);
        if (netMb <= Math.Max(0, leftMb)) return null;
        var given = -deltas.Where(d => d.Mb < 0).Sum(d => d.Mb);
        var taken = 0L;
        var first = deltas.Where(d => d.Mb > 0).First(d => (taken += d.Mb) > Math.Max(0, leftMb) + given);
        return new(first.Line, CsvColumns.Capacity, AccountsProblems.DomainCapacityExceeded, [("left", Math.Max(0, leftMb))]);
    }

    private static ChangedAccount? Read(CsvRow row, Domain domain, List<JobProblem> broken)
    {
        var name = RowRules.ReadName(row, domain.Id, broken);
        var address = name is null ? null : $"{name}@{domain.Id}";
        var (password, comment) = (RowRules.Cell(row, CsvColumns.Password), RowRules.Cell(row, CsvColumns.Comment));
        if (password.Length > 0) RowRules.Add(broken, row, PasswordRules.Broken(password, name is null ? [domain.Id] : [name, domain.Id, address!], CsvColumns.Password));
        var capacity = RowRules.ReadCapacity(row, domain.MaxCapacityMb, broken);
        RowRules.Add(broken, row, Comment.Broken(comment));
        return address is null ? null : new(row.Line, address, Blank(password), capacity, string.IsNullOrWhiteSpace(comment) ? null : comment);
    }

    private static string? Blank(string text) => text.Length == 0 ? null : text;
}
