using Hikyaku.Accounts.Domains;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.Accounts.Verifying;

/// <summary>
/// What a domain's accounts take of its limits, counted from the history, against the table that the limits are decided by.
/// An account that is being deleted is not counted any more; what a bulk job has reserved is counted and no account yet.
/// </summary>
internal sealed class DomainTotals
{
    private const string Where = StreamChecks.ReadModel;
    private readonly HashSet<string> _domains = [];
    private readonly Dictionary<string, Total> _totals = [];

    public void Add(Domain domain) => _domains.Add(domain.Id);

    public void Add(MailAccount account)
    {
        if (account.DeletionJob is not null) return;
        var before = _totals.GetValueOrDefault(account.Domain);
        _totals[account.Domain] = new(before.Accounts + 1, before.CapacityMb + account.CapacityMb);
    }

    public async Task CompareAsync(NpgsqlConnection snapshot, Findings findings, CancellationToken stop)
    {
        await using var command = new NpgsqlCommand(
            """
            select u.domain, u.accounts - coalesce(sum(b.reserved_accounts), 0)::int, u.capacity_mb - coalesce(sum(b.reserved_mb), 0)::bigint
            from domain_usage u left join bulk_job b on b.domain = u.domain group by u.domain, u.accounts, u.capacity_mb
            """, snapshot);
        await using var row = await command.ExecuteReaderAsync(stop);
        while (await row.ReadAsync(stop))
        {
            var domain = row.GetString(0);
            if (!_domains.Remove(domain))
            {
                findings.Add(Where, domain, "it is in domain_usage and was never added");
                continue;
            }

            var total = _totals.GetValueOrDefault(domain);
            findings.Compare(Where, domain, "accounts in domain_usage", row.GetInt32(1), total.Accounts);
            findings.Compare(Where, domain, "capacity_mb in domain_usage", row.GetInt64(2), total.CapacityMb);
        }

        foreach (var missing in _domains) findings.Add(Where, missing, "it is not in domain_usage");
    }

    private readonly record struct Total(int Accounts, long CapacityMb);
}
