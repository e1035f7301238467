using System.Collections.Concurrent;

namespace Hikyaku.Gateway.Routing;

/// <summary>
/// Values that are loaded once for all who ask at the same time and kept for a while. Neither 'not there' (null) nor a
/// failed load is kept. Age counts from the beginning of the load, so a value is never staler than it says.
/// </summary>
/// <param name="life">How long a value counts.</param>
/// <param name="capacity">The most entries; when it is reached an eighth goes, expired ones first.</param>
/// <param name="time">The clock.</param>
/// <param name="ahead">Whether a value that is asked for in the second half of its life is loaded anew, so that nobody waits for it.</param>
public sealed class ExpiringCache<TKey, TValue>(TimeSpan life, int capacity, TimeProvider time, bool ahead = false)
    where TKey : notnull
    where TValue : class
{
    private readonly ConcurrentDictionary<TKey, Entry> _entries = new();
    private readonly Lock _sweep = new();
    private readonly long _life = (long)(life.TotalSeconds * time.TimestampFrequency);
    private int _count;

    /// <summary>How many entries are held, expired ones included.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Answers the kept value, or loads it.</summary>
    public ValueTask<TValue?> GetAsync(TKey key, Func<TKey, Task<TValue?>> load)
    {
        while (true)
        {
            var now = time.GetTimestamp();
            if (_entries.TryGetValue(key, out var entry) && now < entry.ExpiresAt)
            {
                if (ahead && now >= entry.ExpiresAt - (_life / 2) && entry.IsFirstToRenew()) _ = RenewAsync(key, entry, new Entry(now + _life, () => load(key)));
                return new(entry.Value);
            }

            var fresh = new Entry(now + _life, () => load(key));
            if (entry is null ? !TryAdd(key, fresh) : !_entries.TryUpdate(key, fresh, entry)) continue; // somebody else began to load it
            return new(LoadAsync(key, fresh));
        }
    }

    /// <summary>Forgets a value at once; a load under way is not kept either.</summary>
    public void Remove(TKey key)
    {
        if (_entries.TryRemove(key, out _)) Interlocked.Decrement(ref _count);
    }

    /// <summary>Forgets everything at once.</summary>
    public void Clear()
    {
        foreach (var key in _entries.Keys) Remove(key);
    }

    private async Task<TValue?> LoadAsync(TKey key, Entry entry)
    {
        TValue? value = null;
        try
        {
            return value = await entry.Value;
        }
        finally
        {
            if (value is null && _entries.TryRemove(new(key, entry))) Interlocked.Decrement(ref _count);
        }
    }

    // An entry that was removed during the load is not stored again.
    private async Task RenewAsync(TKey key, Entry old, Entry fresh)
    {
        TValue? value;
        try
        {
            value = await fresh.Value;
        }
#pragma warning disable CA1031 // whatever it is: the old value counts to its end, and who asks then hears of it
        catch (Exception)
#pragma warning restore CA1031
        {
            return;
        }

        if (value is not null) _entries.TryUpdate(key, fresh, old);
        else if (_entries.TryRemove(new(key, old))) Interlocked.Decrement(ref _count);
    }

    private bool TryAdd(TKey key, Entry entry)
    {
        if (Count >= capacity) Sweep();
        if (!_entries.TryAdd(key, entry)) return false;
        Interlocked.Increment(ref _count);
        return true;
    }

    private void Sweep()
    {
        if (!_sweep.TryEnter()) return; // one is enough
        try
        {
            var now = time.GetTimestamp();
            var surplus = Count - (capacity - (capacity / 8) - 1);
            foreach (var (key, entry) in _entries.OrderBy(e => e.Value.ExpiresAt).ToList())
            {
                if (surplus <= 0 && entry.ExpiresAt > now) break;
                if (!_entries.TryRemove(new(key, entry))) continue;
                Interlocked.Decrement(ref _count);
                surplus--;
            }
        }
        finally
        {
            _sweep.Exit();
        }
    }

    private sealed class Entry(long expiresAt, Func<Task<TValue?>> load)
    {
        private readonly Lazy<Task<TValue?>> _value = new(load);
        private int _renewed;

        public long ExpiresAt => expiresAt;

        public Task<TValue?> Value => _value.Value;

        public bool IsFirstToRenew() => Interlocked.Exchange(ref _renewed, 1) == 0;
    }
}
