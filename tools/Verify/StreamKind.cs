using System.Reflection;
using Hikyaku.Accounts.Storage;
using Hikyaku.Platform;
using Marten;

namespace Hikyaku.Verify;

/// <summary>One kind of stream: how its events fold, and the table of its snapshots. Found in the service's own types.</summary>
internal sealed class StreamKind
{
    private readonly Func<object?, object, object?> _evolve;

    private StreamKind(Type state, string snapshots, IReadOnlyCollection<Type> events, Func<object?, object, object?> evolve)
        => (State, Snapshots, Events, _evolve) = (state, snapshots, events, evolve);

    /// <summary>The state's type.</summary>
    public Type State { get; }

    /// <summary>The table.</summary>
    public string Snapshots { get; }

    /// <summary>The types of its events.</summary>
    public IReadOnlyCollection<Type> Events { get; }

    /// <summary>Every kind that the accounts service has.</summary>
    public static IReadOnlyList<StreamKind> All(IDocumentStore store)
        => [.. typeof(AccountsStore).Assembly.GetTypes().Where(IsState).Select(t => (StreamKind)MakeMethod.MakeGenericMethod(t).Invoke(null, [store])!)];

    /// <summary>Folds one event in; throws what the service's own code throws.</summary>
    public object? Evolve(object? state, object e) => _evolve(state, e);

    private static readonly MethodInfo MakeMethod = typeof(StreamKind).GetMethod(nameof(Make), BindingFlags.NonPublic | BindingFlags.Static)!;

    private static bool IsState(Type type)
        => type is { IsClass: true, IsAbstract: false } && type.GetInterfaces().Any(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IState<>));

    private static StreamKind Make<TState>(IDocumentStore store) where TState : class, IState<TState>
    {
        var events = (Type[]?)typeof(TState).GetField("Events")?.GetValue(null) ?? throw new InvalidOperationException($"{typeof(TState)} does not name its events");
        var table = store.Options.FindOrResolveDocumentType(typeof(TState)).TableName.Name;
        return new(typeof(TState), table, events, (state, e) => TState.Evolve((TState?)state, e));
    }
}
