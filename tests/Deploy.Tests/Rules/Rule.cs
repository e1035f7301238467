namespace Hikyaku.Deploy.Tests;

/// <summary>What Kubernetes would refuse, or would do other than meant. Each rule names the faults that it finds.</summary>
internal static class Rule
{
    /// <summary>Of any manifests.</summary>
    public static readonly IReadOnlyList<Func<Manifests, IEnumerable<string>>> OfEverything =
        [Selectors.FaultsOf, Ports.FaultsOf, References.FaultsOf, Variables.FaultsOf, Probes.FaultsOf, Resources.FaultsOf, Security.FaultsOf, Disruption.FaultsOf, Isolation.FaultsOf];

    /// <summary>Of the platform's, which has the programs of <c>deploy/services.tsv</c>.</summary>
    public static readonly IReadOnlyList<Func<Manifests, IEnumerable<string>>> OfThePlatform = [Programs.FaultsOf, Traffic.FaultsOf];
}
