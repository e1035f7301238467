using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Hikyaku.Platform;

/// <summary>Makes tables that are not Marten's when a program starts, one program at a time, before what comes after it starts.</summary>
/// <param name="database">Where.</param>
/// <param name="owner">The owner of the tables: programs with the same owner wait for each other.</param>
/// <param name="tables">SQL that may run again.</param>
public abstract class TablesAtStart(NpgsqlDataSource database, string owner, string tables) : IHostedService
{
    /// <inheritdoc/>
    public virtual async Task StartAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var turn = new NpgsqlCommand("select pg_advisory_xact_lock(hashtextextended($1, 0))", connection, transaction) { Parameters = { new() { Value = $"hikyaku {owner} schema" } } })
            await turn.ExecuteNonQueryAsync(cancellationToken);
#pragma warning disable CA2100 // each program's own constant
        await using (var command = new NpgsqlCommand(tables, connection, transaction))
#pragma warning restore CA2100
            await command.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
