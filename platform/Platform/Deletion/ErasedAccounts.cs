using Marten;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Hikyaku.Platform;

/// <summary>
/// The accounts whose deletion a program has seen, for ever, so that nothing that comes late brings their data back (ACC-5). An
/// id says nothing of a person. Every endpoint answers 404 about such an account (<see cref="Access"/>), and no command on it is saved
/// (<see cref="CommandFilter"/>). Consumers and jobs that write something of an account ask <see cref="HoldAsync"/> first.
/// </summary>
public sealed class ErasedAccounts(NpgsqlDataSource database)
{
    // Whoever writes something of an account shares this lock until the end of its transaction; whoever erases waits for it.
    private const string SharedLock = "select pg_advisory_xact_lock_shared(hashtextextended($1, 2))";
    private const string Lock = "select pg_advisory_xact_lock(hashtextextended($1, 2))";
    private const string Contains = "select exists (select from erased_account where account_id = $1)";

    /// <summary>Whether the deletion of an account was seen.</summary>
    public async Task<bool> ContainsAsync(string accountId, CancellationToken stop)
    {
        await using var command = database.CreateCommand(Contains);
        command.Parameters.Add(new() { Value = accountId });
        return (bool)(await command.ExecuteScalarAsync(stop))!;
    }

    /// <summary>
    /// Whether something of an account may still be written in the session's transaction, which is begun. If so, an erasure waits until
    /// that transaction ends, and then finds what it wrote.
    /// </summary>
    public static async Task<bool> HoldAsync(IDocumentSession session, string accountId, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(session);
        await session.BeginTransactionAsync(stop);
        await using var hold = new NpgsqlCommand(SharedLock) { Parameters = { new() { Value = accountId } } };
        await session.ExecuteAsync(hold, stop);
        // A statement of its own: it must see what was committed while the lock was waited for.
        await using var contains = new NpgsqlCommand(Contains) { Parameters = { new() { Value = accountId } } };
        await using var row = await session.ExecuteReaderAsync(contains, stop);
        await row.ReadAsync(stop);
        return !row.GetBoolean(0);
    }

    /// <summary>Remembers an account, as soon as every transaction that holds it has ended.</summary>
    internal async Task RememberAsync(string accountId, CancellationToken stop)
    {
        await using var batch = database.CreateBatch(); // one transaction
        foreach (var sql in new[] { Lock, "insert into erased_account (account_id) values ($1) on conflict do nothing" })
            batch.BatchCommands.Add(new(sql) { Parameters = { new() { Value = accountId } } });
        await batch.ExecuteNonQueryAsync(stop);
    }
}

/// <summary>Makes the table of <see cref="ErasedAccounts"/> before the bus starts, whose messages need it.</summary>
internal sealed class ErasedAccountsSchema(NpgsqlDataSource database) : TablesAtStart(database, "erased accounts", Tables), IHostedLifecycleService
{
    private const string Tables = "create table if not exists erased_account (account_id text primary key, seen_at timestamptz not null default now())";

    public Task StartingAsync(CancellationToken cancellationToken) => base.StartAsync(cancellationToken);

    public override Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
