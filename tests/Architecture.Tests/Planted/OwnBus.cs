using MassTransit;
using Microsoft.Extensions.DependencyInjection;

namespace Hikyaku.Architecture.Tests.Planted;

internal static class OwnBus
{
    public static void Add(IServiceCollection services) => services.AddMassTransit(bus => bus.UsingRabbitMq());
}
