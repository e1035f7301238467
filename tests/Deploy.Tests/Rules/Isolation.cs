using k8s.Models;

namespace Hikyaku.Deploy.Tests;

/// <summary>Nothing is reachable that is not named.</summary>
internal static class Isolation
{
    public static IEnumerable<string> FaultsOf(Manifests manifests)
    {
        var policies = manifests.All<V1NetworkPolicy>().ToList();
        if (!policies.Any(p => IsOfAll(p) && IsOfBoth(p) && p.Spec.Ingress is null or [] && p.Spec.Egress is null or [])) yield return "there is no policy that denies everything";
        foreach (var workload in manifests.Workloads.Where(w => !policies.Any(p => !IsOfAll(p) && IsOfBoth(p) && Manifests.Matches(p.Spec.PodSelector.MatchLabels, w.Labels))))
            yield return $"{workload.Name} has no policy of its own";
        foreach (var policy in policies.Where(p => (p.Spec.Ingress ?? []).Any(i => i.FromProperty is null or [] || i.Ports is null or [])))
            yield return $"NetworkPolicy {policy.Metadata.Name} lets everybody in, or to all ports";
        foreach (var policy in policies.Where(p => !IsOfAll(p) && !Serves(p) && !manifests.Selected(p.Spec.PodSelector).Any())) yield return $"NetworkPolicy {policy.Metadata.Name} is about no pod";
        foreach (var policy in policies.Where(p => !Serves(p) && (p.Spec.Egress ?? []).Any(e => e.To is null or []))) yield return $"NetworkPolicy {policy.Metadata.Name} lets out to everywhere";
    }

    private static bool IsOfAll(V1NetworkPolicy policy) => policy.Spec.PodSelector is { MatchLabels: null or { Count: 0 }, MatchExpressions: null or [] };

    private static bool IsOfBoth(V1NetworkPolicy policy) => policy.Spec.PolicyTypes?.Order(StringComparer.Ordinal).SequenceEqual(["Egress", "Ingress"]) == true;

    // Pods of PostgreSQL and RabbitMQ, which operators make.
    private static bool Serves(V1NetworkPolicy policy) => policy.Spec.PodSelector.MatchLabels?.ContainsKey(Traffic.ServesLabel) == true;
}
