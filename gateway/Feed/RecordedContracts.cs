using System.Reflection;
using System.Runtime.Loader;
using System.Text.Json;
using Hikyaku.Contracts;

namespace Hikyaku.Feed;

/// <summary>
/// What the feed records: every domain event that a service publishes, which is every contract with the mark
/// <see cref="IDomainEvent"/> in an assembly <c>*.Contracts</c> beside the program. So a new service needs no change here.
/// </summary>
public static class RecordedContracts
{
    /// <summary>All of them, by assembly and in the order in which they are declared there.</summary>
    public static readonly IReadOnlyList<Type> All =
    [
        .. Directory.EnumerateFiles(AppContext.BaseDirectory, "*.Contracts.dll").Order(StringComparer.Ordinal)
            .Select(file => AssemblyLoadContext.Default.LoadFromAssemblyPath(file)).SelectMany(EventsOf),
    ];

    /// <summary>The names that can be asked for.</summary>
    public static readonly IReadOnlySet<string> Names = All.Select(NameOf).ToHashSet(StringComparer.Ordinal);

    /// <summary>A contract's name in the feed, which is the stored event's without its version: <c>accounts.mail-account-created</c>.</summary>
    public static string NameOf(Type contract)
    {
        ArgumentNullException.ThrowIfNull(contract);
        return $"{ServiceOf(contract)}.{JsonNamingPolicy.KebabCaseLower.ConvertName(contract.Name)}";
    }

    /// <summary>The service that publishes a contract: <c>Hikyaku.DataCopy.Contracts</c> are those of <c>datacopy</c>, as stored events are named.</summary>
    public static string ServiceOf(Type contract)
    {
        ArgumentNullException.ThrowIfNull(contract);
        return contract.Namespace!.Split('.')[1].ToLowerInvariant();
    }

    /// <summary>The domain events among an assembly's public types.</summary>
    public static IEnumerable<Type> EventsOf(Assembly contracts)
    {
        ArgumentNullException.ThrowIfNull(contracts);
        return contracts.GetExportedTypes().Where(t => t is { IsClass: true, IsAbstract: false } && t.IsAssignableTo(typeof(IDomainEvent))).OrderBy(t => t.MetadataToken);
    }
}
