using Hikyaku.Platform;
using Hikyaku.Routing.Contracts;
using MassTransit;
using Npgsql;

namespace Hikyaku.Accounts.Consumers;

/// <summary>
/// Writes into the list what the routing service has set of an account, for lists and exports; the account's own page asks that
/// service. The highest version counts, so that duplicates and reordering do not matter.
/// </summary>
public sealed class RoutingConsumer(NpgsqlDataSource database) : IConsumer<RoutingSummarized>
{
    /// <inheritdoc/>
    public Task Consume(ConsumeContext<RoutingSummarized> context)
    {
        var told = context.Message;
        return database.ExecuteAsync(
            $"""
            update mail_account_list set forwarding = {told.Forwarding}, autoreply = {told.Autoreply}, reception = {told.Reception}, routing_version = {told.Version}
            where account_id = {told.AccountId} and routing_version < {told.Version}
            """, context.CancellationToken);
    }
}
