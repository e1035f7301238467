using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform;
using Marten;
using MassTransit;
using Npgsql;
using Weasel.Postgresql.Tables;

namespace Hikyaku.Spam.Accounts;

/// <summary>When each account last logged in by POP: a program that reads mail so does not see Junk (SPM-8).</summary>
public sealed class PopLogins(NpgsqlDataSource database)
{
    /// <summary>The table; its rows are erased with their accounts.</summary>
    public static Table Table()
    {
        var table = new Table("pop_login");
        table.AddColumn<string>("account_id").AsPrimaryKey();
        table.AddColumn<DateTimeOffset>("at").NotNull();
        return table;
    }

    /// <summary>When an account last did; null: never since the service hears of logins.</summary>
    public async Task<DateTimeOffset?> LastAsync(string accountId, CancellationToken stop)
        => (await database.ListAsync($"select at from pop_login where account_id = {accountId}", row => row.GetFieldValue<DateTimeOffset>(0), stop)) is [var at, ..] ? at : null;
}

/// <summary>Keeps what mail nodes tell of right logins by POP. The newest time counts, so that duplicates and reordering do not matter.</summary>
public sealed class PopLoginConsumer(IDocumentStore store) : IConsumer<LoginsObserved>
{
    /// <inheritdoc/>
    public async Task Consume(ConsumeContext<LoginsObserved> context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var newest = context.Message.Logins.Where(l => l is { Protocol: "pop3", Success: true, AccountId: not null })
            .GroupBy(l => l.AccountId!).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => (AccountId: g.Key, At: g.Max(l => l.Until))).ToList();
        if (newest.Count == 0) return;
        await using var session = store.LightweightSession();
        foreach (var (account, at) in newest)
        {
            if (await ErasedAccounts.HoldAsync(session, account, context.CancellationToken))
                session.QueueSqlCommand(
                    "insert into pop_login (account_id, at) values (?, ?) on conflict (account_id) do update set at = excluded.at where pop_login.at < excluded.at", account, at.ToUniversalTime());
        }

        await session.SaveChangesAsync(context.CancellationToken);
    }
}
