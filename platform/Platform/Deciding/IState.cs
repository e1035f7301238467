namespace Hikyaku.Platform;

/// <summary>The state of a stream: what its events add up to.</summary>
/// <typeparam name="TSelf">The state itself.</typeparam>
public interface IState<TSelf> where TSelf : class, IState<TSelf>
{
    /// <summary>Folds one event in. Pure.</summary>
    static abstract TSelf? Evolve(TSelf? state, object e);
}
