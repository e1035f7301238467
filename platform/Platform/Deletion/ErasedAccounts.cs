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
    /// <summary>Whether the deletion of an account was seen.</summary>
    public Task<bool> ContainsAsync(string accountId, CancellationToken stop)
        => database.ValueAsync<bool>($"select exists (select from erased_account where account_id = {accountId})", stop);

    /// <summary>
    /// Whether something of an account may still be written in the session's transaction, which is begun. If so, an erasure waits until
    /// that transaction ends, and then finds what it wrote.
    /// </summary>
    public static async Task<bool> HoldAsync(IDocumentSession session, string accountId, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(session);
        await session.BeginTransactionAsync(stop);
        await session.ExecuteAsync(Lock(accountId), stop);
        // A statement of its own: it must see what was committed while the lock was waited for.
        return (await session.ListAsync($"select from erased_account where account_id = {accountId}", _ => true, stop)).Count == 0;
    }

    /// <summary>
    /// The lock of <see cref="HoldAsync"/>, for a program without an event store: the first statement of a transaction whose later ones
    /// ask the table <c>erased_account</c>.
    /// </summary>
    public static FormattableString Lock(string accountId) => $"select pg_advisory_xact_lock_shared(hashtextextended({accountId}, 2))";

    /// <summary>Remembers an account, as soon as every transaction that holds it has ended.</summary>
    internal Task RememberAsync(string accountId, CancellationToken stop) => database.ExecuteAllAsync(
        [$"select pg_advisory_xact_lock(hashtextextended({accountId}, 2))", $"insert into erased_account (account_id) values ({accountId}) on conflict do nothing"], stop);
}

/// <summary>Makes the table of <see cref="ErasedAccounts"/> before the bus starts, whose messages need it.</summary>
public sealed class ErasedAccountsSchema(NpgsqlDataSource database) : TablesAtStart(database, "erased accounts", Tables), IHostedLifecycleService
{
    private const string Tables = "create table if not exists erased_account (account_id text primary key, seen_at timestamptz not null default now())";

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken) => base.StartAsync(cancellationToken);

    /// <inheritdoc/>
    public override Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
