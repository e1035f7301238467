namespace Hikyaku.Gateway.SigningIn;

/// <summary>
/// Which different things were tried under a key within a window: wrong passwords of a login from a network, failing logins of
/// a network. A repeated one counts once, by its newest time. Not thread-safe.
/// </summary>
/// <param name="window">How long a try counts.</param>
/// <param name="capacity">The most keys; when it is reached the eighth that rested longest is forgotten.</param>
internal sealed class DistinctTries<TKey, TItem>(TimeSpan window, int capacity)
    where TKey : notnull
    where TItem : notnull
{
    private readonly Dictionary<TKey, Dictionary<TItem, DateTimeOffset>> _tries = [];

    /// <summary>How many count now.</summary>
    public int Count(TKey key, DateTimeOffset now)
    {
        if (!_tries.TryGetValue(key, out var items)) return 0;
        foreach (var (item, at) in items)
        {
            if (at + window <= now) items.Remove(item);
        }

        if (items.Count == 0) _tries.Remove(key);
        return items.Count;
    }

    /// <summary>How long until one more fits; only when something counts.</summary>
    public TimeSpan Wait(TKey key, DateTimeOffset now) => _tries[key].Values.Min() + window - now;

    /// <summary>Counts a try.</summary>
    /// <returns>Whether it was not counted already.</returns>
    public bool Add(TKey key, TItem item, DateTimeOffset now)
    {
        if (!_tries.TryGetValue(key, out var items))
        {
            if (_tries.Count >= capacity) Forget();
            _tries[key] = items = [];
        }

        var isNew = !items.ContainsKey(item);
        items[item] = now;
        return isNew;
    }

    /// <summary>No longer counts a try.</summary>
    public void Remove(TKey key, TItem item)
    {
        if (_tries.TryGetValue(key, out var items) && items.Remove(item) && items.Count == 0) _tries.Remove(key);
    }

    /// <summary>No longer counts anything under a key.</summary>
    public void Clear(TKey key) => _tries.Remove(key);

    private void Forget()
    {
        foreach (var key in _tries.OrderBy(t => t.Value.Values.Max()).Take((capacity / 8) + 1).Select(t => t.Key).ToList()) _tries.Remove(key);
    }
}
