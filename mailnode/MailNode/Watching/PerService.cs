namespace Hikyaku.MailNode;

/// <summary>One <typeparamref name="T"/> for each service that owns a part; its constructor takes the <see cref="OwningService"/>.</summary>
public sealed class PerService<T>(IServiceProvider provider, OwningServices services) where T : class
{
    private readonly Dictionary<string, T> _all = services.All.ToDictionary(s => s.Name, s => ActivatorUtilities.CreateInstance<T>(provider, s), StringComparer.Ordinal);

    /// <summary>All of them.</summary>
    public IReadOnlyCollection<T> All => _all.Values;

    /// <summary>That of a service that owns a part.</summary>
    public T this[string service] => _all[service];
}
