using System.Text.RegularExpressions;
using k8s.Models;

namespace Hikyaku.Deploy.Tests;

/// <summary>Ports are there by the names that Services, probes and network policies call them.</summary>
internal static partial class Ports
{
    public static IEnumerable<string> FaultsOf(Manifests manifests)
    {
        foreach (var workload in manifests.Workloads)
        {
            foreach (var port in workload.Ports.Where(p => p.ContainerPort is < 1 or > 65535 || !Name().IsMatch(p.Name ?? ""))) yield return $"{workload.Name}: {port.Name} {port.ContainerPort} is no port";
            foreach (var twice in Twice(workload.Ports.Select(p => p.Name)).Concat(Twice(workload.Ports.Select(p => $"{p.ContainerPort}")))) yield return $"{workload.Name}: port {twice} is there twice";
            foreach (var container in workload.Servers)
            {
                var own = (container.Ports ?? []).Select(p => p.Name).ToList();
                foreach (var port in Probes.Of(container).Select(p => (p.HttpGet?.Port ?? p.TcpSocket?.Port)?.Value).Distinct().Where(p => p is not null && !own.Contains(p)))
                    yield return $"{workload.Name}/{container.Name}: a probe asks port {port}, which it does not have";
            }
        }

        foreach (var service in manifests.All<V1Service>())
        {
            foreach (var port in service.Spec.Ports.Where(p => p.Port is < 1 or > 65535)) yield return $"Service {service.Metadata.Name}: {port.Port} is no port";
            foreach (var port in service.Spec.Ports.Where(p => manifests.Selected(service.Spec.Selector).Any(w => w.Ports.All(c => c.Name != p.TargetPort?.Value))))
                yield return $"Service {service.Metadata.Name}: its pods have no port {port.TargetPort?.Value}";
        }

        foreach (var policy in manifests.All<V1NetworkPolicy>())
        {
            var faults = (policy.Spec.Ingress ?? []).SelectMany(i => Missing(i.Ports, manifests.Selected(policy.Spec.PodSelector)))
                .Concat((policy.Spec.Egress ?? []).SelectMany(e => (e.To ?? []).Where(t => t.PodSelector is not null).SelectMany(t => Missing(e.Ports, manifests.Selected(t.PodSelector)))));
            foreach (var port in faults.Distinct()) yield return $"NetworkPolicy {policy.Metadata.Name}: there is no port {port}";
        }

        foreach (var route in manifests.Custom("HTTPRoute"))
        {
            foreach (var (name, port) in route.At("spec", "rules", "backendRefs", "name").Zip(route.At("spec", "rules", "backendRefs", "port")))
            {
                if (!manifests.All<V1Service>().Any(s => s.Metadata.Name == name && s.Spec.Ports.Any(p => $"{p.Port}" == port))) yield return $"HTTPRoute {route.Name}: there is no Service {name} with port {port}";
            }
        }
    }

    private static IEnumerable<string> Missing(IList<V1NetworkPolicyPort>? ports, IEnumerable<Workload> pods)
        => from pod in pods
           from port in ports ?? []
           where !int.TryParse(port.Port?.Value, out _) && pod.Ports.All(p => p.Name != port.Port?.Value)
           select $"{port.Port?.Value} at {pod.Name}";

    private static IEnumerable<string?> Twice(IEnumerable<string?> values) => values.GroupBy(v => v).Where(g => g.Count() > 1).Select(g => g.Key);

    [GeneratedRegex("^(?=.{1,15}$)[a-z0-9]*[a-z][a-z0-9]*(-[a-z0-9]+)*$")]
    private static partial Regex Name();
}
