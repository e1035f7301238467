using Hikyaku.Accounts.Contracts;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Hikyaku.Platform;

/// <summary>Makes a program a participant of deletions; its line in <c>deploy/services.tsv</c> says <c>erases</c>.</summary>
public static class DeletionParticipant
{
    /// <summary>
    /// Adds what a program erases of a deleted account. For each deletion the platform remembers the account's id, so that nothing that
    /// comes late is stored and every endpoint answers 404; waits for commands on the account that are being saved; calls
    /// <typeparamref name="T"/> until it succeeds; and reports <see cref="AccountErased"/>. A program that erases in several
    /// places calls this for each of them, and reports once.
    /// </summary>
    /// <typeparam name="T">Erases; <see cref="ErasesStreams"/> where the events of the account's own stream are all that there is.</typeparam>
    /// <param name="bus">The program's bus.</param>
    /// <param name="program">The program's name.</param>
    /// <param name="queue">The queue, where an earlier release had another one than <c>PROGRAM-deletion</c>: deletions wait there during an upgrade.</param>
    public static void AddDeletionParticipant<T>(this IBusRegistrationConfigurator bus, string program, string? queue = null) where T : class, IErasesAccounts
    {
        ArgumentNullException.ThrowIfNull(bus);
        bus.AddSingleton<IErasesAccounts, T>();
        if (bus.Any(s => s.ServiceType == typeof(ErasedAccounts))) return;
        bus.AddSingleton(new ParticipantName(program));
        bus.TryAddSingleton<ErasedAccounts>();
        bus.AddHostedService<ErasedAccountsSchema>();
        bus.AddConsumer<DeletionConsumer>().Endpoint(e => e.Name = queue ?? $"{program}-deletion");
    }
}

/// <summary>The name under which a program reports.</summary>
internal sealed record ParticipantName(string Value);

/// <summary>
/// Erases what its program keeps of a deleted account, and reports it. A repeated message erases and reports again. An erasure that fails is
/// repeated for ever, as the address is not free until every participant has reported.
/// </summary>
internal sealed partial class DeletionConsumer(
    IEnumerable<IErasesAccounts> participants, ErasedAccounts erased, ParticipantName name, IHostApplicationLifetime program, TimeProvider time, ILogger<DeletionConsumer> log)
    : IConsumer<MailAccountDeletionStarted>
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    public async Task Consume(ConsumeContext<MailAccountDeletionStarted> context)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, program.ApplicationStopping);
        for (var pause = FirstPause; !await TryEraseAsync(context.Message, stop.Token); pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
            await Task.Delay(pause, time, stop.Token);
        await context.Publish(new AccountErased(context.Message.AccountId, name.Value), stop.Token);
    }

    private async Task<bool> TryEraseAsync(MailAccountDeletionStarted deletion, CancellationToken stop)
    {
        try
        {
            await erased.RememberAsync(deletion.AccountId, stop);
            foreach (var participant in participants) await participant.EraseAsync(deletion, stop);
            return true;
        }
        catch (Exception e) when (!stop.IsCancellationRequested)
        {
            LogPutOff(e, deletion.AccountId);
            return false;
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "What is kept of account {AccountId} could not be erased; it is tried again, and the account's deletion waits for it")]
    private partial void LogPutOff(Exception e, string accountId);
}
