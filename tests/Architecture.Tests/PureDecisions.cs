using System.Reflection;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using Xunit;

namespace Hikyaku.Architecture.Tests;

/// <summary>What decides and what folds is pure: clock, chance and the world are gathered before and put into the command.</summary>
public class PureDecisions
{
    private static readonly string[] World =
    [
        "Marten", "JasperFx", "Weasel", "Npgsql", "MassTransit", "Microsoft.AspNetCore", "Microsoft.Extensions", "Microsoft.Data",
        "System.IO", "System.Net", "System.Data", "System.Security.Cryptography", "System.Diagnostics.Process", "System.Threading.Tasks",
    ];

    private static readonly string[] Impure =
    [
        "DateTime.get_Now", "DateTime.get_UtcNow", "DateTime.get_Today", "DateTimeOffset.get_Now", "DateTimeOffset.get_UtcNow",
        "Guid.NewGuid", "Guid.CreateVersion7", "Stopwatch.GetTimestamp", "Environment.get_TickCount", "Environment.get_TickCount64",
        "Environment.GetEnvironmentVariable", "Console.WriteLine",
    ];

    public static TheoryData<string> Planted =>
        [.. typeof(Planted.Impurities).GetNestedTypes(BindingFlags.NonPublic).Where(t => !Attribute.IsDefined(t, typeof(System.Runtime.CompilerServices.CompilerGeneratedAttribute))).Select(t => t.Name)];

    [Fact]
    public void Deciding_and_folding_touch_nothing_of_the_world()
    {
        var own = Repository.Deployables.Select(p => p.Assembly).Append(Repository.Platform).ToHashSet();
        var roots = own.SelectMany(a => a.GetTypes()).SelectMany(RootsOf).ToList();

        Assert.Contains(roots, r => r.Name == "Decide");
        Assert.Contains(roots, r => r.Name == "Evolve");
        Assert.Empty(roots.SelectMany(r => ImpuritiesOf(r, own)));
    }

    [Theory]
    [MemberData(nameof(Planted))]
    public void An_impurity_is_found(string type)
    {
        var planted = typeof(Planted.Impurities).GetNestedType(type, BindingFlags.NonPublic)!;

        Assert.NotEmpty(RootsOf(planted).SelectMany(r => ImpuritiesOf(r, new HashSet<Assembly> { planted.Assembly })));
    }

    [Fact]
    public void A_pure_decision_passes()
    {
        var root = Assert.Single(RootsOf(typeof(Planted.Pure)));

        Assert.Empty(ImpuritiesOf(root, new HashSet<Assembly> { root.Module.Assembly, typeof(Decision).Assembly }));
    }

    private static IEnumerable<MethodBase> RootsOf(Type type)
        => Instructions.MethodsOf(type).Where(m => m.IsStatic && !m.IsAbstract && m.Name is "Decide" or "Evolve");

    private static IEnumerable<string> ImpuritiesOf(MethodBase root, IReadOnlySet<Assembly> own)
        => from method in Instructions.Reachable(root, own)
           from named in Instructions.Of(method).Select(i => i.Member).Concat(method.GetParameters().Select(p => p.ParameterType))
           where IsImpure(named)
           select $"{root.DeclaringType}.{root.Name}, in {method.DeclaringType}.{method.Name}: {named.DeclaringType}.{named.Name}";

    private static bool IsImpure(MemberInfo named)
    {
        var type = named as Type ?? named.DeclaringType;
        if (type is null) return false;
        return World.Any(w => (type.Namespace + ".").StartsWith(w + ".", StringComparison.Ordinal) || type.FullName == w)
            || Impure.Contains($"{type.Name}.{named.Name}")
            || typeof(Random).IsAssignableFrom(type) || typeof(TimeProvider).IsAssignableFrom(type);
    }
}
