using Hikyaku.Architecture.Tests.Planted.Contracts;
using Hikyaku.Platform;
using JasperFx.Events;
using Marten;
using MassTransit;

namespace Hikyaku.Architecture.Tests.Planted
{
    internal sealed class CarelessPublisher(IBus bus, INodeBus nodes) : Publisher("letters", bus, nodes)
    {
        protected override IEnumerable<object> ToContracts(IEvent e, IReadOnlyList<object> states) => [e.Version > 1 ? new LetterTold(e.Version) : StateOf(e)];

        protected override async Task<IReadOnlyList<NodeStateChange>> NodeStatesAsync(IReadOnlyList<IEvent> page, IQuerySession session, CancellationToken stop)
        {
            await Task.Yield();
            return [.. page.Select(e => new NodeStateChange(e.Version > 1 ? new LetterTold(e.Version) : new LetterState(e.Version), e))];
        }

        private static LetterState StateOf(IEvent e) => new(e.Version);
    }

    internal sealed class Gossip(INodeBus nodes)
    {
        public Task TellAsync() => nodes.Publish(new LetterTold(1));
    }
}

namespace Hikyaku.Architecture.Tests.Planted.Contracts
{
    internal sealed record LetterTold(long Version);

    internal sealed record LetterState(long Version);
}
