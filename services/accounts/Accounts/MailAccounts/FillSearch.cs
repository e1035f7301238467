using Npgsql;

namespace Hikyaku.Accounts.MailAccounts;

/// <summary>
/// Fills the column <c>search</c> of accounts that were listed before there was one; at every start, which costs one look
/// through the table.
/// </summary>
public sealed class FillSearch(NpgsqlDataSource database) : IHostedService
{
    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(@"update mail_account_list set search = lower(address || E'\n' || coalesce(comment, '')) where search = ''");
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
