using System.Collections.Concurrent;
using Hikyaku.Accounts.Contracts;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using MassTransit;

namespace Hikyaku.Accounts.Tests.Integration;

/// <summary>An accounts service of a test class's own, with a mail node that obeys at once and reports what the test says.</summary>
public sealed class AccountsWithANode : IAsyncLifetime
{
    private IAsyncDisposable? _answering;

    public AccountsService Accounts { get; } = new();

    /// <summary>What mailboxes hold, in bytes, which the node tells when it is asked.</summary>
    public ConcurrentDictionary<string, long> Mail { get; } = new();

    public async ValueTask InitializeAsync()
    {
        await Accounts.InitializeAsync();
        await Accounts.RenewLeaseAsync(applied: long.MaxValue);
        _answering = await AnswerAsync(Accounts, id => Mail.GetValueOrDefault(id));
    }

    public async ValueTask DisposeAsync()
    {
        if (_answering is not null) await _answering.DisposeAsync();
        await Accounts.DisposeAsync();
    }

    /// <summary>A node that says what mailboxes hold whenever it is asked; nothing of those that are null.</summary>
    public static async Task<IAsyncDisposable> AnswerAsync(AccountsService accounts, Func<string, long?> bytes)
        => await Telling_others.ListenAsync(accounts.NodeVirtualHost, e => e.Handler<MailboxMeasurementAsked>(asked =>
        {
            var known = asked.Message.AccountIds.Where(id => bytes(id) is not null).Select(id => new MailboxUsage(id, bytes(id)!.Value)).ToList();
            return Task.Run(() => accounts.Get<IBus>().Publish(new MailboxUsageMeasured(AccountsService.Node, DateTimeOffset.UtcNow, known, asked.Message.RequestId)));
        }));

    /// <summary>The node has erased an account.</summary>
    public Task ErasedByNodeAsync(string accountId, string node = AccountsService.Node) => TellAsync(new MailboxErased(node, accountId, DateTimeOffset.UtcNow));

    /// <summary>The gateway has erased an account.</summary>
    public Task ErasedByGatewayAsync(string accountId) => TellAsync(new AccountErased(accountId, "gateway"));

    /// <summary>Everybody has erased an account.</summary>
    public async Task ErasedAsync(string accountId)
    {
        await ErasedByNodeAsync(accountId);
        await ErasedByGatewayAsync(accountId);
    }

    // In a flow of its own: the bus leaves its logger in the flow, which a service that is started again would find disposed.
    public Task TellAsync<T>(T message) where T : class => Task.Run(() => Accounts.Get<IBus>().Publish(message));

    /// <summary>Waits until a job is in a state.</summary>
    public Task<Reply> JobAsync(string location, string state, Caller? caller = null)
        => Eventually.Async(() => Accounts.GetAsync(location, caller), r => r.Body?["state"]?.GetValue<string>() == state, TimeSpan.FromSeconds(30));
}
