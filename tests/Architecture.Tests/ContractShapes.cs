using System.Reflection;
using System.Reflection.Emit;
using System.Text.RegularExpressions;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using Xunit;

namespace Hikyaku.Architecture.Tests;

/// <summary>What is told to others holds no secret; what only nodes may read stays on the bus that only nodes may read.</summary>
public partial class ContractShapes
{
    // All are within states, which only nodes may read.
    private static readonly string[] SecretsOfNodes = ["CopyGrantState.SecretHash", "DkimKey.PrivateKey", "MailboxState.PasswordHash"];

    // Twelve bits of a keyed hash of a password that was wrong (LoginObserved).
    private static readonly string[] Digests = ["LoginObserved.Password"];

    [Fact]
    public void No_contract_holds_a_secret()
    {
        var types = Contracts(Repository.Projects.Where(p => p.IsContracts).Select(p => p.Assembly)).ToList();

        Assert.NotEmpty(types);
        Assert.Equal(SecretsOfNodes, SecretsOf(types).Except(Digests).Order(StringComparer.Ordinal));
        Assert.Equal(["DomainState.Dkim"], types.SelectMany(t => t.GetProperties()).Where(p => p.PropertyType.Name == "DkimKey").Select(p => $"{p.DeclaringType!.Name}.{p.Name}"));
    }

    [Fact]
    public void A_secret_is_found()
        => Assert.Equal(["Login.AccessToken", "Login.PasswordHash", "Login.SecondFactorSecret"], SecretsOf([typeof(Login)]).Order(StringComparer.Ordinal));

    [Fact]
    public void Nodes_are_told_states_and_others_are_not()
    {
        var publishers = Repository.Deployables.SelectMany(p => p.Assembly.GetTypes()).Where(t => t.IsSubclassOf(typeof(Publisher))).ToList();

        Assert.NotEmpty(publishers.SelectMany(p => MadeIn(p, "NodeStatesAsync")));
        Assert.NotEmpty(publishers.SelectMany(p => MadeIn(p, "ToContracts")));
        Assert.Empty(publishers.SelectMany(MisdirectedBy));
    }

    [Fact]
    public void A_misdirected_contract_is_found()
        => Assert.Equal(["LetterState to others", "LetterTold to nodes"], MisdirectedBy(typeof(Planted.CarelessPublisher)).Order(StringComparer.Ordinal));

    [Fact]
    public void Only_publishers_have_the_nodes_bus()
        => Assert.Empty(Repository.Deployables.SelectMany(p => p.Assembly.GetTypes()).SelectMany(NodeBusIn));

    [Fact]
    public void Another_use_of_the_nodes_bus_is_found() => Assert.NotEmpty(NodeBusIn(typeof(Planted.Gossip)));

    private static IEnumerable<Type> Contracts(IEnumerable<Assembly> assemblies) => assemblies.SelectMany(a => a.GetExportedTypes());

    private static IEnumerable<string> SecretsOf(IEnumerable<Type> types)
        => types.SelectMany(t => t.GetProperties().Where(p => Secret().IsMatch(p.Name)).Select(p => $"{t.Name}.{p.Name}"));

    private static IEnumerable<string> MisdirectedBy(Type publisher)
        => MadeIn(publisher, "NodeStatesAsync").Where(n => !IsState(n)).Select(n => $"{n.Name} to nodes")
            .Concat(MadeIn(publisher, "ToContracts").Where(IsState).Select(n => $"{n.Name} to others"));

    private static bool IsState(Type contract) => contract.Name.EndsWith("State", StringComparison.Ordinal);

    private static IEnumerable<Type> MadeIn(Type publisher, string method)
    {
        var start = publisher.GetMethod(method, BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)!;
        return Instructions.Reachable(start, new HashSet<Assembly> { publisher.Assembly }).SelectMany(Instructions.Of)
            .Where(i => i.Code == OpCodes.Newobj).Select(i => i.Member.DeclaringType!)
            .Where(t => t.Namespace?.EndsWith(".Contracts", StringComparison.Ordinal) == true && t.GetProperty("Version") is not null).Distinct();
    }

    private static IEnumerable<string> NodeBusIn(Type type)
        => type.IsSubclassOf(typeof(Publisher))
            ? []
            : Instructions.MethodsOf(type).Where(m => m.GetParameters().Any(p => typeof(INodeBus).IsAssignableFrom(p.ParameterType))).Select(m => $"{type.FullName}.{m.Name}");

    [GeneratedRegex("Password|Passwd|Hash|Secret|Token|Credential|Salt|PrivateKey", RegexOptions.IgnoreCase)]
    private static partial Regex Secret();

    private sealed record Login(string Name, string Session, string PasswordHash, string AccessToken, string SecondFactorSecret);
}
