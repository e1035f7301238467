using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

/// <summary>A whole list of a service.</summary>
/// <param name="Service">The service.</param>
/// <param name="States">The states.</param>
/// <param name="Position">They cover all events up to this.</param>
/// <param name="UpTo">And none after this.</param>
/// <param name="Begun">When the list was asked for, by this machine's clock.</param>
public sealed record ServiceList(string Service, IReadOnlyList<object> States, long Position, long UpTo, DateTimeOffset Begun);

/// <summary>
/// Writes lists into the replica. Where there is none, a list waits until those of all services are there, and then they make
/// one: a replica that lacked a part would let through what that part forbids (docs/decisions/0025).
/// </summary>
public sealed class Lists(Replica replica, ReplicaRows rows, OwningServices services, TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1);
    private readonly Dictionary<string, ServiceList> _waiting = new(StringComparer.Ordinal);

    /// <summary>Whether a service's list waits for those of others.</summary>
    public bool Waits(string service)
    {
        lock (_waiting) return _waiting.ContainsKey(service);
    }

    /// <summary>Writes a list; false when it waits for those of other services instead.</summary>
    public async Task<bool> WriteAsync(ServiceList list, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(list);
        await _turn.WaitAsync(stop);
        try
        {
            // Must not wait for a replica: only this method makes one.
            if ((await replica.TryWriteAsync(r => Write(r, list), stop)).Done) return true;
            lock (_waiting) _waiting[list.Service] = list;
            if (_waiting.Count < services.All.Count) return false;
            await replica.ReplaceAsync(
                r =>
                {
                    foreach (var waiting in _waiting.Values) Write(r, waiting);
                }, stop);
            lock (_waiting) _waiting.Clear();
            return true;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    private bool Write(SqliteConnection r, ServiceList list)
    {
        rows.List(r, list.Service, list.States, list.Position, time.GetUtcNow());
        Progress.SetCurrentAsOf(r, list.Service, list.Begun);
        return true;
    }
}
