namespace Hikyaku.MailNode;

/// <summary>The parts of the replica, and the services that own them.</summary>
public sealed class Parts
{
    private readonly Dictionary<string, IPart> _byName;

    /// <summary>Takes them all; throws when two have the same contract name.</summary>
    public Parts(IEnumerable<IPart> parts)
    {
        _byName = parts.ToDictionary(p => p.Contract.Name, StringComparer.Ordinal);
        All = [.. _byName.Values.OrderBy(p => p.Contract.Name, StringComparer.Ordinal)];
        Services = [.. All.Select(p => p.Service).Distinct().Order(StringComparer.Ordinal)];
    }

    /// <summary>All of them, by name.</summary>
    public IReadOnlyList<IPart> All { get; }

    /// <summary>The services that own one, by name.</summary>
    public IReadOnlyList<string> Services { get; }

    /// <summary>The parts that this program brings: every class of it that is one.</summary>
    public static IEnumerable<IPart> OfThisProgram() => typeof(Parts).Assembly.GetTypes()
        .Where(t => !t.IsAbstract && t.IsAssignableTo(typeof(IPart))).Select(t => (IPart)Activator.CreateInstance(t)!);

    /// <summary>The parts of a service.</summary>
    public IReadOnlyList<IPart> OfService(string service) => [.. All.Where(p => p.Service == service)];

    /// <summary>The part whose contract has this name; null for one that a newer service has, which this version does not keep.</summary>
    public IPart? Named(string contract) => _byName.GetValueOrDefault(contract);

    /// <summary>The part of a state.</summary>
    public IPart Of(object state)
    {
        ArgumentNullException.ThrowIfNull(state);
        return Named(state.GetType().Name) is { } part && part.Contract == state.GetType() ? part
            : throw new ArgumentException($"{state.GetType().Name} is no state that a node keeps", nameof(state));
    }
}
