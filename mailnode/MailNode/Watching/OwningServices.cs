namespace Hikyaku.MailNode;

/// <summary>A service that owns parts of the replica, as the node knows it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Parts">Its parts.</param>
/// <param name="Client">Asks and tells it.</param>
public sealed record OwningService(string Name, IReadOnlyList<IPart> Parts, ServiceClient Client)
{
    /// <summary>The one that registers and retires nodes.</summary>
    public const string OfMembership = "accounts";

    /// <summary>What its clock shows.</summary>
    public ServiceClock Clock { get; } = new();

    /// <summary>What comparing with it has found.</summary>
    public DriftSeen Drift { get; } = new();
}

/// <summary>The services that own parts of the replica. Each has its own list, lease and comparison: none waits for another.</summary>
public sealed class OwningServices : IDisposable
{
    /// <summary>Finds them; throws when the settings do not say where one answers.</summary>
    public OwningServices(NodeSettings settings, Parts parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        All = [.. parts.Services.Select(name => new OwningService(name, parts.OfService(name), new ServiceClient(settings, name)))];
    }

    /// <summary>All of them, by name.</summary>
    public IReadOnlyList<OwningService> All { get; }

    /// <summary>The one of this name; null when it owns no part that this version keeps.</summary>
    public OwningService? Named(string name) => All.FirstOrDefault(s => s.Name == name);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var service in All) service.Client.Dispose();
    }
}
