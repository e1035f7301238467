namespace Hikyaku.Platform.Testing;

/// <summary>What a broker may make of a sequence of messages.</summary>
public static class Orders
{
    /// <summary>Every order of some items.</summary>
    public static IEnumerable<IReadOnlyList<T>> Of<T>(IReadOnlyList<T> items)
    {
        ArgumentNullException.ThrowIfNull(items);
        return items.Count == 0 ? [[]] : items.SelectMany((item, i) => Of([.. items.Where((_, j) => j != i)]).Select(rest => (IReadOnlyList<T>)[item, .. rest]));
    }
}
