using Hikyaku.Accounts.Credentials;
using Hikyaku.Accounts.Domains;
using Hikyaku.Accounts.Files;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Platform;

namespace Hikyaku.Accounts.BulkRegistration;

/// <summary>An account that a row asks for.</summary>
/// <param name="Line">The row's line.</param>
/// <param name="Address">Lower case, domain in A-labels.</param>
/// <param name="Password">As typed.</param>
/// <param name="CapacityMb">The domain's default where the row names none.</param>
/// <param name="Comment">As typed.</param>
public sealed record NewAccount(int Line, string Address, string Password, int CapacityMb, string? Comment);

/// <summary>
/// The row of <c>postmaster</c>, which every domain has from its beginning: with a password it is set, without one it is skipped, so that
/// an export whose passwords were filled in can be registered elsewhere (ACC-12).
/// </summary>
/// <param name="Line">The row's line.</param>
/// <param name="Password">As typed; empty: skipped.</param>
public sealed record PostmasterRow(int Line, string Password)
{
    /// <summary>Its name.</summary>
    public const string Name = "postmaster";

    /// <summary>That row; null when the file has none.</summary>
    public static PostmasterRow? Of(CsvContent content, string domain)
        => content.Rows.FirstOrDefault(r => RowRules.ReadName(r, domain, []) == Name) is { } row ? new(row.Line, RowRules.Cell(row, CsvColumns.Password)) : null;

    /// <summary>What is wrong with it.</summary>
    public IEnumerable<JobProblem> Broken(string domain) => Password.Length == 0 ? []
        : PasswordRules.Broken(Password, [Name, domain, $"{Name}@{domain}"], CsvColumns.Password).Select(no => new JobProblem(Line, no.Field, no.Code, no.Values));
}

/// <summary>Judges the rows of a registration (ACC-9): every rule of ACC-1, 2, 3 and 13, and every row. What stands twice its reader has found.</summary>
/// <param name="Domain">The domain's limits.</param>
/// <param name="DefaultMb">What a row without a capacity gets.</param>
/// <param name="Usage">What is in use, without what this very job has reserved.</param>
/// <param name="Reservations">Who has the addresses of the file; what this very job has reserved is not among them.</param>
public sealed record RegistrationRules(Domain Domain, int DefaultMb, DomainUsage Usage, IReadOnlyDictionary<string, AddressReservation> Reservations)
{
    /// <summary>The accounts that the rows ask for, in their order, as far as they are good; pure.</summary>
    public static List<NewAccount> Judge(RegistrationRules command, CsvContent content, FileProblems problems)
    {
        var accounts = new List<NewAccount>(content.Rows.Count);
        if (PostmasterRow.Of(content, command.Domain.Id) is { } postmaster) problems.AddRange(postmaster.Broken(command.Domain.Id));
        foreach (var row in content.Rows)
        {
            if (RowRules.ReadName(row, command.Domain.Id, []) == PostmasterRow.Name) continue;
            List<JobProblem> broken = [];
            var account = command.Read(row, broken);
            if (broken.Count == 0 && account is not null) accounts.Add(account);
            else problems.AddRange(broken);
        }

        problems.AddRange(command.Limits(accounts));
        return accounts;
    }

    /// <summary>The addresses of a file, as far as they are such: whose reservations have to be looked up.</summary>
    public static string[] Addresses(CsvContent content, string domain)
        => [.. content.Rows.Select(r => RowRules.ReadName(r, domain, [])).OfType<string>().Select(n => $"{n}@{domain}").Distinct(StringComparer.Ordinal)];

    /// <summary>Which limit is not enough for all of the accounts, at the first row that is too much; what is left is told (ACC-13).</summary>
    public IEnumerable<JobProblem> Limits(IReadOnlyList<NewAccount> accounts)
    {
        var left = Math.Max(0, Domain.MaxAccounts - Usage.Accounts);
        if (accounts.Count > left) yield return new(accounts[left].Line, CsvColumns.Account, AccountsProblems.DomainAccountsExceeded, [("left", left)]);

        var (mb, leftMb) = (0L, Math.Max(0, Domain.MaxCapacityMb - Usage.CapacityMb));
        foreach (var account in accounts)
        {
            mb += account.CapacityMb;
            if (mb <= leftMb) continue;
            yield return new(account.Line, CsvColumns.Capacity, AccountsProblems.DomainCapacityExceeded, [("left", leftMb)]);
            break;
        }
    }

    private NewAccount? Read(CsvRow row, List<JobProblem> broken)
    {
        var name = RowRules.ReadName(row, Domain.Id, broken);
        var address = name is null ? null : $"{name}@{Domain.Id}";
        if (address is not null && Reservations.TryGetValue(address, out var taken))
            broken.Add(new(row.Line, CsvColumns.Account, taken.BeingDeleted ? AccountsProblems.BeingDeleted : AccountsProblems.AlreadyExists, [("a", address)]));

        var password = RowRules.Cell(row, CsvColumns.Password);
        string[] names = name is null ? [Domain.Id] : [name, Domain.Id, address!];
        RowRules.Add(broken, row, PasswordRules.Broken(password, names, CsvColumns.Password));
        var capacity = RowRules.ReadCapacity(row, Domain.MaxCapacityMb, broken) ?? DefaultMb;
        var comment = RowRules.Cell(row, CsvColumns.Comment);
        RowRules.Add(broken, row, Comment.Broken(comment));
        return address is null ? null : new(row.Line, address, password, (int)capacity, Comment.Stored(comment));
    }
}
