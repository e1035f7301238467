using System.Text.RegularExpressions;
using k8s.Models;

namespace Hikyaku.Deploy.Tests;

/// <summary>A value that names another variable, <c>$(NAME)</c>, finds it: Kubernetes leaves an unknown name as it stands, and knows only what comes before.</summary>
internal static partial class Variables
{
    public static IEnumerable<string> FaultsOf(Manifests manifests)
        => from workload in manifests.Workloads
           from container in workload.AllContainers
           from fault in FaultsOf(container, manifests)
           select $"{workload.Name}/{container.Name}: {fault}";

    private static IEnumerable<string> FaultsOf(V1Container container, Manifests manifests)
    {
        var known = manifests.All<V1ConfigMap>().Where(m => (container.EnvFrom ?? []).Any(e => e.ConfigMapRef?.Name == m.Metadata.Name)).SelectMany(m => m.Data.Keys).ToHashSet();
        foreach (var variable in container.Env ?? [])
        {
            foreach (var name in Named(variable.Value).Where(n => !known.Contains(n))) yield return $"{variable.Name} names {name}, which is not known there";
            if (known.Contains(variable.Name)) yield return $"{variable.Name} is there twice";
            known.Add(variable.Name);
        }

        foreach (var name in (container.VolumeMounts ?? []).SelectMany(m => Named(m.SubPathExpr)).Where(n => !known.Contains(n))) yield return $"a volume names {name}, which is not known there";
    }

    private static IEnumerable<string> Named(string? value) => Reference().Matches(value ?? "").Select(m => m.Groups[1].Value);

    [GeneratedRegex(@"\$\(([A-Za-z0-9_]+)\)")]
    private static partial Regex Reference();
}
