using System.Reflection;
using Hikyaku.Platform.Testing;
using Xunit;

namespace Hikyaku.Architecture.Tests;

/// <summary>
/// Every bus is one that the platform has set up (Bus.cs): it refuses queues that are not called after their program, so that
/// two services with consumers of the same name never share a queue.
/// </summary>
public class Buses
{
    private static readonly string[] SettingUp = ["AddMassTransit", "CreateUsingRabbitMq", "UsingRabbitMq"];

    [Fact]
    public void Only_the_platform_sets_up_buses()
        => Assert.Empty(Repository.Deployables.SelectMany(p => p.Assembly.GetTypes()).SelectMany(SetUpBy));

    [Fact]
    public void A_bus_of_somebodys_own_is_found() => Assert.NotEmpty(SetUpBy(typeof(Planted.OwnBus)));

    private static IEnumerable<string> SetUpBy(Type type)
        => Instructions.MethodsOf(type).SelectMany(Instructions.Of).Select(i => i.Member).OfType<MethodBase>()
            .Where(m => SettingUp.Contains(m.Name) && m.DeclaringType!.Namespace!.StartsWith("MassTransit", StringComparison.Ordinal))
            .Select(m => $"{type.FullName} calls {m.Name}");
}
