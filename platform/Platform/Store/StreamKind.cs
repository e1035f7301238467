using Marten;

namespace Hikyaku.Platform;

/// <summary>A kind of stream that a service has: its events, and how they fold.</summary>
public interface IStreamKind
{
    /// <summary>The state's type.</summary>
    Type State { get; }

    /// <summary>The types of its events.</summary>
    IReadOnlyCollection<Type> Events { get; }

    /// <summary>Folds one event in; throws what the service's own code throws.</summary>
    object? Evolve(object? state, object e);

    /// <summary>Makes the snapshot of a stream anew from its events.</summary>
    Task RefreshAsync(IDocumentStore store, string stream, CancellationToken stop);

    /// <summary>The table of its snapshots.</summary>
    string TableIn(IDocumentStore store)
    {
        ArgumentNullException.ThrowIfNull(store);
        return store.Options.FindOrResolveDocumentType(State).TableName.Name;
    }

    /// <summary>Every kind that a service has: those with a <see cref="SnapshotOf{TState}"/>.</summary>
    static IReadOnlyList<IStreamKind> AllOf(IDocumentStore store)
    {
        ArgumentNullException.ThrowIfNull(store);
        return [.. ((DocumentStore)store).Options.Projections.All.OfType<IStreamKind>()];
    }
}
