using k8s.Models;

namespace Hikyaku.Deploy.Tests;

/// <summary>A machine that is emptied, a zone that fails and a new release take away one copy at most, and in order.</summary>
internal static class Disruption
{
    private const int ShortestGraceSeconds = 30;

    public static IEnumerable<string> FaultsOf(Manifests manifests)
    {
        foreach (var workload in manifests.Workloads)
        {
            var budgets = manifests.All<V1PodDisruptionBudget>().Where(b => manifests.Selected(b.Spec.Selector).Contains(workload)).ToList();
            if (budgets.Count != 1) yield return $"{workload.Name} has {budgets.Count} PodDisruptionBudgets";
            // With one copy minAvailable would keep a machine from being emptied for ever.
            if (budgets.Any(b => b.Spec.MaxUnavailable?.Value != "1")) yield return $"{workload.Name}: its budget is not one copy at a time";
            if (workload.Pod.TopologySpreadConstraints?.Any(c => c.TopologyKey == "kubernetes.io/hostname") != true) yield return $"{workload.Name}: all copies may be on one machine";
            if (workload.Pod.TopologySpreadConstraints?.Any(c => c.TopologyKey == "topology.kubernetes.io/zone") != true) yield return $"{workload.Name}: all copies may be in one zone";
            if (workload.Pod.TerminationGracePeriodSeconds is null or < ShortestGraceSeconds) yield return $"{workload.Name} has too little time to end";
        }

        foreach (var budget in manifests.All<V1PodDisruptionBudget>().Where(b => manifests.Selected(b.Spec.Selector).Count() != 1)) yield return $"PodDisruptionBudget {budget.Metadata.Name} does not select one workload";
        foreach (var deployment in manifests.All<V1Deployment>())
        {
            if (deployment.Spec.Strategy?.RollingUpdate is not { MaxUnavailable.Value: "0", MaxSurge.Value: "1" }) yield return $"{deployment.Metadata.Name}: a release takes a copy away before there is a new one";
            foreach (var container in deployment.Spec.Template.Spec.Containers.Where(c => c.Lifecycle?.PreStop?.Sleep is not { Seconds: > 0 })) yield return $"{deployment.Metadata.Name}/{container.Name} ends while requests still come";
        }

        foreach (var set in manifests.All<V1StatefulSet>())
        {
            if (set.Spec.PersistentVolumeClaimRetentionPolicy is not { WhenDeleted: "Retain", WhenScaled: "Retain" }) yield return $"{set.Metadata.Name}: volumes are deleted with their pods";
        }
    }
}
