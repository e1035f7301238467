using k8s.Models;

namespace Hikyaku.Deploy.Tests;

/// <summary>Secrets, ConfigMaps, claims and accounts that pods ask for exist, or are on the list of what comes from outside. No Secret is in a manifest.</summary>
internal static class References
{
    public static IEnumerable<string> FaultsOf(Manifests manifests)
    {
        foreach (var secret in manifests.All<V1Secret>()) yield return $"Secret {secret.Metadata.Name} is in a manifest";
        foreach (var workload in manifests.Workloads)
        {
            if (manifests.All<V1ServiceAccount>().All(a => a.Metadata.Name != workload.Pod.ServiceAccountName)) yield return $"{workload.Name}: there is no ServiceAccount {workload.Pod.ServiceAccountName}";
            var volumes = (workload.Pod.Volumes ?? []).Select(v => v.Name).Concat(workload.ClaimTemplates).ToList();
            foreach (var (container, mount) in workload.AllContainers.SelectMany(c => (c.VolumeMounts ?? []).Select(m => (c.Name, Mount: m.Name))).Where(m => !volumes.Contains(m.Mount)))
                yield return $"{workload.Name}/{container}: there is no volume {mount}";
            foreach (var volume in volumes.Except(workload.AllContainers.SelectMany(c => c.VolumeMounts ?? []).Select(m => m.Name))) yield return $"{workload.Name}: nobody mounts {volume}";
            foreach (var claim in (workload.Pod.Volumes ?? []).Select(v => v.PersistentVolumeClaim?.ClaimName).Where(c => c is not null && manifests.All<V1PersistentVolumeClaim>().All(p => p.Metadata.Name != c)))
                yield return $"{workload.Name}: there is no claim {claim}";
            foreach (var (name, key) in ConfigsOf(workload))
            {
                var map = manifests.All<V1ConfigMap>().FirstOrDefault(c => c.Metadata.Name == name);
                if (map is null || (key is not null && !map.Data.ContainsKey(key))) yield return $"{workload.Name}: there is no {key ?? "value"} in a ConfigMap {WithoutHash(name)}";
            }

            foreach (var (name, key) in SecretsOf(workload).Where(s => !Has(manifests, s.Name, s.Key)).Distinct()) yield return $"{workload.Name}: the Secret {name} {key}".TrimEnd() + " is not on the list of what comes from outside";
        }

        foreach (var (kind, name, key) in SecretsOfCustoms(manifests).Where(s => !Has(manifests, s.Name, s.Key))) yield return $"{kind}: the Secret {name} {key} is not on the list of what comes from outside";
    }

    /// <summary>Every Secret that is asked for, with its key; null: all of its keys.</summary>
    public static IEnumerable<(string Name, string? Key)> SecretsOf(Workload workload)
    {
        foreach (var container in workload.AllContainers)
        {
            foreach (var source in container.EnvFrom ?? []) if (source.SecretRef is { } all) yield return (all.Name, null);
            foreach (var variable in container.Env ?? []) if (variable.ValueFrom?.SecretKeyRef is { } one) yield return (one.Name, one.Key);
        }

        foreach (var volume in workload.Pod.Volumes ?? [])
        {
            if (volume.Secret is { } whole) yield return (whole.SecretName, null);
            foreach (var part in volume.Projected?.Sources?.Select(s => s.Secret).OfType<V1SecretProjection>() ?? [])
                foreach (var item in part.Items) yield return (part.Name, item.Key);
        }
    }

    /// <summary>Those that operators read.</summary>
    public static IEnumerable<(string Kind, string Name, string Key)> SecretsOfCustoms(Manifests manifests)
        => manifests.Custom("Cluster").SelectMany(c => c.At("spec", "managed", "roles", "passwordSecret", "name").Select(n => ("Cluster", n, "password")))
            .Concat(manifests.Custom("User").SelectMany(u => u.At("spec", "importCredentialsSecret", "name").Select(n => ("User", n, "password"))))
            .Concat(manifests.Custom("Gateway").SelectMany(g => g.At("spec", "listeners", "tls", "certificateRefs", "name").Select(n => ("Gateway", n, "tls.crt"))));

    // Kustomize adds a hash of what is in it.
    private static string WithoutHash(string name) => name.LastIndexOf('-') is > 0 and var at ? name[..at] : name;

    private static bool Has(Manifests manifests, string name, string? key)
        => (manifests.Outside.TryGetValue(name, out var keys) && (key is null || keys.Contains(key)))
            || (key is null or "tls.crt" or "tls.key" && manifests.Custom("Certificate").SelectMany(c => c.At("spec", "secretName")).Contains(name));

    private static IEnumerable<(string Name, string? Key)> ConfigsOf(Workload workload)
        => workload.AllContainers.SelectMany(c => (c.EnvFrom ?? []).Where(e => e.ConfigMapRef is not null).Select(e => (e.ConfigMapRef.Name, (string?)null))
            .Concat((c.Env ?? []).Where(e => e.ValueFrom?.ConfigMapKeyRef is not null).Select(e => (e.ValueFrom.ConfigMapKeyRef.Name, (string?)e.ValueFrom.ConfigMapKeyRef.Key))))
            .Concat((workload.Pod.Volumes ?? []).Where(v => v.ConfigMap is not null).Select(v => (v.ConfigMap.Name, (string?)null)));
}
