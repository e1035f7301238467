using Hikyaku.Platform;
using Npgsql;
using Weasel.Postgresql.Tables;

namespace Hikyaku.Restrictions.Space;

/// <summary>
/// What is known of mailboxes beside their restrictions, above all how full they are, as nodes measure them (RST-8): facts, no decisions. A mailbox is over its capacity while it holds that
/// much, or since mail was refused for want of space until something was freed.
/// </summary>
public sealed class MailboxSpace(NpgsqlDataSource database)
{
    /// <summary>SQL that is true of a row of a mailbox that holds as much as it may.</summary>
    public const string HoldsTooMuch = "(capacity_mb is not null and used_bytes >= capacity_mb * 1048576::bigint)";

    /// <summary>SQL that is true of a row of a full mailbox.</summary>
    public const string IsFull = $"({HoldsTooMuch} or refused_at is not null)";

    /// <summary>The table.</summary>
    public static Table Table()
    {
        var table = new Table("mailbox_space");
        table.AddColumn<string>("account_id").AsPrimaryKey();
        table.AddColumn<string>("address");
        table.AddColumn<string>("domain");
        table.AddColumn<long>("used_bytes").NotNull().DefaultValue(0);
        table.AddColumn<DateTimeOffset>("measured_at");
        table.AddColumn<int>("capacity_mb");
        table.AddColumn<long>("capacity_version").NotNull().DefaultValue(0); // of the account's stream; 0: a node told it
        table.AddColumn<DateTimeOffset>("refused_at"); // when mail was last refused for want of space; null: something was freed since
        table.AddColumn<DateTimeOffset>("freed_at"); // when it was last known to have more space than before
        table.AddColumn<DateTimeOffset>("full_since");
        table.AddColumn<DateTimeOffset>("password_set_at"); // when an administrator or operator last set the account's password
        return table;
    }

    /// <summary>Since when a mailbox is over its capacity; null: it is not.</summary>
    public async Task<DateTimeOffset?> FullSinceAsync(string accountId, CancellationToken stop)
        => (await database.ListAsync($"select full_since from mailbox_space where account_id = {accountId} and full_since is not null", row => row.GetFieldValue<DateTimeOffset>(0), stop)) is [var since]
            ? since : null;

    /// <summary>An account's address; null: it is older than this service, and nothing was told of it since.</summary>
    public Task<string?> AddressOfAsync(string accountId, CancellationToken stop)
        => database.ValueAsync<string>($"select address from mailbox_space where account_id = {accountId}", stop);

    /// <summary>Notes addresses of accounts that are older than this service. Of an account that is gone nothing is noted.</summary>
    public Task NoteAddressesAsync(IReadOnlyList<(string AccountId, string Address, string Domain)> accounts, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(accounts);
        var ordered = accounts.OrderBy(a => a.AccountId, StringComparer.Ordinal).ToList();
        var ids = ordered.Select(a => a.AccountId).ToArray();
        return database.ExecuteAllAsync(
        [
            $"select pg_advisory_xact_lock_shared(hashtextextended(a, 2)) from unnest({ids}) as a",
            $"""
            insert into mailbox_space as s (account_id, address, domain)
            select * from unnest({ids}, {ordered.Select(a => a.Address).ToArray()}, {ordered.Select(a => a.Domain).ToArray()}) as a (account_id, address, domain)
            where not exists (select from erased_account e where e.account_id = a.account_id)
            on conflict (account_id) do update set address = excluded.address, domain = excluded.domain where s.address is null
            """,
        ], stop);
    }
}
