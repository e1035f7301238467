using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Hikyaku.Platform;

/// <summary>
/// Moves what waits in queues that an earlier release named otherwise, once: a message there would be read by nobody. When the
/// present queue is consumed, the former exchange goes, so that nothing more arrives; each message goes to the present queue
/// and is acknowledged when the broker has it there; then the former queue goes. Messages may arrive twice, which consumers
/// bear. Queues of failed messages (<c>…_error</c>) stay where an operator looks for them.
/// </summary>
/// <param name="configuration">Has <c>Hikyaku:Rabbit</c>.</param>
/// <param name="names">The present name of each former queue.</param>
/// <param name="time">The clock.</param>
/// <param name="log">Where it is told what was moved.</param>
public sealed partial class FormerQueues(IConfiguration configuration, IReadOnlyDictionary<string, string> names, TimeProvider time, ILogger<FormerQueues> log) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var left = names.ToDictionary();
        while (left.Count > 0)
        {
            try
            {
                await using var connection = await new ConnectionFactory { Uri = new(configuration["Hikyaku:Rabbit"]!), ClientProvidedName = "former-queues" }.CreateConnectionAsync(stoppingToken);
                foreach (var (former, present) in left.ToList())
                    if (await MoveAsync(connection, former, present, stoppingToken)) left.Remove(former);
            }
            catch (Exception e) when (e is RabbitMQClientException or IOException or TimeoutException)
            {
                LogPutOff(e);
            }

            if (left.Count > 0) await Task.Delay(Pause, time, stoppingToken);
        }
    }

    // Returns false while nobody consumes the present queue, because it may not be bound to its exchanges yet.
    private async Task<bool> MoveAsync(IConnection connection, string former, string present, CancellationToken stop)
    {
        if (await FindAsync(connection, former, stop) is null) return true;
        if (await FindAsync(connection, present, stop) is not { ConsumerCount: > 0 }) return false;
        await using var channel = await connection.CreateChannelAsync(new(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), stop);
        await channel.ExchangeDeleteAsync(former, cancellationToken: stop);
        var moved = 0;
        for (; await channel.BasicGetAsync(former, autoAck: false, stop) is { } message; moved++)
        {
            await channel.BasicPublishAsync("", present, mandatory: true, new BasicProperties(message.BasicProperties), message.Body, stop);
            await channel.BasicAckAsync(message.DeliveryTag, multiple: false, stop);
        }

        await channel.QueueDeleteAsync(former, cancellationToken: stop); // a quorum queue knows no ifEmpty
        LogMoved(moved, former, present);
        return true;
    }

    // Asking for a queue that does not exist closes the channel, so each question has its own.
    private static async Task<QueueDeclareOk?> FindAsync(IConnection connection, string queue, CancellationToken stop)
    {
        await using var channel = await connection.CreateChannelAsync(cancellationToken: stop);
        try
        {
            return await channel.QueueDeclarePassiveAsync(queue, stop);
        }
        catch (OperationInterruptedException e) when (e.ShutdownReason?.ReplyCode == Constants.NotFound)
        {
            return null;
        }
    }

    [LoggerMessage(1, LogLevel.Information, "{Count} messages were moved from the queue {Former} to {Present}")]
    private partial void LogMoved(int count, string former, string present);

    [LoggerMessage(2, LogLevel.Warning, "What waits in the queues of an earlier release cannot be moved yet; it is tried again")]
    private partial void LogPutOff(Exception e);
}

/// <summary>Registers <see cref="FormerQueues"/>.</summary>
public static class FormerQueuesRegistration
{
    /// <summary>Moves what waits in queues that an earlier release named otherwise.</summary>
    /// <param name="services">Where it is added.</param>
    /// <param name="names">The former name and the present one of each.</param>
    public static IServiceCollection AddFormerQueues(this IServiceCollection services, params IEnumerable<(string Former, string Present)> names)
        => services.AddHostedService(provider => ActivatorUtilities.CreateInstance<FormerQueues>(provider, (IReadOnlyDictionary<string, string>)names.ToDictionary(n => n.Former, n => n.Present)));
}
