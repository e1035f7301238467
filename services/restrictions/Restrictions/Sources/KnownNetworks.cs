using Hikyaku.Platform;
using Npgsql;
using Weasel.Postgresql.Tables;

namespace Hikyaku.Restrictions.Sources;

/// <summary>
/// From which networks accounts logged in: observed, not decided. One that was used within 30 days is known (RST-3): failures from
/// elsewhere do not lock it out.
/// </summary>
public sealed class KnownNetworks(NpgsqlDataSource database)
{
    /// <summary>How long a network stays known after a login.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromDays(30);

    /// <summary>The table.</summary>
    public static Table Table()
    {
        var table = new Table("login_network");
        table.AddColumn<string>("account_id").AsPrimaryKey();
        table.AddColumn<string>("network").AsPrimaryKey();
        table.AddColumn<DateTimeOffset>("first_at").NotNull();
        table.AddColumn<DateTimeOffset>("last_at").NotNull();
        table.Indexes.Add(new IndexDefinition("login_network_accounts") { Columns = ["network", "last_at"] });
        return table;
    }

    /// <summary>Those of an account, in order.</summary>
    public async Task<IReadOnlyList<string>> OfAsync(string accountId, DateTimeOffset now, CancellationToken stop)
        => await database.ListAsync($"select network from login_network where account_id = {accountId} and last_at >= {now - Life} order by network", row => row.GetString(0), stop);

    /// <summary>The accounts that know a network, in order.</summary>
    public async Task<IReadOnlyList<string>> AccountsOfAsync(string network, DateTimeOffset now, CancellationToken stop)
        => await database.ListAsync($"select account_id from login_network where network = {network} and last_at >= {now - Life} order by account_id", row => row.GetString(0), stop);

    /// <summary>Whether a network was an account's own before a time.</summary>
    public Task<bool> WasKnownAsync(string accountId, string network, DateTimeOffset before, CancellationToken stop)
        => database.ValueAsync<bool>(
            $"select exists (select from login_network where account_id = {accountId} and network = {network} and first_at < {before} and last_at >= {before - Life})", stop);

    /// <summary>Notes right logins; duplicates and reordering do not matter. Of an account that is gone nothing is noted.</summary>
    public Task NoteAsync(IReadOnlyList<(string AccountId, string Network, DateTimeOffset First, DateTimeOffset Last)> logins, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(logins);
        var ordered = logins.OrderBy(l => l.AccountId, StringComparer.Ordinal).ThenBy(l => l.Network, StringComparer.Ordinal).ToList();
        var accounts = ordered.Select(l => l.AccountId).Distinct().ToArray();
        return database.ExecuteAllAsync(
        [
            $"select pg_advisory_xact_lock_shared(hashtextextended(a, 2)) from unnest({accounts}) as a",
            $"""
            insert into login_network as n (account_id, network, first_at, last_at)
            select * from unnest({ordered.Select(l => l.AccountId).ToArray()}, {ordered.Select(l => l.Network).ToArray()},
                {ordered.Select(l => l.First.ToUniversalTime()).ToArray()}, {ordered.Select(l => l.Last.ToUniversalTime()).ToArray()}) as l (account_id, network, first_at, last_at)
            where not exists (select from erased_account e where e.account_id = l.account_id)
            on conflict (account_id, network) do update set first_at = least(n.first_at, excluded.first_at), last_at = greatest(n.last_at, excluded.last_at)
            """,
        ], stop);
    }
}
