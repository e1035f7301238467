using k8s.Models;

namespace Hikyaku.Deploy.Tests;

/// <summary>Every server is watched, every pod says when it can serve, and what is missing for all copies at once takes none of them away.</summary>
internal static class Probes
{
    public static IEnumerable<V1Probe> Of(V1Container container) => new[] { container.StartupProbe, container.ReadinessProbe, container.LivenessProbe }.OfType<V1Probe>();

    public static IEnumerable<string> FaultsOf(Manifests manifests)
    {
        foreach (var workload in manifests.Workloads)
        {
            if (workload.Servers.All(c => c.ReadinessProbe is null)) yield return $"{workload.Name}: nobody says when it can serve";
            foreach (var container in workload.Servers)
            {
                var name = $"{workload.Name}/{container.Name}";
                if (container.LivenessProbe is null) yield return $"{name} has no liveness probe";
                if (container.LivenessProbe?.HttpGet?.Path == "/health/ready") yield return $"{name} would be killed while its database is away";
                // Its readiness says that it hears from the services: without them mail goes on.
                if (container.Name == "agent" && container.ReadinessProbe is not null) yield return $"{name} has a readiness probe: mail would stop with the broker";
                if (container.Name == "program" && container.ReadinessProbe?.HttpGet?.Path != "/health/live") yield return $"{name}: all copies would be taken away together";
                if (container.Name == "program" && container.StartupProbe?.HttpGet?.Path != "/health/ready") yield return $"{name}: a release that cannot work would replace one that does";
            }
        }
    }
}
