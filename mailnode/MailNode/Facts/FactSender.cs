using System.Diagnostics.Metrics;
using Hikyaku.Platform;
using MassTransit;
using Microsoft.Data.Sqlite;
using RabbitMQ.Client.Exceptions;

namespace Hikyaku.MailNode;

/// <summary>
/// Sends the outbox, oldest first, each fact as its contract with the message id that it got when it was written. A fact goes
/// only when the broker has confirmed it; what is sent twice therefore has one id. It holds the replica for moments only:
/// states are more urgent.
/// </summary>
public sealed partial class FactSender(Replica replica, IBus bus, TimeProvider time, ILogger<FactSender> logger) : BackgroundService
{
    internal const int AtOnce = 50;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan BrokerPatience = TimeSpan.FromSeconds(10);
    private static readonly Counter<long> Sent = Telemetry.Meter.CreateCounter<long>("hikyaku.node.facts_sent", "{fact}", "Facts that the broker has confirmed");

    private bool _failing;

    // A broker that goes away shows as one of many exceptions. With each of them the facts stay stored and are sent later.
    internal static bool IsForTheNextRound(Exception e)
        => e is SqliteException or MassTransitException or RabbitMQClientException or OperationCanceledException or TimeoutException or IOException or InvalidOperationException or System.Net.Sockets.SocketException;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                while (await SendSomeAsync(stoppingToken)) { }
                if (_failing) LogWorksAgain();
                _failing = false;
            }
            catch (Exception e) when (IsForTheNextRound(e))
            {
                if (stoppingToken.IsCancellationRequested) return; // what was not sent stands in the replica
                if (!_failing) LogFails(e); // once, not five times a second of a long night
                _failing = true;
            }
        }
    }

    // Returns whether more facts may be waiting.
    private async Task<bool> SendSomeAsync(CancellationToken stop)
    {
        var facts = await replica.WriteAsync(r => FactOutbox.Oldest(r, AtOnce), stop);
        if (facts.Count == 0) return false;
        if (facts.Count == AtOnce) await BoundAsync(stop); // they do not go as fast as they come
        List<string> done = [];
        try
        {
            foreach (var fact in facts)
            {
                await SendAsync(fact, stop);
                done.Add(fact.MessageId);
            }
        }
        finally
        {
            // Facts that the broker has confirmed are removed even if a later one failed or the agent stops, so that they are not sent twice.
            using var limit = new CancellationTokenSource(BrokerPatience);
            if (done.Count > 0) await replica.WriteAsync(r => FactOutbox.Remove(r, done), limit.Token);
            Sent.Add(done.Count);
        }

        return facts.Count == AtOnce;
    }

    private async Task SendAsync(FactOutbox.Waiting fact, CancellationToken stop)
    {
        if (fact.Read() is not { } contract)
        {
            LogUnreadable(fact.Type, fact.MessageId);
            await replica.WriteAsync(r => FactOutbox.SetAside(r, fact.MessageId), stop);
            return;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(BrokerPatience);
        // Publish completes when the broker has confirmed.
        await bus.Publish(contract, contract.GetType(), Pipe.Execute<PublishContext>(c => c.MessageId = Guid.Parse(fact.MessageId)), limit.Token);
    }

    private async Task BoundAsync(CancellationToken stop)
    {
        var many = await replica.WriteAsync(r =>
        {
            FactBound.DropReplacedProgress(r);
            return FactBound.TooManyLogins(r, AtOnce);
        }, stop);
        if (many.Count == 0) return;
        (many, var few) = FactBound.Together(many);
        if (await replica.WriteAsync(r => FactBound.Exchange(r, many, few), stop)) LogPutTogether(many.Count, few.Count);
    }

    [LoggerMessage(1, LogLevel.Warning, "Facts cannot be sent; they are kept")]
    private partial void LogFails(Exception e);

    [LoggerMessage(2, LogLevel.Information, "Facts are sent again")]
    private partial void LogWorksAgain();

    [LoggerMessage(3, LogLevel.Error, "A {Type} with the id {MessageId} cannot be read and is set aside")]
    private partial void LogUnreadable(string type, string messageId);

    [LoggerMessage(4, LogLevel.Information, "{Many} messages of logins were put together to {Few}")]
    private partial void LogPutTogether(int many, int few);
}
