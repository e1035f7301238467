using Hikyaku.Accounts.BulkChange;
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

/// <summary>Judges the rows of a registration (ACC-9): every rule of ACC-1, 2, 3 and 13, and every row. What stands twice its reader has found.</summary>
/// <param name="Domain">The domain's limits.</param>
/// <param name="DefaultMb">What a row without a capacity gets.</param>
/// <param name="Usage">What is in use, without what this very job has reserved.</param>
/// <param name="Reservations">Who has the addresses of the file; what this very job has reserved is not among them.</param>
public sealed record RegistrationRules(Domain Domain, int DefaultMb, DomainUsage Usage, IReadOnlyDictionary<string, AddressReservation> Reservations)
{
    /// <summary>What <c>postmaster</c> has.</summary>
    public int PostmasterMb { get; init; }

    /// <summary>The accounts that the rows ask for, in their order, as far as they are good; pure.</summary>
    public static List<NewAccount> Judge(RegistrationRules command, CsvContent content, FileProblems problems)
    {
        var accounts = new List<NewAccount>(content.Rows.Count);
        var postmaster = PostmasterRow.Of(content, command.Domain, problems);
        foreach (var row in content.Rows)
        {
            if (PostmasterRow.IsOne(row, command.Domain.Id)) continue;
            List<JobProblem> broken = [];
            var account = command.Read(row, broken);
            if (broken.Count == 0 && account is not null) accounts.Add(account);
            else problems.AddRange(broken);
        }

        problems.AddRange(command.Limits(accounts, postmaster?.Asks));
        return accounts;
    }

    /// <summary>The addresses of a file, as far as they are such: whose reservations have to be looked up.</summary>
    public static string[] Addresses(CsvContent content, string domain)
        => [.. content.Rows.Select(r => RowRules.ReadName(r, domain, [])).OfType<string>().Select(n => $"{n}@{domain}").Distinct(StringComparer.Ordinal)];

    /// <summary>
    /// Which limit is not enough for all of the accounts and for what <c>postmaster</c> grows by, at the first row that is too much; what is
    /// left is told (ACC-13).
    /// </summary>
    public IEnumerable<JobProblem> Limits(IReadOnlyList<NewAccount> accounts, ChangedAccount? postmaster)
    {
        var left = Math.Max(0, Domain.MaxAccounts - Usage.Accounts);
        if (accounts.Count > left) yield return new(accounts[left].Line, CsvColumns.Account, AccountsProblems.DomainAccountsExceeded, [("left", left)]);

        var (mb, leftMb) = (0L, Math.Max(0, Domain.MaxCapacityMb - Usage.CapacityMb));
        var more = accounts.Select(a => (a.Line, Mb: (long)a.CapacityMb));
        if (GrowthMb(postmaster) is > 0 and var growth) more = more.Append((postmaster!.Line, growth));
        foreach (var (line, asked) in more)
        {
            mb += asked;
            if (mb <= leftMb) continue;
            yield return new(line, CsvColumns.Capacity, AccountsProblems.DomainCapacityExceeded, [("left", leftMb)]);
            break;
        }
    }

    /// <summary>What <c>postmaster</c> grows by. What it gives back is free when the job is through.</summary>
    public long GrowthMb(ChangedAccount? postmaster) => Math.Max(0, (postmaster?.CapacityMb ?? PostmasterMb) - PostmasterMb);

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
