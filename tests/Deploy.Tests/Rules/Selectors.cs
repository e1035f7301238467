using k8s.Models;

namespace Hikyaku.Deploy.Tests;

/// <summary>Whoever selects pods selects some: those that are meant.</summary>
internal static class Selectors
{
    public static IEnumerable<string> FaultsOf(Manifests manifests)
    {
        foreach (var twice in manifests.Objects.GroupBy(o => $"{o.Kind} {o.Metadata.Name}").Where(g => g.Count() > 1)) yield return $"{twice.Key} is there twice";
        foreach (var workload in manifests.Workloads)
        {
            if (!Manifests.Matches(workload.Selector.MatchLabels, workload.Labels)) yield return $"{workload.Name}: the selector differs from the pods' labels";
            if (manifests.Workloads.Any(other => other != workload && Manifests.Matches(workload.Selector.MatchLabels, other.Labels)))
                yield return $"{workload.Name}: the selector takes pods of others, too";
            if (workload.Pod.TopologySpreadConstraints?.Any(c => !Manifests.Matches(c.LabelSelector?.MatchLabels, workload.Labels)) == true)
                yield return $"{workload.Name}: spreads other pods";
        }

        foreach (var service in manifests.All<V1Service>().Where(s => manifests.Selected(s.Spec.Selector).Count() != 1))
            yield return $"Service {service.Metadata.Name} does not select one workload";
        foreach (var set in manifests.All<V1StatefulSet>().Where(s => manifests.All<V1Service>().All(x => x.Metadata.Name != s.Spec.ServiceName || x.Spec.ClusterIP != "None")))
            yield return $"{set.Metadata.Name}: {set.Spec.ServiceName} is no headless Service";
        foreach (var scaler in manifests.All<V2HorizontalPodAutoscaler>().Where(a => manifests.Find(a.Spec.ScaleTargetRef.Name) is not { Replicas: null }))
            yield return $"HorizontalPodAutoscaler {scaler.Metadata.Name}: there is no such workload, or it has a number of its own";
    }
}
