using System.Data.Common;
using Hikyaku.Platform;
using Marten;
using Npgsql;
using Weasel.Postgresql.Tables;

namespace Hikyaku.Accounts.Domains;

/// <summary>
/// What a domain's accounts take of its limits (ACC-13). Whoever adds or changes an account first takes the domain's row
/// for update, decides with exact numbers, and writes the new ones in the same transaction: the limits hold to the last
/// place however many try at once, and creations of one address wait for one another here.
/// </summary>
/// <param name="Accounts">How many accounts exist.</param>
/// <param name="CapacityMb">The sum of their capacities, and what bulk jobs hold until their end.</param>
public sealed record DomainUsage(int Accounts, long CapacityMb)
{
    /// <summary>The table, beside Marten's own.</summary>
    public static Table Table()
    {
        var table = new Table("domain_usage");
        table.AddColumn<string>("domain").AsPrimaryKey();
        table.AddColumn<int>("accounts").NotNull();
        table.AddColumn<long>("capacity_mb").NotNull();
        table.AddColumn<long>("withheld_mb").NotNull().DefaultValue(0); // written by releases before 2026-11-28 only: FormerJobs
        return table;
    }

    /// <summary>Takes the row until the end of the session's transaction; null when there is no such domain.</summary>
    public static async Task<DomainUsage?> LockAsync(IDocumentSession session, string domain, CancellationToken stop)
    {
        await session.BeginTransactionAsync(stop);
        return await session.FirstAsync($"select accounts, capacity_mb from domain_usage where domain = {domain} for update", Read, stop);
    }

    /// <summary>The same, with the domain and its limits.</summary>
    public static async Task<(DomainUsage Usage, Domain Domain)?> LockWithLimitsAsync(IDocumentSession session, string domain, CancellationToken stop)
        => await LockAsync(session, domain, stop) is { } usage ? (usage, (await session.LoadAsync<Domain>(domain, stop))!) : null;

    /// <summary>Whether there is such a domain.</summary>
    public static async Task<bool> IsThereAsync(NpgsqlDataSource database, string domain, CancellationToken stop)
        => await database.ValueAsync<int>($"select 1 from domain_usage where domain = {domain}", stop) == 1;

    /// <summary>Reads the rows of some domains.</summary>
    public static async Task<Dictionary<string, DomainUsage>> ReadAsync(NpgsqlDataSource database, IReadOnlyCollection<string> domains, CancellationToken stop)
        => (await database.ListAsync($"select accounts, capacity_mb, domain from domain_usage where domain = any({domains.ToArray()})", r => (Domain: r.GetString(2), Usage: Read(r)), stop))
            .ToDictionary(r => r.Domain, r => r.Usage);

    /// <summary>Reads the row without taking it; null when there is no such domain.</summary>
    public static Task<DomainUsage?> ReadAsync(IQuerySession session, string domain, CancellationToken stop)
        => session.FirstAsync($"select accounts, capacity_mb from domain_usage where domain = {domain}", Read, stop);

    /// <summary>Begins a domain with nothing in use.</summary>
    public static void Begin(IDocumentSession session, string domain)
        => session.QueueSqlCommand("insert into domain_usage (domain, accounts, capacity_mb) values (?, 0, 0)", domain);

    /// <summary>Ends a domain.</summary>
    public static void End(IDocumentSession session, string domain) => session.QueueSqlCommand("delete from domain_usage where domain = ?", domain);

    /// <summary>Adds to what is in use.</summary>
    public static void Add(IDocumentSession session, string domain, int accounts, long capacityMb)
        => session.QueueSqlCommand("update domain_usage set accounts = accounts + ?, capacity_mb = capacity_mb + ? where domain = ?", accounts, capacityMb, domain);

    /// <summary>Every limit that an account would break.</summary>
    /// <param name="limits">The domain's.</param>
    /// <param name="newAccounts">How many accounts come.</param>
    /// <param name="capacityMb">The capacity asked for one account.</param>
    /// <param name="freedMb">What the same account gives back.</param>
    public IEnumerable<Rejection> Broken(Domain limits, int newAccounts, long capacityMb, int freedMb = 0)
    {
        var left = limits.MaxCapacityMb - CapacityMb + freedMb;
        if (Accounts + newAccounts > limits.MaxAccounts)
            yield return new(AccountsProblems.DomainAccountsExceeded, null, ("left", Math.Max(0, limits.MaxAccounts - Accounts)));
        if (capacityMb < 1 || capacityMb > limits.MaxCapacityMb)
            yield return new(AccountsProblems.CapacityRange, "capacityMb", ("max", limits.MaxCapacityMb));
        else if (capacityMb > left)
            yield return new(AccountsProblems.DomainCapacityExceeded, "capacityMb", ("left", Math.Max(0, left)));
    }

    private static DomainUsage Read(DbDataReader row) => new(row.GetInt32(0), row.GetInt64(1));
}
