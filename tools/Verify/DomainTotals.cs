using Hikyaku.Accounts.Domains;
using Hikyaku.Accounts.MailAccounts;
using Npgsql;

namespace Hikyaku.Verify;

/// <summary>
/// What a domain's accounts take of its limits, counted from the history, against the table that the limits are decided by.
/// An account that is being deleted may be counted or not, according to how far that is.
/// </summary>
internal sealed class DomainTotals
{
    private const string Where = "read model";
    private readonly HashSet<string> _domains = [];
    private readonly Dictionary<string, Total> _least = [], _most = [];

    public void Add(Domain domain) => _domains.Add(domain.Id);

    public void Add(MailAccount account)
    {
        if (account.Deleted) return;
        Count(_most, account);
        if (account.DeletionJob is null) Count(_least, account);
    }

    public async Task CompareAsync(NpgsqlConnection snapshot, Findings findings, CancellationToken stop)
    {
        await using var command = new NpgsqlCommand("select domain, accounts, capacity_mb from domain_usage", snapshot);
        await using var row = await command.ExecuteReaderAsync(stop);
        while (await row.ReadAsync(stop))
        {
            var domain = row.GetString(0);
            if (!_domains.Remove(domain))
            {
                findings.Add(Where, domain, "it is in domain_usage and was never added");
                continue;
            }

            var (least, most) = (_least.GetValueOrDefault(domain), _most.GetValueOrDefault(domain));
            Within(domain, "accounts", row.GetInt32(1), least.Accounts, most.Accounts);
            Within(domain, "capacity_mb", row.GetInt64(2), least.CapacityMb, most.CapacityMb);
        }

        foreach (var missing in _domains) findings.Add(Where, missing, "it is not in domain_usage");

        void Within(string domain, string what, long actual, long least, long most)
        {
            if (actual < least || actual > most) findings.Compare(Where, domain, $"{what} in domain_usage", actual, least == most ? least : $"{least} to {most}");
        }
    }

    private static void Count(Dictionary<string, Total> totals, MailAccount account)
    {
        var before = totals.GetValueOrDefault(account.Domain);
        totals[account.Domain] = new(before.Accounts + 1, before.CapacityMb + account.CapacityMb);
    }

    private readonly record struct Total(int Accounts, long CapacityMb);
}
