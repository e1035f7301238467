using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.Accounts.Deletion;

/// <summary>
/// From the answer on a deleted account is gone for everybody (ACC-5), on mail nodes too: the answer waits until they obey,
/// which takes a tenth of a second, and not longer than <see cref="Patience"/>, as it is stored whatever happens to nodes.
/// </summary>
public sealed class ObeyedBeforeAnswer(NpgsqlDataSource database, NodeLeases leases) : IEndpointFilter
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    /// <inheritdoc/>
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var result = await next(context);
        if (result is not Answer { Status: StatusCodes.Status202Accepted, Location: { } location }) return result;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(context.HttpContext.RequestAborted);
        limit.CancelAfter(Patience);
        try
        {
            var position = await PositionAsync(location[(location.LastIndexOf('/') + 1)..], limit.Token);
            while (!await leases.HaveAllAppliedAsync(position, limit.Token)) await Task.Delay(Look, limit.Token);
        }
        catch (OperationCanceledException)
        {
            // nodes that are away obey when they are back; `inForce` and the job show when
        }

        return result;
    }

    private async Task<long> PositionAsync(string job, CancellationToken stop)
    {
        await using var command = database.CreateCommand(
            "select max(seq_id) from mt_events where stream_id = $1 or stream_id in (select account_id from deletion where job_id = $1)");
        command.Parameters.Add(new() { Value = job });
        return await command.ExecuteScalarAsync(stop) is long position ? position : 0;
    }
}
